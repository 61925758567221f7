"""The API without the control plane around it: no sessions, journal, faults and events. See `control.py`."""

import gc
import sys
import time
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

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
from waldur_billing_mock.mock_server.web.connection import send_whole, uvicorn_config
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.routing import MATCH, Match


def application(settings: Settings) -> ASGIApp:
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
        request = Request(scope, receive)
        method = request.method
        reply = None
        begun = time.perf_counter()
        try:
            if method == "GET":
                reply = self._api.read(request, self._stage)
            else:
                reply = await self._api.write(request, self._stage)
            if reply is not None:
                answer = shared(reply)
                if not send_whole(scope, answer):
                    await answer(scope, receive, send)
        finally:
            seconds = time.perf_counter() - begun
            match: Match | None = scope.get(MATCH)
            name = None if match is None else match.route.operation_ids.get(method)
            self._metrics.count((name, method, 500 if reply is None else reply.status), seconds)


def main(port: int) -> None:
    """Serves the default world with the settings of the mock."""
    settings = Settings()
    with listen("127.0.0.1", port) as listener:
        gc.freeze()
        uvicorn.Server(uvicorn_config(application(settings), settings.limits)).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
