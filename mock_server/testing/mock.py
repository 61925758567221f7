"""`Mock`: a mock in this process, for tests that steer it and call it."""

import json
import socket
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Final, Self

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.fixtures import DEFAULT_SCENARIO, SCENARIOS
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.client import SESSION_HEADER, MockClient
from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.start_world import create_stage, read_scenario
from waldur_billing_mock.mock_server.testing.given import Given, scenario_text
from waldur_billing_mock.mock_server.testing.transport import AsyncTransport, LoopThread, Transport
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.web.limits import Limits

SECONDS_TO_END: Final = 10.0
IN_PROCESS: Final = "http://mock.test"
"""What a mock without a socket is called in links."""


class MockSession(MockClient):
    """One session of a mock: clients that call its API, and the methods of `MockClient` that steer it."""

    def __init__(self, app: ASGIApp, thread: LoopThread, id: str | None, serve: Callable[[], str]) -> None:
        super().__init__(IN_PROCESS, session=id, transport=Transport(app, thread))
        self.id: Final = id
        self._app: Final = app
        self._thread: Final = thread
        self._serve: Final = serve

    @property
    def asgi(self) -> ASGIApp:
        """The application, for clients that call one. Calls without a session of their own are in this one."""
        return self._app if self.id is None else _InSession(self._app, self.id)

    @property
    def url(self) -> str:
        """The address of a live server for the same worlds, started when it is first asked for."""
        return self._serve()

    def given(self, scenario: Given | None = None, /, **sections: Any) -> Self:
        """The world of the session is this from now on, and a reset goes back to it. Returns the session.

        Given is a scenario: the name of a built-in one, a file, its text, its content, or its sections by keyword, such
        as `customers=[…]`, which are added to the rest. Raises `ScenarioFileError` with all that is wrong, or
        `MockError`.
        """
        source = scenario_text(scenario, sections)
        self.world.replace(source.text if source.is_yaml else json.loads(source.text))
        return self

    @property
    def headers(self) -> dict[str, str]:
        """The header that names the session; none for the world that all share."""
        return {} if self.id is None else {SESSION_HEADER: self.id}

    def token(self, username: str = "staff") -> str:
        """The token of a user. Raises `LookupError` naming the users that there are."""
        found = {user["username"]: user["token"] for user in self.users()}
        if username not in found:
            raise LookupError(f"there is no user {username!r}; there are {', '.join(found)}.")
        return str(found[username])

    def live_token(self, username: str = "staff") -> str:
        """A token for programs that call `url` and set no header: it names the session, too."""
        return self.token(username) if self.id is None else f"{self.id}.{self.token(username)}"

    def client(self, username: str | None = "staff") -> httpx.Client:
        """An HTTP client that calls the API as a user; None is nobody."""
        headers = {**self.headers, **({} if username is None else {"Authorization": f"Token {self.token(username)}"})}
        return httpx.Client(base_url=IN_PROCESS, headers=headers, transport=Transport(self._app, self._thread))

    def async_client(self, username: str | None = "staff") -> httpx.AsyncClient:
        """The same for asynchronous code."""
        headers = {**self.headers, **({} if username is None else {"Authorization": f"Token {self.token(username)}"})}
        transport = AsyncTransport(self._app, self._thread)
        return httpx.AsyncClient(base_url=IN_PROCESS, headers=headers, transport=transport)


class Mock(MockSession):
    """A whole mock in this process.

    with Mock(scenario="one-invoice") as mock:
        assert mock.client("owner").get("/api/invoices/").json()
    """

    def __init__(
        self, *, scenario: Given = DEFAULT_SCENARIO, now: datetime | str | None = None, **settings: Any
    ) -> None:
        """`scenario` is a name, a file, the text of one, or its content; `now` is the clock of the world, as text in
        ISO 8601 (UTC where it names no zone). The other arguments are those of `Settings`.
        """
        if now is not None:
            settings["now"] = instant(now) if isinstance(now, str) else now
        self._numbered = 0
        self._server: uvicorn.Server | None = None
        self._serving: Future[object] | None = None
        self._address: str | None = None
        self._settings, self._start = _chosen(scenario, settings)
        self.app: Final = _Current(self._made())
        super().__init__(self.app, LoopThread(), None, self._listen)

    def begin_anew(self) -> None:
        """All is as it was in the beginning: worlds, sessions, fault rules, journal, events, webhooks, snapshots."""
        self.app.current = self._made()

    def session(self, id: str | None = None) -> MockSession:
        """A session with a world of its own; without an id, one that was not used before."""
        if id is None:
            self._numbered += 1
            id = f"session-{self._numbered}"
        return MockSession(self.app, self._thread, id, self._listen)

    def close(self) -> None:
        """Stop the server, if there is one, and the event loop."""
        super().close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            self._serving.result(SECONDS_TO_END)
        self._thread.stop()

    def _made(self) -> ASGIApp:
        return create_app(self._settings, Stage(self._start))

    def _listen(self) -> str:
        if self._address is None:
            # asyncio switches Nagle's algorithm off only where the protocol is named: see `serve.listen`.
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            listener.bind(("127.0.0.1", 0))
            listener.listen(128)
            self._server = uvicorn.Server(uvicorn_config(self.app, Limits()))
            self._serving = self._thread.start(self._server.serve(sockets=[listener]))
            self._address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return self._address


def _chosen(scenario: Given, settings: dict[str, Any]) -> tuple[Settings, World]:
    """The settings, and the world to begin with. Raises `ScenarioError`."""
    if isinstance(scenario, str) and scenario in SCENARIOS:
        chosen = Settings(scenario=scenario, **settings)
        return chosen, create_stage(chosen).beginning
    chosen = Settings(**settings)
    return chosen, read_scenario(chosen, scenario_text(scenario, {}))


class _Current:
    """ASGI application in whose place another can be put."""

    def __init__(self, app: ASGIApp) -> None:
        self.current = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.current(scope, receive, send)


class _InSession:
    """ASGI middleware that names a session where the caller names none."""

    def __init__(self, app: ASGIApp, id: str) -> None:
        self._app: Final = app
        self._header: Final = (SESSION_HEADER.lower().encode(), id.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and all(name != self._header[0] for name, _ in scope["headers"]):
            scope = {**scope, "headers": [*scope["headers"], self._header]}
        await self._app(scope, receive, send)
