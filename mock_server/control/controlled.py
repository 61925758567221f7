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
from waldur_billing_mock.mock_server.control.journal import Exchange
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.metrics import Metrics
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import SESSION, Session
from waldur_billing_mock.mock_server.control.sessions import Sessions
from waldur_billing_mock.mock_server.web.api import Api, Worlds
from waldur_billing_mock.mock_server.web.connection import send_whole
from waldur_billing_mock.mock_server.web.cross_origin import shared
from waldur_billing_mock.mock_server.web.problems import server_error
from waldur_billing_mock.mock_server.web.reply import Reply, refusal
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.mock_server.web.request_log import Line, RequestLog
from waldur_billing_mock.mock_server.web.routing import answered_by

_WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_Record = tuple[Exchange | None, Line | None]
"""What the journal and the log know of a request, where they are on."""


class Controlled:
    """ASGI application: the pages, and the API as callers meet it.

    A request that no fault concerns is answered by the `api`, which returns its reply without sending it. The reply is
    announced, logged, counted, kept and sent. Everything else goes through `steered`: log, cross-origin headers,
    journal, faults and events around the same API. There, each is a middleware; their sum would cost a read half of
    its answer.
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
        self._api: Final = api
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
        answer = self.at_once(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        session = self._find_session(scope)
        request = Request(scope, receive)
        if _is_page(request.path):
            await self._pages(scope, receive, send)
        elif self._may_fail(session, request) or request.method not in _WRITING:
            await self._steer(scope, receive, send)
        else:
            await self._write(session, request, send)

    def at_once(self, scope: Scope) -> ASGIApp | None:
        """Sends the answer to a GET, which is found without waiting for anything, and counted, logged and kept already.

        None for any other request, for a page, and where a fault may be asked for.
        """
        if scope["method"] != "GET":
            return None
        request = Request(scope)
        if request.headers.are_plain and IN_QUERY not in request.query_string:
            session = scope[SESSION] = self._main
            stage: Worlds[World] = session.stage
            if session.rules.all or self._shared_rules.all:
                return None
        else:
            session = self._find_session(scope)
            # The token is another one where it has named the session.
            request, stage = Request(scope), stage_of(scope)
            if self._may_fail(session, request):
                return None
        if not request.path.startswith("/api/") and _is_page(request.path):
            return None
        record = self._begin(scope, session) if self._records else None
        begun = self._clock()
        try:
            answer: ASGIApp = (reply := shared(self._api.read(request, stage)))
        except Exception as error:  # noqa: BLE001  What sends the answer raises it.
            reply, answer = _failure(error)
        seconds = self._clock() - begun
        self._metrics.count((answered_by(scope), "GET", reply.status), seconds)
        if record is not None:
            self._end(record, session, "GET", reply, seconds)
        return answer

    def _may_fail(self, session: Session, request: Request) -> bool:
        """Whether a rule or the request asks for a fault."""
        return bool(session.rules or self._shared_rules) or PREFER in request.headers

    async def _write(self, session: Session, request: Request, send: Send) -> None:
        """Answers a request that may change the world."""
        scope, receive = request.scope, request.receive
        record = self._begin(scope, session) if self._records else None
        if record is not None and record[0] is not None:
            request.receive = record[0].listening(receive)
        begun, reply = self._clock(), None
        answer: ASGIApp | None = None
        try:
            reply = await self._api.write(request, stage_of(scope))
            if reply is not None:
                answer = reply = shared(reply)
                self._announce.emit(scope, reply.status)
        except Exception as error:  # noqa: BLE001  What sends the answer raises it.
            reply, answer = _failure(error)
        finally:
            seconds = self._clock() - begun
            status = 500 if reply is None else reply.status
            self._metrics.count((answered_by(scope), request.method, status), seconds)
            if record is not None:
                self._end(record, session, request.method, reply, seconds)
        if answer is not None and not (isinstance(answer, Reply) and send_whole(scope, answer)):
            await answer(scope, receive, send)

    def _begin(self, scope: Scope, session: Session) -> _Record:
        """Looks up what log and journal say of a request, before it changes the world."""
        exchange = session.journal.begin(self._now(), scope) if session.journal.is_on else None
        line = None if self._log is None else self._log.begin(scope)
        return exchange, line

    def _end(self, record: _Record, session: Session, method: str, reply: Reply | None, seconds: float) -> None:
        """Writes an answer into log and journal; None where the client did not wait for it."""
        exchange, line = record
        status, size = (500, 0) if reply is None else (reply.status, len(reply.body))
        if self._log is not None and line is not None:
            self._log.end(line, method, status, size, seconds)
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


def _failure(error: Exception) -> tuple[Reply, ASGIApp]:
    """What Waldur answers to any request that fails, and what sends it: then uvicorn gets the exception."""
    reply = shared(refusal(server_error()))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(scope, receive, send)
        raise error

    return reply, answer


def _is_page(path: str) -> bool:
    """Whether a path is none that Waldur answers."""
    return path.startswith("/_mock/") or path in {"/", "/_mock", "/favicon.ico"}
