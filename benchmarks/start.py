"""How long a server takes from the start of its process to its first answer, the second time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from benchmarks.measuring import Line
from benchmarks.servers import Server, floor, mock

TRIES = 6


def start() -> Iterator[Line]:
    """All rows of this part. The two servers take turns, and the least of the tries counts."""
    tries = [(_started(floor), _started(mock)) for _ in range(TRIES)]
    bare, full = (min(taken) for taken in zip(*tries, strict=True))
    figure = f"{full * 1e3:.0f} ms = {full / bare:.1f} × bare ({bare * 1e3:.0f} ms)"
    yield Line("start to the first 200, default world", figure, "< 3 × bare", full < 3 * bare)


def _started(make: Callable[[], AbstractContextManager[Server]]) -> float:
    with make() as server:
        return server.started
