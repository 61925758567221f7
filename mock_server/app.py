"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import time
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.fixtures import build, users
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.console.routes import console
from waldur_billing_mock.mock_server.operations.registry import bind, remember
from waldur_billing_mock.mock_server.settings import CACHE, DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin
from waldur_billing_mock.mock_server.web.request_log import RequestLog
from waldur_billing_mock.mock_server.world_file import load, read
from waldur_billing_mock.openapi.document import Node


def create_stage(settings: Settings, tell: Callable[[World, Month], None] | None = None) -> Stage:
    """The stage with the world that the settings ask for. Raises `ScenarioError`, or `WorldFileError` for a file.

    `tell` is called after each month of a world that is simulated.
    """
    if settings.world is not None:
        text = read(settings.world)
        return Stage(lambda: load(text))
    return Stage(lambda: build(settings.scenario, seed=settings.seed, now=settings.now, size=settings.size, tell=tell))


def create_app(settings: Settings, stage: Stage, write: Callable[[str], object] | None = None) -> Starlette:
    """The whole server; `write` takes a line for every request. Raises `DocumentError` where the parts do not agree."""
    document = described(DESCRIPTION, CACHE, settings.revision, wire=settings.wire)
    # The API knows its own addresses, and what to say of all others.
    api = CrossOrigin(_api(document, stage))
    middleware = [Middleware(_PastTheRoutes, api=api)]
    if write is not None:
        as_json = settings.log_format == "json"
        middleware.insert(0, Middleware(RequestLog, write=write, clock=time.perf_counter, as_json=as_json))
    routes = [console(stage, document, users), Route("/", lambda request: RedirectResponse("/_mock/"))]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={500: _server_error})
    app.router.default = api
    return app


class _PastTheRoutes:
    """ASGI middleware: requests to the API pass the routes by, which lead to pages only and cost half of an answer."""

    def __init__(self, app: ASGIApp, *, api: ASGIApp) -> None:
        self._app: Final = app
        self._api: Final = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks_the_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await (self._api if asks_the_api else self._app)(scope, receive, send)


def create_default_app(**settings: Any) -> Starlette:
    """A server with a world of its own for use within a process; the arguments are fields of `Settings`."""
    chosen = Settings(**settings)
    return create_app(chosen, create_stage(chosen))


def _api(document: Node, stage: Stage) -> Api[User]:
    def find_user(token: str) -> User | None:
        return next(iter(stage.world.users.where("token", token)), None)

    functions = bind(document, lambda: stage.world)
    return Api(
        document,
        functions,
        find_user,
        lambda uuid: stage.world.users.get(uuid),
        remember,
        lambda: (stage.world, stage.world.changes),
    )


def _server_error(request: Request, error: Exception) -> Response:
    return HTMLResponse(problems.server_error().body, 500)
