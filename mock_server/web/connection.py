"""How uvicorn serves: the limits on the head of a request, on silence and on connections, which only it can hold.

Each request passes here before the API: what is worked out for all of them counts for every answer.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from weakref import ref

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from waldur_billing_mock.mock_server.web import problems, reply
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import HEADERS, Headers

AtOnce = Callable[[Scope], ASGIApp | None]
"""Finds what sends the answer to a request without waiting for anything; None where that cannot be."""

CONNECTION: Final = "waldur.connection"
"""The extension by which a scope refers to its connection (`connection_of`)."""
_CLOSE: Final = ((b"connection", b"close"),)


def uvicorn_config(
    app: ASGIApp, limits: Limits, *, at_once: AtOnce = lambda scope: None, passes_on: bool = False
) -> uvicorn.Config:
    """Serves an application within limits. Who exceeds one is answered with 414, 431 or 503, or cut off when silent.

    What `at_once` answers is sent without a task, which saves a tenth of the time of a read.
    With `passes_on`, the application sends the answers of another server: no header is added to them, and it is told
    when it starts and ends.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="on" if passes_on else "off",
        date_header=not passes_on,
        ws="none" if passes_on else "auto",
        server_header=False,
        proxy_headers=False,  # `LimitedConnection` looks for them, at a tenth of the cost.
        timeout_graceful_shutdown=1,
    )
    forwarded: Any = ProxyHeadersMiddleware(app, config.forwarded_allow_ips)  # type: ignore[arg-type]
    config.http = partial(LimitedConnection, limits, forwarded, at_once)  # type: ignore[assignment]  # uvicorn only calls it.
    return config


def send_whole(scope: Scope, reply: Reply) -> bool:
    """Sends the answer to a request other than HEAD at once, by its connection.

    Returns False, and sends nothing, where the server is to send it (`LimitedConnection.send_whole`).
    """
    connection = connection_of(scope)
    return connection is not None and connection.send_whole(scope, reply)


def connection_of(scope: Scope) -> "LimitedConnection | None":
    """The connection of a request; None within a process, where there is none."""
    extension = scope.get("extensions", {}).get(CONNECTION)
    return None if extension is None else extension["connection"]()


