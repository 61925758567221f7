"""Finds the session of a request."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Scope

from waldur_billing_mock.mock_server.billing.tokens import user_of
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.clock import catch_up
from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.session import SESSION, Session, session_of
from waldur_billing_mock.mock_server.control.sessions import Sessions
from waldur_billing_mock.mock_server.web.api import Worlds
from waldur_billing_mock.mock_server.web.problems import Problem, detail
from waldur_billing_mock.mock_server.web.request import headers_by_name

REFUSAL: Final = "waldur.session-refusal"
"""Where the scope holds the `Problem` of a request whose session cannot be had."""

_HEADER: Final = b"x-mock-session"
_PARAMETER: Final = "mock_session"
IN_QUERY: Final = b"mock_session="
"""What the query of a request has where it names a session."""


class FindSession:
    """Puts the session of a request into its scope, where it is not there yet, and returns it.

    A session is named by the header `X-Mock-Session`, by the parameter `mock_session`, or by a token of the form
    `<session>.<token>`. Without any, the request is of the main session. A session that cannot be had leaves a problem
    in the scope, and the request counts for the main session, whose journal shows it.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions: Final = sessions

    def __call__(self, scope: Scope) -> Session:
        if SESSION in scope:
            return session_of(scope)
        headers, session = headers_by_name(scope), self._sessions.main
        may_name_one = _HEADER in headers or b"." in headers.get(b"authorization", b"")
        if may_name_one or IN_QUERY in scope["query_string"]:
            session = self._named(scope, headers)
        if session.clock is not None:
            catch_up(session)
        else:
            headers.are_plain = not may_name_one and PREFER not in headers
        scope[SESSION] = session
        return session

    def _named(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Session:
        ids = set()
        if _HEADER in headers:
            ids.add(headers[_HEADER].decode("latin-1"))
        if IN_QUERY in scope["query_string"]:
            ids.update(parse_qs(scope["query_string"].decode("latin-1")).get(_PARAMETER, ()))
        authorization = headers.get(b"authorization", b"")
        if b"." in authorization and scope["path"].startswith("/api"):
            ids.update(self._take_from_token(scope, authorization))
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
    return user_of(world, token) is not None


def stage_of(scope: Scope) -> Worlds[World]:
    """The stage of the session of a request. Its worlds raise `Problem` where the session cannot be had."""
    return _NoStage(scope[REFUSAL]) if REFUSAL in scope else session_of(scope).stage


class _NoStage:
    def __init__(self, problem: Problem) -> None:
        self._problem: Final = problem

    @property
    def world(self) -> World:
        raise self._problem

    def transaction(self) -> AbstractContextManager[World]:
        raise self._problem
