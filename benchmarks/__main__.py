"""`make bench`: measures the mock against a bare server in the same run, and prints a table with targets."""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Connection, cost, latencies, request, resident_bytes

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "YOUR_API_TOKEN"
INVOICES_10_000 = ("--customers", "720", "--months", "14", "--items-per-invoice", "4")
ITEMS_1_000 = ("--customers", "10", "--months", "14", "--items-per-invoice", "10")
ITEMS_1_000_000 = ("--customers", "5300", "--months", "20", "--items-per-invoice", "10")
SECONDS_TO_START = 600.0
ROUNDS = 5
PAGES = 400


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, the figure as it is printed, its target, and whether it is met."""

    work: str
    figure: str
    target: str
    met: bool

    def __str__(self) -> str:
        return f"| {self.work:62} | {self.figure:>34} | {self.target:>14} | {'met' if self.met else 'MISSED':6} |"


@dataclass(frozen=True)
class Server:
    """A server in a process of its own. `started` is how long it took to its first answer, in seconds."""

    pid: int
    port: int
    started: float

    def ask(self, path: str) -> bytes:
        connection = Connection(self.port)
        status, body = connection.ask(request("GET", path, TOKEN))
        connection.close()
        if status != 200:
            raise RuntimeError(f"{status} for {path}: {body[:200]!r}")
        return body


@dataclass(frozen=True)
class Trial:
    """Requests that are sent to a server in turn, round after round."""

    server: Server
    requests: tuple[bytes, ...]


def compared(*trials: Trial) -> list[float]:
    """CPU seconds for a round of each trial; the least of a few tries, as other programs only ever add to it.

    The trials take turns, so that what else happens on the machine happens to all of them.
    """
    tries = [[cost(trial.server.pid, trial.server.port, trial.requests)[0] for trial in trials] for _ in range(ROUNDS)]
    return [min(taken) for taken in zip(*tries, strict=True)]


def main() -> int:
    """Runs the parts that are asked for, all by default. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)} (default: all)")
    chosen = parser.parse_args().parts or list(PARTS)
    print(_machine(), flush=True)
    print(f"| {'work':62} | {'figure':>34} | {'target':>14} | {'':6} |\n|{'-' * 64}|{'-' * 36}|{'-' * 16}|{'-' * 8}|")
    missed = 0
    for part in chosen:
        for line in PARTS[part]():
            print(line, flush=True)
            missed += not line.met
    return 1 if missed else 0


def _machine() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model, load = models[0].partition(": ")[2], os.getloadavg()[0]
    return f"{len(models)} × {model}, Python {platform.python_version()}, load before the run {load:.1f}"


