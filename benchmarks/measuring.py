"""Trials, the comparison of them, and the lines of the table that is printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.load import Round, cost
from benchmarks.servers import Server, get

SLICES = 60
SLICE_SECONDS = 0.06
_WORK, _FIGURE, _TARGET = 86, 36, 14


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, the figure as it is printed, its target, and whether it is met.

    None is for what could not be measured.
    """

    work: str
    figure: str
    target: str
    met: bool | None

    def __str__(self) -> str:
        met = {True: "met", False: "MISSED", None: "not measured"}[self.met]
        return f"| {self.work:{_WORK}} | {self.figure:>{_FIGURE}} | {self.target:>{_TARGET}} | {met:12} |"

    @staticmethod
    def head() -> str:
        """The two lines above the rows."""
        titles = f"| {'work':{_WORK}} | {'figure':>{_FIGURE}} | {'target':>{_TARGET}} | {'':12} |"
        return f"{titles}\n|{'-' * (_WORK + 2)}|{'-' * (_FIGURE + 1)}:|{'-' * (_TARGET + 1)}:|{'-' * 14}|"


@dataclass(frozen=True)
class Workload:
    """Rounds of requests that are sent to a server in turn."""

    server: Server
    rounds: tuple[Round, ...]


def reading(server: Server, paths: Iterable[str]) -> Workload:
    """Asks for one path after the other."""
    return Workload(server, tuple((get(path),) for path in paths))


def compared(*workloads: Workload) -> list[tuple[float, ...]]:
    """CPU seconds for a round of each workload, in many short slices in which the workloads take turns.

    What else happens on the machine mostly lasts longer than a slice, and so happens to all of them.
    """
    slices = [
        tuple(cost(work.server.pid, work.server.port, work.rounds, SLICE_SECONDS)[0] for work in workloads)
        for _ in range(SLICES + 1)
    ]
    return slices[1:]  # The first one fills caches.


def medians(slices: Iterable[tuple[float, ...]]) -> list[float]:
    """The median of the CPU seconds of each workload, over all slices."""
    return [median(seconds) for seconds in zip(*slices, strict=True)]


def ratio(
    work: str, workload: Workload, base: Workload, most: float, what: str = "×", *, parts: int = 1, places: int = 1
) -> Line:
    """A workload as a multiple of another one; the figure is that of one of the parts of a round."""
    slices = compared(workload, base)
    times = median(one / other for one, other in slices)
    seconds, of_base = (each / parts for each in medians(slices))
    figure = f"{seconds * 1e6:.0f} µs = {times:.{places}f} {what} ({of_base * 1e6:.0f} µs)"
    return Line(work, figure, f"≤ {most} {what}", times <= most)
