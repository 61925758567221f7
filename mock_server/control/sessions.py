"""The sessions of a server, and the middleware that finds the one of a request."""

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.session import MAIN, Session, set_session


class NoSession(LookupError):
    """There is no session with the id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"There is no session {id!r}.")


class Sessions:
    """All sessions by their ids. `make` makes one with an id."""

    def __init__(self, make: Callable[[str], Session]) -> None:
        self.main: Final = make(MAIN)
        self._all: Final[dict[str, Session]] = {MAIN: self.main}

    def get(self, id: str) -> Session:
        """Raises `NoSession` where there is none with the id."""
        if id not in self._all:
            raise NoSession(id)
        return self._all[id]

    def __len__(self) -> int:
        return len(self._all)


class FindSession:
    """ASGI middleware, the first of all: it reads the headers that others need, once."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app: Final = app
        self._sessions: Final = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            set_session(scope, self._sessions.main)
            for name, value in scope["headers"]:
                if name == b"prefer":
                    scope[PREFER] = value
        await self._app(scope, receive, send)
