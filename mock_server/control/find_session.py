"""The middleware that finds the session of a request."""

from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.clock import catch_up
from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.session import SESSION, Session
from waldur_billing_mock.mock_server.control.sessions import Sessions
from waldur_billing_mock.mock_server.web.problems import Problem, detail

REFUSAL: Final = "waldur.session-refusal"
"""Where the scope holds the `Problem` of a request whose session cannot be had."""

_HEADER: Final = b"x-mock-session"
_READ: Final = frozenset({_HEADER, b"authorization", b"prefer"})
_PARAMETER: Final = "mock_session"
_IN_QUERY: Final = b"mock_session="


class FindSession:
    """ASGI middleware, the first of all: it reads the headers that others need, once.

    A session is named by the header `X-Mock-Session`, by the parameter `mock_session`, or by a token of the form
    `<session>.<token>`. Without any, the request is of the main session. A session that cannot be had leaves a problem
    in the scope, and the request counts for the main session, whose journal shows it.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app: Final = app
        self._sessions: Final = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            named = dotted = None
            for name, value in scope["headers"]:
                if name in _READ:
                    if name == _HEADER:
                        named = value
                    elif name == b"prefer":
                        scope[PREFER] = value
                    elif b"." in value:
                        dotted = value
            session = self._sessions.main
            if named is not None or dotted is not None or _IN_QUERY in scope["query_string"]:
                session = self._named(scope, named, dotted)
            if session.clock is not None:
                catch_up(session)
            scope[SESSION] = session
        await self._app(scope, receive, send)

    def _named(self, scope: Scope, named: bytes | None, dotted: bytes | None) -> Session:
        ids = set()
        if named is not None:
            ids.add(named.decode("latin-1"))
        if _IN_QUERY in scope["query_string"]:
            ids.update(parse_qs(scope["query_string"].decode("latin-1")).get(_PARAMETER, ()))
        if dotted is not None and scope["path"].startswith("/api"):
            ids.update(self._take_from_token(scope, dotted))
        if not ids:
            return self._sessions.main
        try:
            if len(ids) > 1:
                raise detail(400, f"The request names several sessions: {', '.join(sorted(ids))}. Name one.")
            return self._sessions.use(ids.pop())
        except Problem as problem:
            scope[REFUSAL] = problem
            return self._sessions.main

    def _take_from_token(self, scope: Scope, header: bytes) -> list[str]:
        """The session that a token begins with. The header is replaced by one with the rest.

        Only where the rest is a token of the session's world (or of the start world, for a session that is not there
        yet), and the whole is none of the main world.
        """
        start, _, token = header.rpartition(b" ")
        if not start.lower().endswith(b"token"):
            return []
        id, _, rest = token.decode("latin-1").partition(".")
        session = self._sessions.find(id)
        world = self._sessions.main.stage.beginning if session is None else session.stage.world
        if _has(self._sessions.main.stage.world, f"{id}.{rest}") or not _has(world, rest):
            return []
        bare = start + b" " + rest.encode("latin-1")
        scope["headers"] = [(name, bare if value is header else value) for name, value in scope["headers"]]
        return [id]


def _has(world: World, token: str) -> bool:
    return world.users.first(token=token) is not None
