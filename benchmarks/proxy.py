"""What `waldur-mock proxy` adds to an answer, against a bare proxy on httpx and against no proxy at all."""

import sys
import time
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.load import Connection
from benchmarks.measuring import Line, ratio, reading
from benchmarks.servers import Server, get, mock, running

TRIES = 7
ASKED = 120
"""Requests of a try, one after the other."""
MOST_MILLISECONDS = 2.0
MOST_TIMES = 1.3
_MODULE = "waldur_billing_mock.mock_server"


def proxy() -> Iterator[Line]:
    """All rows of this part. The server is a mock in the wire dialect, whose answers differ most from the documents."""
    with mock("--wire", "--revision", "8.1.3", "--quiet") as server:
        address = f"http://127.0.0.1:{server.port}"
        bare = [sys.executable, "-m", "benchmarks.bare_proxy", address]
        judging = [sys.executable, "-m", _MODULE, "proxy", address, "--revision", "8.1.3", "--quiet", "--port"]
        with running(bare, "/api/invoices/") as least, running(judging, "/api/invoices/") as full:
            pages = [server.read(f"/api/invoice-items/?page_size=300&page={page}") for page in (1, 2, 3)]
            uuids = [row["uuid"] for page in pages for row in page]
            invoices = [row["uuid"] for row in server.read("/api/invoices/?page_size=100")]
            works: dict[str, list[str]] = {
                "one item, each new to the judge": [f"/api/invoice-items/{uuid}/" for uuid in uuids],
                "one invoice with its items, a hundred in turn": [f"/api/invoices/{uuid}/" for uuid in invoices],
                "ten invoices, the same": ["/api/invoices/?page_size=10"],
            }
            for work, paths in works.items():
                size = sum(len(server.ask(path)) for path in paths) / len(paths) / 1000
                yield from _latency(f"{work} ({size:.0f} KB)", paths, server, least, full)
            yield _cost(works, least, full)


def _latency(work: str, paths: Sequence[str], server: Server, least: Server, full: Server) -> Iterator[Line]:
    """The median time of an answer, one request after the other; the three take turns, request by request."""
    requests = [get(path) for path in paths]
    starts = [number * len(requests) // TRIES for number in range(TRIES)]
    tries = [_medians(requests[start:] + requests[:start], [server, least, full]) for start in starts]
    direct, bare, judged = (min(taken) for taken in zip(*tries, strict=True))
    added = (judged - direct) * 1e3
    figure = f"{added:.2f} ms ({judged * 1e3:.2f} - {direct * 1e3:.2f} ms)"
    yield Line(f"added to {work}", figure, f"< {MOST_MILLISECONDS} ms", added < MOST_MILLISECONDS)
    figure = f"{judged * 1e3:.2f} ms = {judged / bare:.2f} × ({bare * 1e3:.2f} ms)"
    yield Line("the same, against a bare proxy", figure, f"< {MOST_TIMES} ×", judged < MOST_TIMES * bare)


def _medians(requests: Sequence[bytes], servers: Sequence[Server]) -> list[float]:
    connections = [Connection(server.port) for server in servers]
    taken: list[list[float]] = [[] for _ in servers]
    for number in range(ASKED):
        sent = requests[number % len(requests)]
        for times, connection in zip(taken, connections, strict=True):
            begun = time.perf_counter()
            connection.ask(sent)
            times.append(time.perf_counter() - begun)
    for connection in connections:
        connection.close()
    return [median(times) for times in taken]


def _cost(works: dict[str, list[str]], least: Server, full: Server) -> Line:
    paths = [path for of_work in works.values() for path in of_work]
    return ratio(
        "CPU time of the proxy's process, all of these", reading(full, paths), reading(least, paths), MOST_TIMES
    )
