"""The composition root: settings in, an ASGI application out. The way of a request can be read here from outside in."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fixtures import build, users
from mock_server.billing.structure import User
from mock_server.operations.registry import bind, remember
from mock_server.settings import DESCRIPTION, Settings
from mock_server.spec.document import Node
from mock_server.spec.revision import describe
from mock_server.stage import Stage
from mock_server.web import problems, reply
from mock_server.web.api import Api
from mock_server.web.cross_origin import CrossOrigin
from mock_server.web.request_log import RequestLog
from mock_server.world_file import load, read


def create_stage(settings: Settings) -> Stage:
    """The stage with the world that the settings ask for. Raises `ScenarioError`, or `WorldFileError` for a file."""
    if settings.world is not None:
        text = read(settings.world)
        return Stage(lambda: load(text))
    return Stage(lambda: build(settings.scenario, seed=settings.seed, now=settings.now, size=settings.size))


def create_app(settings: Settings, stage: Stage, write: Callable[[str], object] | None = None) -> ASGIApp:
    """The whole server; `write` takes a line for every request. Raises `DocumentError` where the parts do not agree."""
    document = describe(DESCRIPTION, settings.revision, wire=settings.wire)
    # The API knows its own addresses, and what to say of all others.
    app: ASGIApp = _BesideConsole(document, stage, CrossOrigin(_api(document, stage)))
    if write is not None:
        app = RequestLog(app, write=write, clock=time.perf_counter, as_json=settings.log_format == "json")
    return _Failsafe(app)


def create_default_app(**settings: Any) -> ASGIApp:
    """A server with a world of its own for use within a process; the arguments are fields of `Settings`."""
    chosen = Settings(**settings)
    return create_app(chosen, create_stage(chosen))


def _api(document: Node, stage: Stage) -> Api[User]:
    def find_user(token: str) -> User | None:
        return next(iter(stage.world.users.where("token", token)), None)

    functions = bind(document, lambda: stage.world)
    return Api(document, functions, find_user, lambda uuid: stage.world.users.get(uuid), remember)


class _BesideConsole:
    """The control plane under its own addresses, and an application under all others."""

    def __init__(self, document: Node, stage: Stage, app: ASGIApp) -> None:
        self._document: Final = document
        self._stage: Final = stage
        self._app: Final = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "/")
        app = self._console if path in ("/", "/_mock") or path.startswith("/_mock/") else self._app
        await app(scope, receive, send)

    @cached_property
    def _console(self) -> ASGIApp:
        # Loaded when somebody looks at it: a server that is only called starts in half the time.
        from mock_server.console.routes import console

        return console(self._stage, self._document, users)


class _Failsafe:
    """Answers 500 where the application fails, and lets the server tell of the error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app: Final = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            if scope["type"] == "http" and not begun:
                await reply.refusal(problems.server_error(), {})(scope, receive, send)
            raise
