"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import sys
import time
from collections.abc import Iterator

from fixtures import build, users
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from mock_server.billing.structure import User
from mock_server.console.routes import console
from mock_server.operations.registry import bind
from mock_server.settings import DESCRIPTION, Settings
from mock_server.spec.document import Node, bundle
from mock_server.stage import Stage
from mock_server.web import problems, reply
from mock_server.web.api import Api
from mock_server.web.cross_origin import CrossOrigin
from mock_server.web.request_log import RequestLog


def create_stage(settings: Settings) -> Stage:
    """The stage with the world that the settings ask for. Raises the errors of `fixtures.build`."""
    return Stage(lambda: build(settings.scenario, seed=settings.seed, now=settings.now, size=settings.size))


def create_app(settings: Settings, stage: Stage | None = None) -> Starlette:
    """The whole server. Raises `DocumentError` where the description and the operations do not agree."""
    document = bundle(DESCRIPTION)
    stage = stage or create_stage(settings)
    return Starlette(
        routes=list(_routes(document, stage)),
        middleware=[
            Middleware(
                RequestLog,
                write=lambda line: print(line, file=sys.stderr, flush=True),
                clock=time.perf_counter,
                as_json=settings.log_format == "json",
            )
        ],
        exception_handlers={500: _server_error},
    )


def _routes(document: Node, stage: Stage) -> Iterator[BaseRoute]:
    def find_user(token: str) -> User | None:
        return next(iter(stage.world.users.where("token", token)), None)

    yield console(stage, document, users)
    yield Route("/", lambda request: RedirectResponse("/_mock/"))
    yield Mount("/", app=CrossOrigin(Api(document, bind(document, lambda: stage.world), find_user)))


def _server_error(request: Request, error: Exception) -> Response:
    return reply.refusal(problems.server_error(), {})
