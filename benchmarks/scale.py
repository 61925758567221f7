"""The same questions to a world of a thousand items and to one of a million, and a copy of the larger one."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.load import cpu_seconds, request, resident_bytes
from benchmarks.measuring import Line, Workload, compared, medians, ratio
from benchmarks.servers import ROOT, TOKEN, Server, get, mock

ITEMS_1_000 = ("--customers", "10", "--months", "14", "--items-per-invoice", "10")
ITEMS_1_000_000 = ("--customers", "5300", "--months", "20", "--items-per-invoice", "10")
_MOST_BYTES = 1_126
"""1.1 KB."""
CUSTOMERS = 5
QUESTIONS = 400
"""The same one, with a parameter that means nothing: a query that was read before is not read again."""

_LISTS = (
    "/api/invoices/?",
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
    "/api/invoices/?o=created",
    "/api/invoices/?o=-year",
    "/api/invoices/?o=month",
    "/api/provider-invoice-items/?o=unit_price",
    "/api/provider-invoice-items/?o=-resource_offering_name",
    "/api/provider-invoice-items/?o=invoice_customer_name",
    "/api/provider-invoice-items/?o=project_name",
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


def scale() -> Iterator[Line]:
    """All rows of this part."""
    with TemporaryDirectory() as folder:
        cache = Path(folder)
        with mock(*ITEMS_1_000) as small, mock(*ITEMS_1_000_000, "--cached-worlds-mb", "0", cache=cache) as large:
            seeding = "seeding 1,000,000 items until the first answer"
            yield Line(seeding, _started(large), "< 60 s", large.started < 60)
            grown = resident_bytes(large.pid) - resident_bytes(small.pid)
            each = grown / (_items(large) - _items(small))
            memory = "memory an item, all that belongs to it included"
            yield Line(memory, f"{each:.0f} bytes", f"< {_MOST_BYTES} bytes", each < _MOST_BYTES)
            yield from _compared(small, large)
        yield from _copies(cache)
        with mock(*ITEMS_1_000_000, cache=cache) as again:
            cached = "1,000,000 items from the cache until the first answer"
            yield Line(cached, _started(again), "< 5 s", again.started < 5)
            begun = time.perf_counter()
            again.ask("/api/invoice-items/")
            taken = time.perf_counter() - begun
            yield Line("the first list of all items after that", f"{taken:.1f} s", "< 10 s", taken < 10)


def _started(server: Server) -> str:
    return f"{server.started:.1f} s ({cpu_seconds(server.pid):.1f} s of CPU)"


def _compared(small: Server, large: Server) -> Iterator[Line]:
    """Lists of both worlds, and figures of the large one."""
    names, of_small = _names(large), _names(small)
    for path in _LISTS:
        yield ratio(path.rstrip("?"), _asked(large, path, names), _asked(small, path, of_small), 2.0, "× small")
    one, other = _owner_of_several(large), _owner_of_several(small)
    for path in ("/api/invoices/", "/api/invoice-items/", "/api/invoice-items/total_price/"):
        work = f"{path} by an owner of {CUSTOMERS} customers"
        yield ratio(work, _asked(large, f"{path}?", {}, one), _asked(small, f"{path}?", {}, other), 2.0, "× small")
    for path in _FIGURES:
        (seconds,) = medians(compared(_after_writes(large, path.format(**names))))
        yield Line(f"{path.removeprefix('/api')}, after a write", f"{seconds * 1e3:.2f} ms", "< 5 ms", seconds < 0.005)


def _items(server: Server) -> int:
    return int(server.send(get("/api/invoice-items/?page_size=1")).header(b"x-result-count"))


def _asked(server: Server, path: str, names: Mapping[str, str], token: str = TOKEN) -> Workload:
    paths = (f"{path.format(**names)}&n={number}" for number in range(QUESTIONS))
    return Workload(server, tuple((request("GET", path, token),) for path in paths))


def _owner_of_several(server: Server) -> str:
    """The token of a new user who owns some customers."""
    customers = server.read(f"/api/customers/?page_size={CUSTOMERS}")
    roles = [{"role": "owner", "customer": customer["uuid"]} for customer in customers]
    body = json.dumps({"username": "several", "roles": roles}).encode()
    made = json.loads(server.send(request("POST", "/_mock/users", TOKEN, body)).body)
    return str(made["token"])


def _after_writes(server: Server, path: str) -> Workload:
    """Another customer's item has its price changed, and what is asked for is asked after that."""
    item = server.read("/api/invoice-items/?page=2")[0]
    write = f"/api/invoice-items/{item['uuid']}/"
    prices = ("1.5", "2.5")
    return Workload(
        server,
        tuple(
            (request("PATCH", write, TOKEN, json.dumps({"unit_price": price}).encode()), get(path)) for price in prices
        ),
    )


def _names(server: Server) -> dict[str, str]:
    """Rows of the last customer: what it bought in October."""
    invoice = server.read("/api/invoices/?page=last&year=2025&month=10")[-1]
    item = next(item for item in invoice["items"] if "resource_uuid" in item)
    names = {"customer_uuid": invoice["customer"].rstrip("/").rpartition("/")[2], "invoice_uuid": invoice["uuid"]}
    return {**names, "project_uuid": item["project_uuid"], "resource_uuid": item["resource_uuid"]}


def _copies(cache: Path) -> Iterator[Line]:
    """Copies of the world, made and changed in a process that builds it for that, and stores it in a cache folder."""
    command = [sys.executable, "-m", "benchmarks.copies", str(cache)]
    measured = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    yield Line("storing 1,000,000 items in the cache", f"{measured['stored']:.1f} s", "< 15 s", measured["stored"] < 15)
    fork = f"a fork of a world of {measured['items']:,} items"
    yield Line(f"{fork}: time", f"{measured['fork'] * 1e3:.3f} ms", "< 1 ms", measured["fork"] < 0.001)
    work = f"{fork}, with an item changed in it"
    yield Line(f"{work}: time", f"{measured['seconds'] * 1e3:.2f} ms", "< 5 ms", measured["seconds"] < 0.005)
    yield Line(f"{work}: memory", f"{measured['bytes'] / 1e3:.0f} KB", "< 1000 KB", measured["bytes"] < 1e6)
