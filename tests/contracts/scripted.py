"""A transport that answers from a script, and a clock that only moves when somebody sleeps."""

from collections.abc import Iterable

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.guard import Guard, Limits, Writing

Step = Answer | Exception


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
