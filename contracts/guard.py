"""The guard: every request of the suite leaves through `Guard.send`, and what it forbids cannot be sent.

Reading is always allowed, writing only where a `Writing` says so. The guard also keeps the rate, the budget and the
deadline of the run, honours Retry-After within limits, stops at a burst of failures, repeats reads that the network
lost, and adds the credentials, which are known nowhere above it. It never follows a redirect, so no token reaches
another host. Undoing goes beyond budget and deadline and is tried in spite of failures: a target that is left changed
is worse than a few requests more.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.values import Malformed, identifier, parse

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ANY: Final = "any"
_WRITABLE: Final = re.compile(r"/api/(invoices|invoice-items)/([0-9a-fA-F-]{32,36})/(?:[a-z_]+/)?\Z")
_IDENTIFIER: Final = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}|\d+")
_TARGET: Final = re.compile(r"/[!-~]*\Z")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_GATEWAY: Final = (502, 503, 504)
"""What a proxy answers in the place of a server that it did not reach."""
_BURST: Final = 12
_PATHS_OF_A_BURST: Final = 3
_LONGEST_WAIT: Final = 120.0


class CannotAsk(Exception):
    """A request that was not answered, for a reason that says nothing about the contract."""


class Refused(CannotAsk):
    """A request that the guard does not let out."""


class BudgetSpent(CannotAsk):
    """The number of requests, or the time, that was allowed is used up."""


class Stopped(CannotAsk):
    """The target is in trouble and is left alone."""


class Unreachable(CannotAsk):
    """No answer came, after all repetitions that are allowed."""


class TooLarge(CannotAsk):
    """An answer that is larger than anything that is judged."""


class TokenRejected(CannotAsk):
    """A token that was good before is good no longer."""


class Lost(Exception):
    """No whole answer came; the text says why. `repeatable` says whether asking again might help."""

    def __init__(self, why: str, *, repeatable: bool = True) -> None:
        super().__init__(why)
        self.repeatable: Final = repeatable


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who asks: a role and a token, which is shown nowhere. Without a token: anonymous."""

    role: str
    token: str = field(default="", repr=False)


@dataclass(slots=True)
class Writing:
    """What may be written to. `invoices` and `items` hold identifiers of 32 digits, or the word `any`.

    Objects that the run creates are added by those who create them.
    """

    allowed: bool = False
    invoices: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    everything: bool = False

    def permits(self, request: Request) -> bool:
        """Whether a request may leave."""
        if request.method in READING or self.everything:
            return True
        match = _WRITABLE.match(request.path)
        if not self.allowed or match is None:
            return False
        named = self.invoices if match[1] == "invoices" else self.items
        return _is_named(match[2], named) and self._permits_target(request)

    def _permits_target(self, request: Request) -> bool:
        """An item may only move to an invoice that may be written to as well."""
        if not request.path.endswith("/migrate_to/") or not request.body:
            return True
        try:
            body = parse(request.body)
        except Malformed:
            return False
        target = body.get("invoice") if isinstance(body, dict) else None
        return target is None or _is_named(str(target).rstrip("/").rpartition("/")[2], self.invoices)


class Transport(Protocol):
    """What carries a request to the target and back. Raises `Lost` or `TooLarge`."""

    def carry(self, request: Request, token: str) -> Answer:
        """The answer of the target."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How gently the target is asked. `rate` is in requests a second, 0 for no limit; None means no limit.

    `seconds` is the time of the whole run, `waits` the time that Retry-After may cost in all.
    """

    rate: float = 0.0
    budget: int | None = None
    seconds: float | None = None
    waits: float = 300.0
    repetitions: int = 2
    stops_at_bursts: bool = True
    hides_control_characters: bool = False


