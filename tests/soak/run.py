"""`python -m tests.soak.run`: random traffic on a served mock, whose memory stays flat and whose figures stay right."""

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.serving import Mock, serving
from tests.soak.traffic import Request, Totals, Traffic, send_all
from tests.soak.truth import check_figures, check_journal

PROGRAM: Final = (sys.executable, "-m", "tests.soak.server")
CLIENTS: Final = 50
JOURNALED: Final = 20_000
"""Requests of which the journal of a truth test has room."""
MOST_GROWTH: Final = 40
"""MB by which the memory may grow after the first third, in which caches fill."""
_BATCH: Final = 2_000
"""Requests between two resets in a soak: a world that grows takes memory, and rightly so."""


def megabytes(mock: Mock) -> float:
    """The memory that the server holds."""
    pages = int(Path(f"/proc/{mock.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def until(seconds: float, most: int, draw: Callable[[], Request]) -> Callable[[], Request | None]:
    """Draws for so many seconds, and at most so many requests."""
    end, number = time.monotonic() + seconds, itertools.count()
    return lambda: draw() if time.monotonic() < end and next(number) < most else None


def under_load(seconds: float, seed: int) -> str:
    """50 clients write at random; afterwards the figures agree with the items and the journal with the world.

    Returns what was done. Raises `AssertionError`.
    """
    traffic = Traffic(seed)
    draws = itertools.cycle([traffic.write, traffic.write, traffic.write, traffic.nonsense, traffic.read])
    with serving("--journal-bytes", "2000000000", program=PROGRAM) as mock:
        totals = asyncio.run(send_all(mock.url, CLIENTS, until(seconds, JOURNALED, lambda: next(draws)())))
        _must_be_sound(totals)
        writes = check_journal(mock)
        items = check_figures(mock)
    return (
        f"{totals.answers:,} answers to {CLIENTS} clients, {writes:,} writes repeated, figures of {items} items agree"
    )


def soak(seconds: float, seed: int, most: int) -> str:
    """Random traffic of all kinds; memory stays flat, figures stay right.

    Returns what was done. Raises `AssertionError`.
    """
    traffic, answers = Traffic(seed), 0
    sizes: list[tuple[float, float]] = []
    with serving(program=PROGRAM) as mock:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds and answers < most:
            totals = asyncio.run(send_all(mock.url, CLIENTS, until(seconds, _BATCH, traffic.any)))
            _must_be_sound(totals)
            answers += totals.answers
            mock.reset()
            sizes.append((time.monotonic() - begun, megabytes(mock)))
        items = check_figures(mock)
    passed = sizes[-1][0]
    early = max(size for at, size in sizes if at <= max(passed / 3, sizes[0][0]))
    late = max(size for _, size in sizes)
    assert late - early <= MOST_GROWTH, f"memory grew from {early:.0f} to {late:.0f} MB: {sizes}"
    return f"{answers:,} answers, {early:.0f} MB after a third, at most {late:.0f} MB, figures of {items} items agree"


def _must_be_sound(totals: Totals) -> None:
    assert not totals.faults, totals.faults[:5]
    assert totals.statuses[200], totals.statuses


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where everything holds, 1 where not."""
    parser = argparse.ArgumentParser(prog="make soak", description="Lets random traffic run on a served mock.")
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: %(default)s)")
    parser.add_argument("--load-seconds", type=float, default=60, help="of writes by 50 clients (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="draws the same requests again (default: %(default)s)")
    given = parser.parse_args(arguments)
    try:
        print(f"load: {under_load(given.load_seconds, given.seed)}", flush=True)
        print(f"soak: {soak(given.seconds, given.seed, 10**9)}", flush=True)
    except AssertionError as error:
        print(f"FAULT: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