class LimitedConnection(HttpToolsProtocol):
    """A connection whose client may send heads of limited size, and may not be silent for long while it is to send."""

    def __init__(self, limits: Limits, forwarded: ASGIApp, at_once: AtOnce, *arguments: Any, **keywords: Any) -> None:
        """`forwarded` answers what a proxy has passed on."""
        super().__init__(*arguments, **keywords)
        self._limits: Final = limits
        self._shortest_limit: Final = min(limits.url_bytes, limits.head_bytes)
        self._direct: Final = self.app
        self._forwarded: Final[Any] = forwarded
        self._at_once: Final = at_once
        self._is_first = False
        """Whether nothing was answered at once of the bytes that have come."""
        # By a weak reference, as the connection holds the scope, and garbage would pile up.
        self._extensions: Final[dict[str, dict[object, object]]] = {CONNECTION: {"connection": ref(self)}}
        self._is_waiting = True
        self._in_head = True
        self._piece = 0
        self._most_head_bytes = 0
        self._least_head_bytes = 0
        self._has_sent = False
        self._is_late = False
        self._watch: asyncio.TimerHandle | None = None
        self._read(Headers([]))
        self._previous: RequestResponseCycle | None = None
        """The request before the last one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch = self.loop.call_later(self._limits.silence_seconds, self._check_silence)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._watch is not None:
            self._watch.cancel()

    def data_received(self, data: bytes) -> None:
        self._has_sent = True
        # Bounds of what has come of the head: the data may begin with the end of another request, which only the least
        # leaves out, and end with the beginning of a body.
        self._piece = len(data)
        self._most_head_bytes += len(data)
        self._least_head_bytes += len(data)
        self._is_first = True
        super().data_received(data)
        self._is_first = False
        cycle = self.cycle
        if cycle is not None and cycle.response_complete and self.timeout_keep_alive_task is None:
            # Everything is answered, and no time runs after which uvicorn closes the connection.
            # A line break between requests, or a body that came after its answer: uvicorn no longer waits for an end.
            self._is_waiting, self._is_late = True, False
        if self._in_head and self._will_be_too_large() and not self.transport.is_closing():
            self._refuse(_head_too_large(self._limits))

    def _will_be_too_large(self) -> bool:
        """Whether an incomplete head is too large already. What is not parsed of its first piece is left out."""
        return self._least_head_bytes > self._limits.head_bytes or self._is_head_too_large()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions
        self._is_waiting = self._in_head = True
        self._is_late = False
        self._most_head_bytes = self._piece
        self._least_head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self.headers != self._known.sent:
            self._read(Headers(self.headers))
        scope: Scope = self.scope  # type: ignore[assignment]  # A scope is a `dict`.
        scope["headers"], scope[HEADERS] = self._known.sent, self._known
        self.app, self.expect_100_continue = self._usual, self._expects
        if (
            self._most_head_bytes > self._shortest_limit
            or self._has_too_many
            or len(self.connections) > self._limits.connections
        ) and (refusal := self._refusal()):
            self.app = refusal
            self.url = b"/"  # Longer than 65,535 bytes, uvicorn could not read it.
        self._previous = self.cycle
        super().on_headers_complete()

    def _read(self, headers: Headers) -> None:
        """Looks at headers that differ from those of the request before."""
        self._known = headers
        self._has_too_many = len(headers.sent) > self._limits.headers
        self._expects = headers.get(b"expect", b"").lower() == b"100-continue"
        is_forwarded = b"x-forwarded-proto" in headers or b"x-forwarded-for" in headers
        self._usual = self._forwarded if is_forwarded else self._direct

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Of many requests that come together only one is answered at once, as other clients wait meanwhile. One with a
        # body may still turn out to be no HTTP.
        if self._is_first and app is self._direct and not self._known.announce_body:
            self._is_first = False
            scope: Scope = cycle.scope  # type: ignore[assignment]
            answer = self._at_once(scope)
            if isinstance(answer, Reply) and self.send_whole(scope, answer):
                return
            app = answer or app
        super()._start_asgi_task(cycle, app)

    def send_whole(self, scope: Scope, reply: Reply) -> bool:
        """Sends a complete answer as two messages to uvicorn would, in a third of their time.

        Returns False, and sends nothing, where only uvicorn can: to a request before the last one, to a client that is
        gone, does not read, or wants the connection closed, or of a header that would be none.
        """
        cycle = self.cycle
        if (
            cycle.scope is not scope
            or cycle.response_started
            or cycle.disconnected
            or not cycle.keep_alive
            or self.flow.write_paused
        ):
            return False
        lines = [*map(b": ".join, cycle.default_headers), *map(b": ".join, reply.headers)]
        head = STATUS_LINE[reply.status] + b"\r\n".join(lines) + b"\r\n\r\n"
        if not head.count(b"\r") == head.count(b"\n") == len(lines) + 2:
            return False
        self.transport.write(head)
        self.transport.write(reply.body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        cycle.on_response()
        return True

    def on_message_complete(self) -> None:
        self._is_waiting = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuses what is no HTTP."""
        if not self._closes_after_an_answer():
            super().send_400_response(msg)

    def _closes_after_an_answer(self) -> bool:
        """Whether a request that arrived whole is still to be answered; then the connection is closed after that.

        Its client would take a refusal of what comes after it for its answer.
        """
        last: RequestResponseCycle | None = self.cycle
        if last is not None and last.more_body and not last.response_complete:
            if self.pipeline and self.pipeline[0][0] is last:
                self.pipeline.popleft()  # It is not begun and never will be complete.
            last = self._previous
        if last is None or last.response_complete:
            return False
        last.keep_alive = False
        self.transport.pause_reading()
        return True

    def _refusal(self) -> Reply | None:
        """The answer to a head that is larger than allowed, or to one connection too many."""
        limits = self._limits
        if len(self.connections) > limits.connections:
            return _closing(
                problems.detail(
                    503, f"The server has more than {limits.connections} connections.", {"Retry-After": "1"}
                )
            )
        if len(self.url) > limits.url_bytes:
            return _closing(problems.detail(414, f"The path and query have more than {limits.url_bytes} bytes."))
        if len(self.headers) > limits.headers:
            return _closing(problems.detail(431, f"The request has more than {limits.headers} headers."))
        return _head_too_large(limits) if self._is_head_too_large() else None

    def _is_head_too_large(self) -> bool:
        """Whether what was parsed of a head is more than is allowed."""
        most = self._limits.head_bytes
        if self._most_head_bytes <= most or self.scope is None:
            return False
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > most

    def _refuse(self, refusal: Reply) -> None:
        """Answers a request whose head is not complete."""
        if self._closes_after_an_answer():
            return
        head = [STATUS_LINE[refusal.status], *(b"%s: %s\r\n" % header for header in refusal.headers), b"\r\n"]
        self.transport.write(b"".join([*head, refusal.body]))
        self.transport.close()

    def _check_silence(self) -> None:
        """Closes the connection where a request does not come or go on. Between requests, uvicorn has its own limit."""
        if self._is_waiting and (self._is_late or not self._has_sent):
            self.transport.close()
            return
        # A head has to be complete after a while, however busily it is sent; of a body, each piece has its time.
        self._is_late = self._in_head
        self._has_sent = False
        self._watch = self.loop.call_later(self._limits.silence_seconds, self._check_silence)


def _head_too_large(limits: Limits) -> Reply:
    return _closing(problems.detail(431, f"The head of the request has more than {limits.head_bytes} bytes."))


def _closing(problem: problems.Problem) -> Reply:
    return reply.refusal(problem, _CLOSE)
