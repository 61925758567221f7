"""Reads and writes of a world of 10,000 invoices, against ready answers of the same sizes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.load import cost, in_session, latencies, request
from benchmarks.measuring import Line, Workload, ratio, reading
from benchmarks.servers import TOKEN, Server, floor, mock

INVOICES_10_000 = ("--customers", "720", "--months", "14", "--items-per-invoice", "4")
QUESTIONS = 400
"""Different ones in turn."""
WRITTEN = 64
"""Rows that writes go to in turn."""
LATENCY_TRIES = 3


def answers() -> Iterator[Line]:
    """All rows of this part."""
    with floor() as bare, mock(*INVOICES_10_000) as server:
        invoices = [row["uuid"] for row in _rows(server, "/api/invoices/")]
        items = [row["uuid"] for row in _rows(server, "/api/invoice-items/")]
        numbers = range(1, QUESTIONS + 1)
        pages = [f"/api/invoices/?page_size=10&page={number}" for number in numbers]
        reads: Mapping[str, tuple[list[str], float]] = {
            "/api/invoices/?page_size=10": (pages, 2.2),
            "/api/invoice-items/?page_size=10": ([f"/api/invoice-items/?page_size=10&page={n}" for n in numbers], 2.2),
            "/api/invoice-items/{uuid}/": ([f"/api/invoice-items/{uuid}/" for uuid in items], 2.0),
            "/api/invoices/{uuid}/": ([f"/api/invoices/{uuid}/" for uuid in invoices], 2.0),
        }
        for name, (paths, most) in reads.items():
            sizes = [len(server.ask(path)) for path in paths]
            work = f"GET {name} ({sum(sizes) / len(sizes) / 1000:.0f} KB)"
            yield ratio(f"{work}, {QUESTIONS} of them in turn", *_against(server, bare, paths, sizes), most)
        yield from _writes(server, bare)
        yield from _elsewhere(server, pages)
        yield _latency(server, pages)


def _rows(server: Server, path: str) -> list[Mapping[str, str]]:
    """Rows from all over a list: those of some pages."""
    return [row for page in range(2, 2 + QUESTIONS // 10) for row in server.read(f"{path}?page={page * 10}")]


def _against(server: Server, bare: Server, paths: Sequence[str], sizes: Sequence[int]) -> tuple[Workload, Workload]:
    return reading(server, paths), reading(bare, (f"/{size}" for size in sizes))


def _writes(server: Server, bare: Server) -> Iterator[Line]:
    """A write and the read that shows it, against ready answers to the same requests.

    Every row is given one value and then the other, so that each write changes something, whoever comes next.
    """
    rows = [row for row in server.read(f"/api/invoices/?page_size={WRITTEN}&page=3") if row["items"]]
    works: Mapping[str, Callable[[Any], list[_Write]]] = {
        "set_reference_number, then the invoice": lambda row: label_of(row, f"/api/invoices/{row['uuid']}/"),
        "set_reference_number, then ten invoices": lambda row: label_of(
            row, f"/api/invoices/?page={row['number'] % 500 + 1}"
        ),
        "PATCH the article code of an item, then the item": lambda row: patch_of(row, "article_code", "A"),
        "PATCH the price of an item, then the item": lambda row: patch_of(row, "unit_price", "1.5"),
        "PATCH the price of an item, then its invoice": lambda row: [
            replace(write, shown=f"/api/invoices/{row['uuid']}/") for write in patch_of(row, "unit_price", "1.5")
        ],
        "migrate_to another invoice and back, each with the item": lambda row: _migrate(server, row),
    }
    for work, writes_of in works.items():
        rounds = [[step for write in writes_of(row) for step in write.steps] for row in rows]
        sizes = [[len(server.send(request_of(step)).body) for step in steps] for steps in rounds]
        ready = [
            [replace(step, path=f"/{size}") for step, size in zip(steps, of, strict=True)]
            for steps, of in zip(rounds, sizes, strict=True)
        ]
        pairs = len(rounds[0]) // 2
        yield ratio(work, _workload(server, rounds), _workload(bare, ready), 4.0, parts=pairs)


@dataclass(frozen=True)
class _Step:
    """One request."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class _Write:
    """A write, and the path of the read that shows it."""

    method: str
    path: str
    body: Mapping[str, str]
    shown: str

    @property
    def steps(self) -> list[_Step]:
        return [_Step(self.method, self.path, json.dumps(self.body)), _Step("GET", self.shown)]


