"""The API as callers meet it: logged, counted, written into the journal, and steered by faults and events."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.journal import MOST_BODY_BYTES
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import SESSION, Session
from waldur_billing_mock.mock_server.web.cross_origin import SHARED
from waldur_billing_mock.mock_server.web.problems import server_error
from waldur_billing_mock.mock_server.web.reply import Reply, refusal
from waldur_billing_mock.mock_server.web.request_log import RequestLog
from waldur_billing_mock.mock_server.web.routing import MATCH, Match


class Controlled:
    """ASGI middleware around the API.

    A read that no fault concerns is answered by `read`, which returns the reply of the API without sending it. It is
    sent, logged, counted and kept. Everything else goes through `steered`: log, cross-origin headers, journal, faults
    and events around the same API. There, each is a middleware; for reads, their sum would cost half of an answer.
    """

    def __init__(
        self,
        read: Callable[[Scope, Receive], Reply],
        steered: ASGIApp,
        *,
        shared: Rules,
        lookup: Lookup,
        metrics: Metrics,
        log: RequestLog | None,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        """`now` tells the time of day, `clock` seconds that only ever grow; `shared` are rules for every session."""
        self._read: Final = read
        self._steered: Final = steered
        self._shared: Final = shared
        self._lookup: Final = lookup
        self._metrics: Final = metrics
        self._log: Final = log
        self._now: Final = now
        self._clock: Final = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session: Session = scope[SESSION]
        if scope["method"] != "GET" or session.rules.all or self._shared.all or PREFER in scope:
            await self._steer(scope, receive, send)
            return
        journal = session.journal
        exchange = journal.begin(self._now(), scope) if journal.is_on else None
        log = self._log
        line = None if log is None else log.begin(scope)
        begun, reply = self._clock(), None
        try:
            try:
                reply = self._read(scope, receive)
            except Exception:
                await refusal(server_error())(scope, receive, send, SHARED)
                raise
            await reply(scope, receive, send, SHARED)
        finally:
            seconds = self._clock() - begun
            match: Match | None = scope.get(MATCH)
            operation = None if match is None else match.route.operations.get("GET")
            name = None if operation is None else operation.operation_id
            status, size = (500, 0) if reply is None else (reply.status, len(reply.body))
            self._metrics.count((name, "GET", status), seconds)
            if log is not None and line is not None:
                log.end(line, status, size, seconds)
            if exchange is not None:
                exchange.seconds = seconds
                if reply is not None:
                    exchange.status, exchange.headers = status, reply.headers
                    exchange.body, exchange.size = reply.body[:MOST_BODY_BYTES], size
                journal.keep(exchange)

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
