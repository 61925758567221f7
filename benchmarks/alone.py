"""The API without the control plane around it: no sessions, journal, faults and events. See `control.py`."""

import gc
import sys
import time
from typing import Final

import uvicorn
from starlette.types import Receive, Scope, Send

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.tokens import user_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import CACHED_TEXTS
from waldur_billing_mock.mock_server.serve import listen
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.routing import answered_by


def application(settings: Settings) -> "Counted":
    """Answers as the mock does."""
    stage = create_stage(settings)
    document = described(DESCRIPTION, settings.cache, settings.revision, wire=settings.wire)
    api = Api(
        document,
        bind(document),
        worlds_of=lambda scope: stage,
        find_user=user_of,
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts=CACHED_TEXTS,
        limits=settings.limits,
    )
    return Counted(api, stage)


class Counted:
    """ASGI application: answers any request and counts the answers for Prometheus, which cannot be switched off."""

    def __init__(self, api: Api[World, User], stage: Stage) -> None:
        self._api: Final = api
        self._stage: Final = stage
        self._metrics: Final = Metrics({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self.at_once(scope)
        if answer is None:
            begun = time.perf_counter()
            written = await self._api.write(Request(scope, receive), self._stage)
            if written is None:
                return
            answer = shared(written)
            self._count(scope, answer, time.perf_counter() - begun)
        await answer(scope, receive, send)

    def at_once(self, scope: Scope) -> Reply | None:
        """The answer to a GET."""
        if scope["method"] != "GET":
            return None
        begun = time.perf_counter()
        reply = shared(self._api.read(Request(scope), self._stage))
        self._count(scope, reply, time.perf_counter() - begun)
        return reply

    def _count(self, scope: Scope, reply: Reply, seconds: float) -> None:
        self._metrics.count((answered_by(scope), scope["method"], reply.status), seconds)


def main(port: int) -> None:
    """Serves the default world with the settings of the mock."""
    settings = Settings()
    with listen("127.0.0.1", port) as listener:
        app = application(settings)
        gc.freeze()
        uvicorn.Server(uvicorn_config(app, settings.limits, at_once=app.at_once)).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
