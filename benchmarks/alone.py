"""The API without the control plane around it: no sessions, journal, faults, events and counters. See `control.py`."""

import gc
import sys
from contextlib import AbstractContextManager, nullcontext

import uvicorn
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.registry import bind
from waldur_billing_mock.mock_server.operations.rendered import cached_texts
from waldur_billing_mock.mock_server.serve import listen
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.mock_server.start_world import create_stage
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin
from waldur_billing_mock.mock_server.web.request import Request


def application(settings: Settings) -> ASGIApp:
    """Answers reading requests as the mock does."""
    world = create_stage(settings).world
    document = described(DESCRIPTION, settings.cache, settings.revision, wire=settings.wire)

    def begin(request: Request) -> AbstractContextManager[World]:
        return nullcontext(world)

    api = Api(
        document,
        bind(document),
        begin,
        find_user=lambda world, token: world.users.first(token=token),
        find_user_by_uuid=lambda world, uuid: world.users.get(uuid),
        texts_of=cached_texts,
        limits=settings.limits,
    )
    return ServerErrorMiddleware(CrossOrigin(api))


def main(port: int) -> None:
    """Serves the default world with the settings of the mock."""
    settings = Settings()
    with listen("127.0.0.1", port) as listener:
        gc.freeze()
        uvicorn.Server(uvicorn_config(application(settings), settings.limits)).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