class Guard:
    """The only way out. `clock` gives seconds, `sleep` waits for some; `waiting` is called with the seconds."""

    def __init__(
        self,
        transport: Transport,
        writing: Writing,
        limits: Limits,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.writing: Final = writing
        self.sent = 0
        self.changes = 0
        self.refused: Final[list[str]] = []
        self.rejected: Final[set[str]] = set()
        self.waiting: Callable[[float], None] = lambda seconds: None
        self.server_time: datetime | None = None
        self._transport: Final = transport
        self._limits: Final = limits
        self._clock: Final = clock
        self._sleep: Final = sleep
        self._started: Final = clock()
        self._next = 0.0
        self._waited = 0.0
        self._troubles: Final[deque[str]] = deque(maxlen=_BURST * 4)
        self._accepted: Final[dict[str, Request]] = {}
        self._stopped = ""
        self._undoing = False
        self._writes = False
        self._answered = False
        self._interrupted = ""

    def interrupt(self, why: str) -> bool:
        """Lets no further request leave but those that undo changes; False while a change is on its way."""
        self._interrupted = why
        return not (self._undoing or self._writes)

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """While changes are undone, neither budget nor deadline nor earlier failures keep a request from leaving."""
        self._undoing = True
        try:
            yield
        finally:
            self._undoing = False

    def send(self, request: Request, identity: Identity) -> Answer:
        """The answer to a request that may leave; everything else raises a `CannotAsk`."""
        why = ""
        if not self.writing.permits(request):
            why = f"{request.method} is not allowed on {request.path}"
        elif not self._is_well_formed(request):
            why = "the path holds control characters, which could forge lines of the server's log"
        if why:
            self.refused.append(f"{request.method} {request.path}")
            raise Refused(why)
        if identity.role in self.rejected:
            raise TokenRejected(f"the token of the role {identity.role} is not accepted any more")
        answer = self._patiently(request, identity)
        if request.method not in READING and not 400 <= answer.status < 500:
            self.changes += 1
        self._judge_token(request, identity, answer)
        return answer

    def _is_well_formed(self, request: Request) -> bool:
        """A server that logs decoded paths must not find line breaks in them."""
        if not _TARGET.match(request.target):
            return False
        return not (self._limits.hides_control_characters and _CONTROL.search(unquote_to_bytes(request.path)))

    def _patiently(self, request: Request, identity: Identity) -> Answer:
        """Repeats what may be repeated: reads that were lost or put off, and writes that were put off."""
        for attempt in range(self._limits.repetitions + 1):
            last = attempt == self._limits.repetitions
            try:
                answer = self._once(request, identity)
            except Lost as error:
                if not self._answered:
                    self._stopped = f"no answer to {request.method} {request.path}: {error}"
                    raise Unreachable(self._stopped) from None
                if last or not error.repeatable or request.method not in READING:
                    raise Unreachable(f"no answer to {request.method} {request.path}: {error}") from None
                self._sleep(float(2**attempt))
                continue
            wait = self._retry_after(answer)
            if wait is None and answer.status in _GATEWAY and request.method in READING and not last:
                self._sleep(float(2**attempt))
                continue
            # 429 says that nothing was done; what a server was doing when it says 503, nobody knows.
            if wait is None or (answer.status != 429 and request.method not in READING):
                return answer
            self._wait(wait)
            if last:
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        """Puts the next request off. Raises `Stopped` where that takes too long."""
        if seconds > _LONGEST_WAIT or self._waited + seconds > self._limits.waits:
            self._stopped = f"the target asks to wait for {seconds:.0f} seconds"
            raise Stopped(self._stopped)
        self._waited += seconds
        self._next = max(self._next, self._clock() + seconds)
        self.waiting(seconds)

    def _once(self, request: Request, identity: Identity) -> Answer:
        if not self._undoing:
            self._must_go_on()
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
            now = self._next
        if self._limits.rate:
            self._next = now + 1 / self._limits.rate
        self.sent += 1
        self._writes = request.method not in READING
        try:
            answer = self._transport.carry(request, identity.token)
        finally:
            self._writes = False
        self._answered = True
        self._watch(request, answer)
        return answer

    def _must_go_on(self) -> None:
        if self._interrupted:
            raise Stopped(self._interrupted)
        if self._stopped:
            raise Stopped(self._stopped)
        if self._limits.budget is not None and self.sent >= self._limits.budget:
            raise BudgetSpent(f"the budget of {self._limits.budget} requests is spent")
        if self._limits.seconds is not None and self._clock() - self._started > self._limits.seconds:
            raise BudgetSpent(f"the time of {self._limits.seconds:.0f} seconds is spent")

    def _watch(self, request: Request, answer: Answer) -> None:
        """Counts failures in a row. One path that always fails is a defect; several at once are an outage."""
        sent = _moment(answer.headers.get("date", ""))
        if sent is not None:
            self.server_time = sent
        if answer.status < 500 and answer.status != 429:
            self._troubles.clear()
            return
        self._troubles.append(_IDENTIFIER.sub("*", request.path))
        several = len(set(self._troubles)) >= _PATHS_OF_A_BURST
        if self._limits.stops_at_bursts and len(self._troubles) >= _BURST and several:
            self._stopped = f"the last {len(self._troubles)} answers were failures ({answer.status})"

    def _judge_token(self, request: Request, identity: Identity, answer: Answer) -> None:
        """A 401 for a token that was accepted before: of one operation, or has the token expired?"""
        if not identity.token:
            return
        if answer.status != 401:
            if request.method == "GET" and answer.status == 200:
                self._accepted.setdefault(identity.role, request)
            return
        known = self._accepted.get(identity.role)
        if known is not None and self._patiently(known, identity).status == 401:
            self.rejected.add(identity.role)
            raise TokenRejected(f"the token of the role {identity.role} is not accepted any more")

    def _retry_after(self, answer: Answer) -> float | None:
        """The seconds that the target asks to wait; 1 where a 429 does not say. None where it does not ask."""
        if answer.status not in (429, 503):
            return None
        text = answer.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,12}", text):
            return float(text)
        until = _moment(text)
        if until is not None:
            now = _moment(answer.headers.get("date", "")) or until
            return max(0.0, (until - now).total_seconds())
        return 1.0 if answer.status == 429 else None


def _is_named(text: str, named: set[str]) -> bool:
    """Whether an identifier is named; a text that is none never is, not even where any object is."""
    try:
        digits = identifier(text.lower())
    except Malformed:
        return False
    return ANY in named or digits in named


def _moment(text: str) -> datetime | None:
    """The moment that a date of HTTP names."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
