"""How far a recording is: one line that changes where somebody looks, else a line every ten seconds."""

from collections.abc import Callable
from typing import Final, TextIO

from waldur_billing_mock.contracts.exchange import Request

_BAR: Final = 24
_SECONDS_BETWEEN_LINES: Final = 10.0
_WIDTH: Final = 110


class Progress:
    """Counts requests and what was expected of each step. `clock` gives seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], rate: float) -> None:
        self._stream: Final = stream
        self._clock: Final = clock
        self._rate: Final = rate
        self._started: Final = clock()
        self._told = self._started
        self._looked_at: Final = stream.isatty()
        self._what = ""
        self._sent = 0
        self._expected = 0
        self._end_of_step = 0

    def step(self, what: str, requests: int) -> None:
        """A step begins, or goes on with so many more requests."""
        if what != self._what:
            self._what, self._expected = what, self._sent
        self._expected = max(self._expected, self._sent) + requests

    def sent(self, request: Request) -> None:
        """A request is about to leave."""
        self._sent += 1
        self._expected = max(self._expected, self._sent)
        if self._looked_at:
            self._stream.write(f"\r\x1b[K{self.line()}"[:_WIDTH])
            self._stream.flush()
        elif self._clock() - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = self._clock()
            self._stream.write(f"{self.line()}\n")
            self._stream.flush()

    def waiting(self, seconds: float) -> None:
        """The server asks to wait."""
        if seconds >= 1:
            self._stream.write(f"the server asks to wait for {seconds:.0f} seconds\n")
            self._stream.flush()

    def end(self) -> None:
        """Clear the line that changes."""
        if self._looked_at:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def line(self) -> str:
        """What is read, how many requests were made of how many, and the time left for what is being read."""
        done = self._sent / max(1, self._expected)
        bar = "█" * round(done * _BAR) + "·" * (_BAR - round(done * _BAR))
        return f"{bar} {self._what}: {self._sent} of about {self._expected} requests, {self._left()} left for them"

    def _left(self) -> str:
        passed = self._clock() - self._started
        pace = max(passed / max(1, self._sent), 1 / self._rate if self._rate else 0.0)
        seconds = (self._expected - self._sent) * pace
        return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
