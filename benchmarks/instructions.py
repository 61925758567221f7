"""Instructions that a server executes for an answer: they do not depend on what else runs on the machine.

valgrind counts them, in user mode: what the kernel does is left out, and a copy of memory counts for its bytes.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.answers import label_of, patch_of, request_of
from benchmarks.load import CONNECTIONS, Connection
from benchmarks.measuring import Line
from benchmarks.servers import Server, get, running

REQUESTS = 120
WRITTEN = 20
_MOCK = ("waldur_billing_mock.mock_server", "serve")
_SERVERS: Mapping[str, Sequence[str]] = {
    "bare": ("benchmarks.floor",),
    "alone": ("benchmarks.alone",),
    "off": (*_MOCK, "--quiet", "--journal-mb", "0", "--port"),
    "journal": (*_MOCK, "--quiet", "--port"),
    "usual": (*_MOCK, "--port"),
}
"""The API without anything around it, with sessions and faults, with the journal, and as it is served usually."""


def instructions() -> Iterator[Line]:
    """All rows of this part."""
    if shutil.which("valgrind") is None:
        yield Line("instructions of an answer", "valgrind is not installed", "", None)
        return
    with TemporaryDirectory() as folder, ExitStack() as stack:
        counters = {name: stack.enter_context(_counted(Path(folder), words)) for name, words in _SERVERS.items()}
        usual = counters["usual"]
        for name, paths in _reads(usual.server).items():
            sizes = [len(usual.server.ask(path)) for path in paths]
            bare = counters["bare"].of([get(f"/{size}") for size in sizes])
            taken = {kind: counters[kind].of(list(map(get, paths))) for kind in ("alone", "off", "journal", "usual")}
            yield _line(f"GET {name}", taken["usual"], bare, 4 if "?" in name else 2.5, "× bare")
            yield _line(f"GET {name}, all off", taken["off"], taken["alone"], 1.03, "× alone")
            yield _line(f"GET {name}, journal on", taken["journal"], taken["alone"], 1.3, "× alone")
        yield from _writes(usual, bare)


def _writes(usual: "_Counter", bare: float) -> Iterator[Line]:
    rows = [row for row in usual.server.read("/api/invoices/?page_size=100") if row["items"]][:WRITTEN]
    works = {
        "set_reference_number": [label_of(row, f"/api/invoices/{row['uuid']}/") for row in rows],
        "PATCH the price of an item": [patch_of(row, "unit_price", "1.5") for row in rows],
    }
    for name, writes in works.items():
        requests = [request_of(write.steps[0]) for each in writes for write in each]
        yield _line(name, usual.of(requests), bare, 7.5, "× bare")


def _reads(server: Server) -> Mapping[str, list[str]]:
    invoices = server.read("/api/invoices/?page_size=100")
    return {
        "/api/invoices/?page_size=10": [f"/api/invoices/?page_size=10&page={number}" for number in range(1, 13)],
        "/api/invoice-items/?page_size=10": [f"/api/invoice-items/?page_size=10&page={n}" for n in range(1, 41)],
        "/api/invoices/{uuid}/": [f"/api/invoices/{row['uuid']}/" for row in invoices],
    }


def _line(work: str, taken: float, base: float, most: float, what: str) -> Line:
    figure = f"{taken / 1000:.0f} k = {taken / base:.2f} {what} ({base / 1000:.0f} k)"
    return Line(f"instructions: {work}", figure, f"≤ {most} {what}", taken <= most * base)


class _Counter:
    """Counts the instructions of a server that valgrind runs."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self._folder = folder

    def of(self, requests: Sequence[bytes]) -> float:
        """For one of the requests. All are sent once before, so that what is cached is cached."""
        connections = [Connection(self.server.port) for _ in range(CONNECTIONS)]
        self._send(connections, requests)
        self._control("-i", "on")
        self._control("-z")
        number = self._send(connections, requests)
        time.sleep(0.5)  # The log is written by a thread, a little later.
        self._control("-d")
        self._control("-i", "off")
        for connection in connections:
            connection.close()
        dumps = list(self._folder.glob(f"{self.server.pid}*"))
        counts = [re.findall(r"^(?:summary|totals): (\d+)", dump.read_text(), re.MULTILINE) for dump in dumps]
        for dump in dumps:
            dump.unlink()
        return max(int(found[-1]) for found in counts if found) / number

    def _send(self, connections: Sequence[Connection], requests: Sequence[bytes]) -> int:
        """Sends at least so many requests in turn, by all connections at a time, and returns how many."""
        for start in range(0, REQUESTS, len(connections)):
            for place, connection in enumerate(connections, start):
                connection.send(requests[place % len(requests)])
            for connection in connections:
                if connection.receive().status >= 400:
                    raise RuntimeError("a request of the benchmark was refused")
        return -(-REQUESTS // len(connections)) * len(connections)

    def _control(self, *words: str) -> None:
        subprocess.run(["callgrind_control", *words, str(self.server.pid)], check=True, capture_output=True)


@contextmanager
def _counted(folder: Path, words: Sequence[str]) -> Iterator[_Counter]:
    """A server under valgrind, which counts nothing yet."""
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/%p"]
    path = "/1" if "floor" in words[0] else "/api/invoices/"
    with running([*valgrind, sys.executable, "-m", *words], path) as server:
        yield _Counter(server, folder)
