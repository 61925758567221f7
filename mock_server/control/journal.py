"""The journal of a session: the last requests and answers, bounded in bytes.

While requests are answered only references are stored. What readers see is made when somebody reads.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.budget import Budget
from waldur_billing_mock.mock_server.web.request import HEADERS, headers_by_name

MOST_BYTES: Final = 4_000_000
MOST_BODY_BYTES: Final = 100_000
"""What is stored of one body: usual pages whole, and so without a copy."""

_OVERHEAD: Final = 2_500
"""About what an exchange takes besides its heads and bodies."""

_HEADER_OVERHEAD: Final = 130
"""About what a header takes besides its text."""

_DROPPED: Final[Mapping[str, Any]] = {"asgi": {}, "extensions": {}, "state": {}, HEADERS: None}
"""What is not kept of a scope: the connection, and the headers by name, which are there otherwise."""


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as they came and went. The token is in it: what shows it to anybody masks it."""

    id: int
    at: datetime
    scope: Scope
    request_body: bytes = b""
    request_size: int = 0
    status: int | None = None
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    size: int = 0
    seconds: float = 0.0

    def listening(self, receive: Receive) -> Receive:
        """Keeps the beginning of the body that is received."""

        async def listen() -> Message:
            message = await receive()
            body = message.get("body", b"")
            self.request_size += len(body)
            self.request_body += body[: MOST_BODY_BYTES - len(self.request_body)]
            return message

        return listen

    def answered(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Keeps an answer, and the beginning of its body."""
        self.status, self.headers, self.size = status, headers, len(body)
        self.body = body[:MOST_BODY_BYTES]

    @property
    def kept_bytes(self) -> int:
        """About what is kept in memory for it."""
        scope, headers = self.scope, self.headers
        # Worked out for every request, so by what costs the least.
        size = headers_by_name(scope).bytes + sum(map(len, chain.from_iterable(headers)))
        size += _HEADER_OVERHEAD * (len(scope["headers"]) + len(headers))
        size += len(scope["query_string"]) + 2 * len(scope["path"])
        return _OVERHEAD + size + len(self.request_body) + len(self.body)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver an event to a webhook, which the journal lists beside the requests."""

    id: int
    at: datetime
    url: str
    event: dict[str, Any]
    attempt: int
    outcome: str

    @property
    def kept_bytes(self) -> int:
        return _OVERHEAD


class Journal:
    """The last exchanges of a session, the oldest first. With `most_bytes` 0 nothing is stored."""

    def __init__(self, most_bytes: int = MOST_BYTES, budget: Budget | None = None) -> None:
        """What is kept counts for the budget, and is dropped where that is used up."""
        self._most: Final = most_bytes
        self.is_on: Final = most_bytes > 0
        self._budget: Final = budget
        self._kept: deque[tuple[Exchange | Delivery, int]] = deque()
        """With the bytes for which each counts."""
        self._bytes = 0
        self._last_id = 0
        self._listeners: list[Callable[[Exchange], None]] = []

    def __iter__(self) -> Iterator[Exchange | Delivery]:
        return iter([one for one, _ in self._kept])

    @property
    def bytes(self) -> int:
        """About the bytes that are stored."""
        return self._bytes

    @property
    def last_id(self) -> int:
        """How many requests and deliveries there were."""
        return self._last_id

    def exchanges(self) -> list[Exchange]:
        return [one for one, _ in self._kept if isinstance(one, Exchange)]

    def find(self, id: int) -> Exchange | None:
        return next((one for one in self.exchanges() if one.id == id), None)

    def begin(self, at: datetime, scope: Scope) -> Exchange:
        """A new exchange, which counts for its bytes when it is finished."""
        self._last_id += 1
        return Exchange(self._last_id, at, scope)

    def keep(self, exchange: Exchange, seconds: float) -> None:
        """Keep an exchange that took so long, and drop the oldest ones where it is too much."""
        exchange.seconds = seconds
        self._append(exchange, exchange.kept_bytes)
        exchange.scope = {**exchange.scope, **_DROPPED}
        if self._listeners:
            for listener in tuple(self._listeners):
                listener(exchange)

    def listen(self, listener: Callable[[Exchange], None]) -> Callable[[], None]:
        """Call the listener for each finished exchange, until what is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def deliver(self, at: datetime, url: str, event: dict[str, Any], attempt: int, outcome: str) -> None:
        """Keep what became of an attempt to deliver an event."""
        if self.is_on:
            self._last_id += 1
            delivery = Delivery(self._last_id, at, url, event, attempt, outcome)
            self._append(delivery, delivery.kept_bytes)

    def clear(self) -> None:
        self._kept.clear()
        self._free(self._bytes)

    def shrink(self, bytes: int) -> int:
        """Drop the oldest entries until so many bytes are free, or none is left; returns the bytes."""
        before = self._bytes
        while self._kept and before - self._bytes < bytes:
            self._free(self._kept.popleft()[1])
        return before - self._bytes

    def _append(self, one: Exchange | Delivery, bytes: int) -> None:
        self._kept.append((one, bytes))
        self._bytes += bytes
        if self._bytes > self._most:
            self.shrink(self._bytes - self._most)
        if self._budget is not None:
            self._budget.journals += bytes
            self._budget.has_room()

    def _free(self, bytes: int) -> None:
        self._bytes -= bytes
        if self._budget is not None:
            self._budget.journals -= bytes


class Recorder:
    """ASGI middleware that writes the journal. `now` returns the time of day, `clock` monotonic seconds.

    `journal_of` finds the journal of a request. One that stores nothing costs a look-up.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        journal_of: Callable[[Scope], Journal],
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._app: Final = app
        self._journal_of: Final = journal_of
        self._now: Final = now
        self._clock: Final = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        journal = self._journal_of(scope)
        if not journal.is_on:
            await self._app(scope, receive, send)
            return
        exchange = journal.begin(self._now(), scope)
        begun = self._clock()

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status, exchange.headers = message["status"], message["headers"]
            else:
                body = message.get("body", b"")
                exchange.size += len(body)
                exchange.body += body[: MOST_BODY_BYTES - len(exchange.body)]
            await send(message)

        try:
            await self._app(scope, exchange.listening(receive), speak)
        finally:
            journal.keep(exchange, self._clock() - begun)
