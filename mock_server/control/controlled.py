"""The server as callers meet it: the pages, and the API with sessions, log, counters, journal, faults and events."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.announce import Announce
from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.find_session import IN_QUERY, FindSession, stage_of
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import SESSION
from waldur_billing_mock.mock_server.control.sessions import Sessions
from waldur_billing_mock.mock_server.web.api import Api, Worlds
from waldur_billing_mock.mock_server.web.connection import send_whole
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.problems import server_error
from waldur_billing_mock.mock_server.web.reply import refusal
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.request_log import RequestLog
from waldur_billing_mock.mock_server.web.routing import MATCH, Match

_DIRECT: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


class Controlled:
    """ASGI application: the pages, and the API as callers meet it.

    A request that no fault concerns is answered by `read` or `write`, which return the reply of the API without sending
    it. It is sent, announced, logged, counted and kept. Everything else goes through `steered`: log, cross-origin
    headers, journal, faults and events around the same API. There, each is a middleware; their sum would cost a read
    half of its answer.
    """

    def __init__(
        self,
        api: Api[World, User],
        steered: ASGIApp,
        *,
        pages: ASGIApp,
        sessions: Sessions,
        announce: Announce,
        shared_rules: Rules,
        lookup: Lookup,
        metrics: Metrics,
        log: RequestLog | None,
        keeps_journals: bool,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        """`now` tells the time of day, `clock` seconds that only ever grow; `shared_rules` are for every session."""
        self._pages: Final = pages
        self._read: Final = api.read
        self._write: Final = api.write
        self._main: Final = sessions.main
        self._find_session: Final = FindSession(sessions)
        self._announce: Final = announce
        self._steered: Final = steered
        self._shared_rules: Final = shared_rules
        self._lookup: Final = lookup
        self._metrics: Final = metrics
        self._log: Final = log
        self._records: Final = log is not None or keeps_journals
        self._now: Final = now
        self._clock: Final = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.headers.are_plain and IN_QUERY not in request.query_string:
            session = scope[SESSION] = self._main
            stage: Worlds[World] = session.stage
            is_wish = False
        else:
            session = self._find_session(scope)
            # The token is another one where it has named the session.
            request, stage = Request(scope, receive), stage_of(scope)
            is_wish = PREFER in request.headers
        if not request.path.startswith("/api/") and _is_page(request.path):
            await self._pages(scope, receive, send)
            return
        method = request.method
        if is_wish or session.rules.all or self._shared_rules.all or method not in _DIRECT:
            await self._steer(scope, receive, send)
            return
        exchange = line = reply = None
        if self._records:
            exchange = session.journal.begin(self._now(), scope) if session.journal.is_on else None
            line = None if self._log is None else self._log.begin(scope)
        begun = self._clock()
        try:
            try:
                if method == "GET":
                    reply = self._read(request, stage)
                else:
                    if exchange is not None:
                        request.receive = exchange.listening(receive)
                    reply = await self._write(request, stage)
                    if reply is not None:
                        self._announce.emit(scope, reply.status)
            except Exception:
                # The caller and the log get what Waldur answers, and uvicorn the exception.
                reply = refusal(server_error())
                await shared(reply)(scope, receive, send)
                raise
            if reply is not None:
                answer = shared(reply)
                if not send_whole(scope, answer):
                    await answer(scope, receive, send)
        finally:
            seconds = self._clock() - begun
            match: Match | None = scope.get(MATCH)
            name = None if match is None else match.route.operation_ids.get(method)
            status = 500 if reply is None else reply.status
            self._metrics.count((name, method, status), seconds)
            if self._records:
                if self._log is not None and line is not None:
                    self._log.end(line, method, status, 0 if reply is None else len(reply.body), seconds)
                if exchange is not None:
                    if reply is not None:
                        exchange.answered(status, reply.headers, reply.body)
                    session.journal.keep(exchange, seconds)

    async def _steer(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, begun = 500, self._clock()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._steered(scope, receive, watch)
        finally:
            operation = self._lookup.operation(scope)
            self._metrics.count((operation, scope["method"], status), self._clock() - begun)


def _is_page(path: str) -> bool:
    """Whether a path is none that Waldur answers."""
    return path.startswith("/_mock/") or path in {"/", "/_mock", "/favicon.ico"}
