"""Transports that answer from a script or by address, and a clock that only moves when somebody sleeps."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.guard import ANY, Guard, Identity, Limits, Writing
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.contracts.target import Target

Step = Answer | Exception
STAFF: Final = Identity("staff", "1" * 40)
OWNER: Final = Identity("owner", "2" * 40)


def answer(status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"[]") -> Answer:
    """An answer that took no time."""
    return Answer(status, {"content-type": "application/json", **(headers or {})}, body, 0.0)


class ScriptedTransport:
    """Gives one step after the other, then the last one again; remembers what was sent with which token."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self._steps = list(steps)

    def carry(self, request: Request, token: str) -> Answer:
        self.sent.append((request.method, request.target, token))
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, Exception):
            raise step
        return step


class Clock:
    """Seconds since the beginning of the test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def guarded(
    *steps: Step, writing: Writing | None = None, limits: Limits | None = None
) -> tuple[Guard, ScriptedTransport, Clock]:
    """A guard before a scripted transport."""
    transport, clock = ScriptedTransport(steps or (answer(),)), Clock()
    guard = Guard(transport, writing or Writing(), limits or Limits(), clock, clock.sleep)
    return guard, transport, clock


class Site:
    """Answers by path and query, where an answer or a function of the request is given, and else always the same.

    Remembers what was sent, and by whom.
    """

    def __init__(self, otherwise: Answer) -> None:
        self.sent: list[Request] = []
        self.tokens: list[str] = []
        self.answers: dict[str, Answer | Callable[[Request], Answer]] = {}
        self.otherwise = otherwise

    def carry(self, request: Request, token: str) -> Answer:
        self.sent.append(request)
        self.tokens.append(token)
        found = self.answers.get(request.target, self.otherwise)
        return found if isinstance(found, Answer) else found(request)

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.sent]


def target_of(site: Site, clock: datetime | None = None, *others: Identity) -> Target:
    """The site as a target: staff asks it by default, an owner or others may ask it, too, and all may write."""
    timer, identities = Clock(), {one.role: one for one in (STAFF, OWNER, *others)}
    guard = Guard(site, Writing(True, {ANY}, {ANY}), Limits(), timer, timer.sleep)
    return Target("site", "http://site", guard, identities, STAFF, {}, False, _renew, clock)


def context_of(site: Site, *others: Identity, forgives: bool = True, clock: datetime | None = None) -> Context:
    """A context that asks the site, which forgives known deviations or knows none."""
    documents = describe("documents")
    target = target_of(site, clock, *others)
    other, known = (describe("documents", "wire"), catalogue(documents)) if forgives else (None, None)
    return Context(documents, other, known, target, PROFILES["quick"], 1, Ledger(), slow_from=10.0)


def _renew() -> None:
    """Nothing is to be brought back."""