@contextmanager
def running(*command: str) -> Iterator[Server]:
    """A server that takes the port as its last argument, from before its first answer until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    begun = time.perf_counter()
    process = subprocess.Popen([*command, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        path = "/1" if "benchmarks.floor" in command else "/api/invoices/"
        yield Server(process.pid, port, _first_answer(process, port, path, begun))
    finally:
        process.terminate()
        process.wait()


def _first_answer(process: subprocess.Popen[bytes], port: int, path: str, begun: float) -> float:
    while process.poll() is None and time.perf_counter() - begun < SECONDS_TO_START:
        try:
            connection = Connection(port)
            connection.ask(request("GET", path, TOKEN))
            connection.close()
            return time.perf_counter() - begun
        except ConnectionError:
            time.sleep(0.005)
    raise RuntimeError(f"no answer on port {port}")


def _floor() -> AbstractContextManager[Server]:
    return running(sys.executable, "-m", "benchmarks.floor")


def _mock(*arguments: str) -> AbstractContextManager[Server]:
    return running(sys.executable, "-m", "mock_server", "serve", *arguments, "--port")


def _get(path: str) -> bytes:
    return request("GET", path, TOKEN)


def _ready(bare: Server, *sizes: int) -> Trial:
    """Ready answers of so many bytes."""
    return Trial(bare, tuple(request("GET", f"/{size}") for size in sizes))


def _ratio(work: str, trial: Trial, base: Trial, most: float, what: str = "×") -> Line:
    seconds, least = compared(trial, base)
    figure = f"{seconds * 1e6:.0f} µs = {seconds / least:.1f} {what} ({least * 1e6:.0f} µs)"
    return Line(work, figure, f"≤ {most} {what}", seconds <= most * least)


def answers() -> Iterator[Line]:
    """Reads of a world of 10,000 invoices, against ready answers of the same sizes."""
    with _floor() as bare, _mock(*INVOICES_10_000) as mock:
        invoice = json.loads(mock.ask("/api/invoices/?page=3"))[0]["uuid"]
        item = json.loads(mock.ask("/api/invoice-items/?page=3"))[0]["uuid"]
        for path, most in (
            ("/api/invoices/?page_size=10", 2.5),
            ("/api/invoice-items/?page_size=10", 2.0),
            (f"/api/invoice-items/{item}/", 2.0),
            (f"/api/invoices/{invoice}/", 2.0),
        ):
            size = len(mock.ask(path))
            work = f"GET {path.replace(invoice, '{uuid}').replace(item, '{uuid}')} ({size / 1000:.0f} KB)"
            yield _ratio(work, Trial(mock, (_get(path),)), _ready(bare, size), most)
        # Answers to the same question are kept. Nobody asks for one page over and over: here are more than are kept.
        pages = [f"/api/invoices/?page_size=10&page={number}" for number in range(1, PAGES + 1)]
        size = sum(len(mock.ask(page)) for page in pages) // PAGES
        work = f"ten invoices, {PAGES} pages in turn ({size / 1000:.0f} KB)"
        yield _ratio(work, Trial(mock, tuple(map(_get, pages))), _ready(bare, *[size] * PAGES), 2.5)
        yield from _writes(mock, bare, invoice, item)
        yield _latency(mock)


def _writes(mock: Server, bare: Server, invoice: str, item: str) -> Iterator[Line]:
    """A write and the read that shows it, against two ready answers of the same sizes."""
    numbers = f"/api/invoices/{invoice}/set_reference_number/"
    for work, method, path, body, shown in (
        (
            "set_reference_number, then the invoice",
            "POST",
            numbers,
            {"reference_number": "RF18"},
            f"/api/invoices/{invoice}/",
        ),
        (
            "set_reference_number, then ten invoices",
            "POST",
            numbers,
            {"reference_number": "RF18"},
            "/api/invoices/?page=3",
        ),
        (
            "PATCH an item, then the item",
            "PATCH",
            f"/api/invoice-items/{item}/",
            {"article_code": "A"},
            f"/api/invoice-items/{item}/",
        ),
    ):
        sent = request(method, path, TOKEN, json.dumps(body).encode())
        size = len(mock.ask(shown))
        yield _ratio(work, Trial(mock, (sent, _get(shown))), _ready(bare, 80, size), 4.0)


def _latency(mock: Server) -> Line:
    sent = _get("/api/invoices/?page_size=10")
    _, rate = cost(mock.pid, mock.port, [sent])
    taken = latencies(mock.port, sent, rate / 2)
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    work = f"p99 at half of the greatest throughput ({rate:.0f} a second)"
    return Line(work, f"{p99 * 1e3:.2f} ms = {p99 / p50:.1f} × p50", "< 10 × p50", p99 < 10 * p50)


def scale() -> Iterator[Line]:
    """The same questions to a world of a thousand items and to one of a million."""
    with _mock(*ITEMS_1_000) as small, _mock(*ITEMS_1_000_000) as large:
        yield Line(
            "seeding 1,000,000 items until the first answer", f"{large.started:.0f} s", "< 60 s", large.started < 60
        )
        grown = (resident_bytes(large.pid) - resident_bytes(small.pid)) / 1e6
        yield Line("memory an item", f"{grown * 1000:.0f} bytes", "< 1500 bytes", grown < 1.5)
        for path in _LISTS:
            yield _ratio(path, _named(large, path), _named(small, path), 2.0, "× small")
        for path in _FIGURES:
            (seconds,) = compared(_named(large, path))
            yield Line(path, f"{seconds * 1e3:.2f} ms", "< 5 ms", seconds < 0.005)


_LISTS = (
    "/api/invoices/",
    "/api/invoices/?page=last",
    "/api/invoices/?customer_uuid={customer_uuid}",
    "/api/invoices/?year=2025&month=10",
    "/api/invoices/?state=paid&page=3",
    "/api/invoice-items/?page=last",
    "/api/invoice-items/?customer_uuid={customer_uuid}&page=2",
    "/api/invoice-items/?year=2025&month=10&page=3",
    "/api/invoice-items/?project_uuid={project_uuid}&page=2",
    "/api/invoice-items/?resource_uuid={resource_uuid}",
    "/api/provider-invoice-items/?customer_uuid={customer_uuid}",
)
_FIGURES = (
    "/api/invoice-items/total_price/",
    "/api/invoice-items/total_price/?customer_uuid={customer_uuid}",
    "/api/invoice-items/costs/?project_uuid={project_uuid}",
    "/api/invoice-items/customer_costs_for_period/?customer_uuid={customer_uuid}",
    "/api/invoice-items/project_costs_for_period/?project_uuid={project_uuid}",
    "/api/invoices/{invoice_uuid}/stats/",
    "/api/invoices/growth/",
)


def _named(server: Server, path: str) -> Trial:
    """The request for a path; the names in it are those of rows of the server's own world."""
    return Trial(server, (_get(path.format(**_names(server))),))


def _names(server: Server) -> dict[str, str]:
    """Rows of the last customer: what it bought in October."""
    invoice = json.loads(server.ask("/api/invoices/?page=last&year=2025&month=10"))[-1]
    item = next(item for item in invoice["items"] if "resource_uuid" in item)
    names = {"customer_uuid": invoice["customer"].rstrip("/").rpartition("/")[2], "invoice_uuid": invoice["uuid"]}
    return {**names, "project_uuid": item["project_uuid"], "resource_uuid": item["resource_uuid"]}


def start() -> Iterator[Line]:
    """From the start of the process to the first answer, the second time."""
    bare, mock = (min(_started(make) for _ in range(4)) for make in (_floor, _mock))
    figure = f"{mock * 1e3:.0f} ms = {mock / bare:.1f} × bare ({bare * 1e3:.0f} ms)"
    yield Line("start to the first 200, default world", figure, "< 3 × bare", mock < 3 * bare)


def _started(make: Callable[[], AbstractContextManager[Server]]) -> float:
    with make() as server:
        return server.started


PARTS: Mapping[str, Callable[[], Iterator[Line]]] = {"answers": answers, "scale": scale, "start": start}


if __name__ == "__main__":
    sys.exit(main())
