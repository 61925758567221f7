"""The server as callers meet it: the pages, and the API with sessions, log, counters, journal, faults and events."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.announce import Announce
from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.find_session import FindSession
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.web.connection import send_whole
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.problems import server_error
from waldur_billing_mock.mock_server.web.reply import Reply, refusal
from waldur_billing_mock.mock_server.web.request import HEADERS
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
        read: Callable[[Scope, Receive], Reply],
        write: Callable[[Scope, Receive], Awaitable[Reply | None]],
        steered: ASGIApp,
        *,
        pages: ASGIApp,
        find_session: FindSession,
        announce: Announce,
        shared_rules: Rules,
        lookup: Lookup,
        metrics: Metrics,
        log: RequestLog | None,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        """`now` tells the time of day, `clock` seconds that only ever grow; `shared_rules` are for every session."""
        self._pages: Final = pages
        self._read: Final = read
        self._write: Final = write
        self._find_session: Final = find_session
        self._announce: Final = announce
        self._steered: Final = steered
        self._shared_rules: Final = shared_rules
        self._lookup: Final = lookup
        self._metrics: Final = metrics
        self._log: Final = log
        self._now: Final = now
        self._clock: Final = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        session = self._find_session(scope)
        path, method = scope["path"], scope["method"]
        if not path.startswith("/api/") and _is_page(path):
            await self._pages(scope, receive, send)
            return
        if session.rules.all or self._shared_rules.all or PREFER in scope[HEADERS] or method not in _DIRECT:
            await self._steer(scope, receive, send)
            return
        journal, log = session.journal, self._log
        exchange = journal.begin(self._now(), scope) if journal.is_on else None
        line = None if log is None else log.begin(scope)
        begun, reply = self._clock(), None
        try:
            try:
                if method == "GET":
                    reply = self._read(scope, receive)
                else:
                    reply = await self._write(scope, receive if exchange is None else exchange.listening(receive))
            except Exception:
                # The caller and the log get what Waldur answers, and uvicorn the exception.
                reply = refusal(server_error())
                await shared(reply)(scope, receive, send)
                raise
            if reply is not None:
                answer = shared(reply)
                if not send_whole(scope, answer):
                    await answer(scope, receive, send)
                if method != "GET":
                    self._announce.emit(scope, reply.status)
        finally:
            seconds = self._clock() - begun
            match: Match | None = scope.get(MATCH)
            name = None if match is None else match.route.operation_ids.get(method)
            status = 500 if reply is None else reply.status
            self._metrics.count((name, method, status), seconds)
            if log is not None and line is not None:
                log.end(line, method, status, 0 if reply is None else len(reply.body), seconds)
            if exchange is not None:
                if reply is not None:
                    exchange.answered(status, reply.headers, reply.body)
                journal.keep(exchange, seconds)

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
