"""How far a recording is: a bar where somebody looks, lines where nobody does, and the time left."""

import io

from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.mock_server.recording.progress import Progress

SENT = Request("GET", "/api/invoices/")


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that are told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bar_grows_and_the_time_left_shrinks() -> None:
    clock, stream = Clock(), Terminal()
    progress = Progress(stream, clock, rate=0)
    progress.step("invoices", 4)
    lines = []
    for _ in range(4):
        clock.seconds += 10
        progress.sent(SENT)
        lines.append(progress.line())
    progress.end()

    assert [line.count("█") for line in lines] == [6, 12, 18, 24]
    assert [line.partition("requests, ")[2] for line in lines] == [
        "30 seconds left for them",
        "20 seconds left for them",
        "10 seconds left for them",
        "0 seconds left for them",
    ]
    assert "invoices: 4 of about 4 requests" in lines[-1]
    assert stream.getvalue().startswith("\r")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_the_time_left_heeds_the_limit_of_requests() -> None:
    progress = Progress(Terminal(), Clock(), rate=5)
    progress.step("items", 601)
    progress.sent(SENT)

    assert progress.line().endswith("2 minutes left for them")


def test_where_nobody_looks_a_line_is_written_every_ten_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock, rate=0)
    progress.step("items", 30)
    for _ in range(30):
        clock.seconds += 1
        progress.sent(SENT)
    progress.waiting(5)

    lines = stream.getvalue().splitlines()
    assert [line.partition(":")[2].partition(" of")[0].strip() for line in lines[:-1]] == ["10", "20", "30"]
    assert lines[-1] == "the server asks to wait for 5 seconds"
    assert "\r" not in stream.getvalue()
