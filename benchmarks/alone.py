"""The API without the control plane around it: no sessions, journal, faults and events. See `control.py`."""

import gc
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.mock_server.billing.tokens import user_of
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import CACHED_TEXTS
from waldur_billing_mock.mock_server.serve import listen
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.connection import send_whole, uvicorn_config
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.routing import MATCH


def application(settings: Settings) -> ASGIApp:
    """Answers reading requests as the mock does."""
    world = create_stage(settings).world
    document = described(DESCRIPTION, settings.cache, settings.revision, wire=settings.wire)
    api = Api(
        document,
        bind(document),
        world_of=lambda scope: world,
        begin=lambda scope: nullcontext(world),
        find_user=user_of,
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts=CACHED_TEXTS,
        limits=settings.limits,
    )
    return Counted(api.read)


class Counted:
    """ASGI application: answers reads and counts the answers for Prometheus, which cannot be switched off."""

    def __init__(self, read: Callable[[Scope, Receive], Reply]) -> None:
        self._read: Final = read
        self._metrics: Final = Metrics({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        reply = self._read(scope, receive)
        answer = shared(reply)
        if not send_whole(scope, answer):
            await answer(scope, receive, send)
        seconds = time.perf_counter() - begun
        operation = scope[MATCH].route.operations["GET"]
        self._metrics.count((operation.operation_id, "GET", reply.status), seconds)


def main(port: int) -> None:
    """Serves the default world with the settings of the mock."""
    settings = Settings()
    with listen("127.0.0.1", port) as listener:
        gc.freeze()
        uvicorn.Server(uvicorn_config(application(settings), settings.limits)).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