def label_of(row: Any, shown: str) -> list[_Write]:
    path = f"/api/invoices/{row['uuid']}/set_reference_number/"
    return [_Write("POST", path, {"reference_number": number}, shown) for number in ("RF18", "RF19")]


def patch_of(row: Any, field: str, value: str) -> list[_Write]:
    item = row["items"][0]
    path = f"/api/invoice-items/{item['uuid']}/"
    return [_Write("PATCH", path, {field: new}, path) for new in (value, item[field])]


def _migrate(server: Server, row: Any) -> list[_Write]:
    customer, item = row["customer"].rstrip("/").rpartition("/")[2], row["items"][0]
    others = server.read(f"/api/invoices/?customer_uuid={customer}&field=uuid&field=url")
    other = next(other["url"] for other in others if other["uuid"] != row["uuid"])
    path = f"/api/invoice-items/{item['uuid']}/"
    return [_Write("POST", f"{path}migrate_to/", {"invoice": url}, path) for url in (other, row["url"])]


def _workload(server: Server, rounds: list[list[_Step]]) -> Workload:
    return Workload(server, tuple(tuple(map(request_of, steps)) for steps in rounds))


def request_of(step: _Step) -> bytes:
    return request(step.method, step.path, TOKEN, step.body.encode())


def _elsewhere(first: Server, pages: Sequence[str]) -> Iterator[Line]:
    """The same in a world that was written to and reset, in one that was restored, and in a session."""
    with mock(*INVOICES_10_000) as other:
        for server in (first, other):
            for page in pages:
                server.ask(page)
        _change(other)
        other.send(request("POST", "/_mock/reset", TOKEN))
        yield from _compared("after a reset", other, first, pages, lambda sent: sent)
        other.send(request("PUT", "/_mock/snapshots/before", TOKEN))
        _change(other)
        other.send(request("POST", "/_mock/snapshots/before/restore", TOKEN))
        yield from _compared("after a restore", other, first, pages, lambda sent: sent)
        yield from _compared("in a session", other, first, pages, lambda sent: in_session(sent, "another"))


def _change(server: Server) -> None:
    """Remove an item."""
    uuid = server.read("/api/invoice-items/")[0]["uuid"]
    server.send(request("DELETE", f"/api/invoice-items/{uuid}/", TOKEN))


def _compared(
    where: str, other: Server, first: Server, pages: Sequence[str], steered: Callable[[bytes], bytes]
) -> Iterator[Line]:
    """Two lists and a write with its read, steered to another world and in the first one."""
    prices = [f"/api/invoice-items/total_price/?n={number}" for number in range(QUESTIONS)]
    rows = first.read(f"/api/invoices/?page_size={WRITTEN}&page=5")
    labels = [
        [step for write in label_of(row, f"/api/invoices/{row['uuid']}/") for step in write.steps] for row in rows
    ]
    for work, base in (
        ("GET /api/invoices/?page_size=10", reading(first, pages)),
        ("GET /api/invoice-items/total_price/", reading(first, prices)),
        ("set_reference_number, then the invoice,", _workload(first, labels)),
    ):
        there = Workload(other, tuple(tuple(map(steered, sent)) for sent in base.rounds))
        yield ratio(f"{work} {where}", there, base, 1.1, "× first", places=2)


def _latency(server: Server, pages: Sequence[str]) -> Line:
    """At half of the rate that the client gets when every connection asks as soon as it has been answered."""
    rounds = reading(server, pages).rounds
    for page in pages:
        server.ask(page)  # Many writes have been made since.
    _, rate = cost(server.pid, server.port, rounds)
    tries = [latencies(server.port, [sent for (sent,) in rounds], rate / 2) for _ in range(LATENCY_TRIES)]
    p50, p99 = min(
        ((taken[len(taken) // 2], taken[len(taken) * 99 // 100]) for taken in tries), key=lambda both: both[1] / both[0]
    )
    work = f"p99 of ten invoices at {rate / 2:.0f} a second (half the greatest)"
    return Line(work, f"{p99 * 1e3:.2f} ms = {p99 / p50:.1f} × p50 ({p50 * 1e3:.2f} ms)", "< 10 × p50", p99 < 10 * p50)
