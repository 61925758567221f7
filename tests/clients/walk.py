"""Walk through whole worlds with the real Python client; run by a client environment's Python.

Reads `{"each": {operation: model}, "worlds": [...]}` from standard input. A world is `{"base_url", "token"}` and the
uuids of what is in it: `invoices`, `items`, `customers`, `projects`, `offerings`, `resources`, `credits`, the invoices
to be paid without a record of the payment (`payable`) and with one (`recordable`), and the integer ids of the `resold`
items. Lists are read whole, and of their rows each `step`-th by itself. Prints what came of every operation, over all
worlds: `{operation: {"calls", "objects", "failures"}}`, where `objects` counts what the client has parsed, by its
class, and a failure is a traceback or a sentence.

A world with `lenient` is of a server that the client cannot read in full: of a list that it fails on, the walk goes on
with the rows as they came.

An operation in `each` is called as the client calls it, but every element of its answer is parsed by that model of the
client; an answer that the client could have parsed by itself is a failure.
"""

import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import EnumMeta
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from itertools import count, groupby
from types import SimpleNamespace
from typing import Any
from uuid import UUID

CLIENT = "waldur_api_client"
SOME = 6
"""How many rows each way of writing is tried on."""


class Walk:
    """The calls of the client on one world, and what came of them."""

    def __init__(self, base_url: str, token: str, each: dict[str, str], *, lenient: bool) -> None:
        self.client = import_module(f"{CLIENT}.client").AuthenticatedClient(base_url=base_url, token=token)
        self.each = each
        self.lenient = lenient
        self.calls: Counter[str] = Counter()
        self.objects: dict[str, Counter[str]] = {}
        self.failures: dict[str, list[str]] = {}
        self.errors = (
            import_module(f"{CLIENT}.errors").UnexpectedStatus,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        )

    def call(self, operation: str, *path: Any, **arguments: Any) -> Any:
        """What the client has parsed of the answer to one call; None also where it failed."""
        return self._attempt(operation, lambda: self._parsed(operation, path, arguments))

    def every(self, operation: str, *path: Any, **arguments: Any) -> list[Any]:
        """All rows of all pages, fetched by the client's own `sync_all` where the release has it."""
        rows = self._attempt(operation, lambda: self._rows(operation, path, arguments))
        return rows if rows is not None else self._as_they_came(operation, path, arguments) if self.lenient else []

    def count(self, operation: str, expected: int, **arguments: Any) -> None:
        """Ask a HEAD operation for its count, which is the number of what its GET has answered."""
        found = self.call(operation, **arguments)
        if found is not None and found != expected:
            self._fail(operation, f"{arguments} counts {found}, but there are {expected}.")

    def complete(self, operation: str, rows: Sequence[Any], expected: Sequence[str]) -> None:
        """Every row of the world has to be on the pages of its list, once."""
        if sorted(row.uuid.hex for row in rows) != sorted(expected):
            self._fail(operation, f"{len(rows)} rows are not the {len(expected)} of the world.")

    def _attempt(self, operation: str, act: Callable[[], Any]) -> Any:
        self.calls[operation] += 1
        try:
            parsed = act()
        except self.errors:
            self._fail(operation, traceback.format_exc(limit=-3))
            return None
        rows = parsed if isinstance(parsed, list) else [] if parsed is None else [parsed]
        self.objects.setdefault(operation, Counter()).update(type(row).__name__ for row in rows)
        return parsed

    def _fail(self, operation: str, text: str) -> None:
        self.failures.setdefault(operation, []).append(text)

    def _parsed(self, operation: str, path: Sequence[Any], arguments: dict[str, Any]) -> Any:
        module = function(operation)
        if operation not in self.each:
            return module.sync_detailed(*path, client=self.client, **arguments).parsed
        response = self.client.get_httpx_client().request(**module._get_kwargs(*path, **arguments))
        if response.status_code != 200:
            raise ValueError(f"{response.status_code} {response.text}")
        rows = response.json()
        with suppress(*self.errors):
            module._parse_response(client=self.client, response=response)
            if rows:
                self._fail(operation, f"The client parses {response.text} by itself.")
        return [getattr(module, self.each[operation]).from_dict(row) for row in rows]

    def _rows(self, operation: str, path: Sequence[Any], arguments: dict[str, Any]) -> list[Any]:
        module = function(operation)
        if hasattr(module, "sync_all"):
            rows: list[Any] = module.sync_all(*path, client=self.client, **arguments)
            return rows
        rows = []
        for page in count(1):
            answer = module.sync_detailed(*path, client=self.client, page=page, page_size=100, **arguments)
            rows += answer.parsed
            if len(rows) >= int(answer.headers["x-result-count"]):
                break
        return rows

    def _as_they_came(self, operation: str, path: Sequence[Any], arguments: dict[str, Any]) -> list[Any]:
        """The rows of all pages as the server sends them, requested by the client."""
        rows: list[Any] = []
        for page in count(1):
            words = function(operation)._get_kwargs(*path, page=page, page_size=100, **arguments)
            response = self.client.get_httpx_client().request(**words)
            if response.status_code != 200:
                return rows
            rows += map(plain, response.json())
            if len(rows) >= int(response.headers["x-result-count"]):
                return rows
        raise AssertionError("pages are counted without end")


def plain(value: Any) -> Any:
    """An object of JSON as an object with attributes, of the kinds that this walk needs of rows."""
    if isinstance(value, list):
        return [plain(member) for member in value]
    if not isinstance(value, dict):
        return value
    row = SimpleNamespace(**{name: plain(member) for name, member in value.items()})
    if "uuid" in value:
        row.uuid = UUID(value["uuid"])
    if "state" in value:
        row.state = SimpleNamespace(value=value["state"])
    return row


def function(operation: str) -> Any:
    """The module of an operation: its package is named after the page that the operation is on."""
    package = next(
        name for name in ("provider_invoice_items", "invoice_items", "invoices") if operation.startswith(name)
    )
    return import_module(f"{CLIENT}.api.{package}.{operation}")


def choice(operation: str, *values: str) -> list[Any]:
    """Members of the enumeration that the client's function takes, whatever this release calls it."""
    enums = [found for found in vars(function(operation)).values() if isinstance(found, EnumMeta)]
    return [next(enum(value) for enum in enums if value in enum._value2member_map_) for value in values]


def model(name: str, content: dict[str, Any]) -> Any:
    """A body, made as the client makes it."""
    return getattr(import_module(f"{CLIENT}.models"), name).from_dict(content)


def spread(rows: Sequence[Any], number: int = SOME) -> list[Any]:
    """Some of the rows, from all parts of the list."""
    return list(rows[:: max(1, len(rows) // number)][:number])


def uuids(texts: Sequence[str]) -> list[UUID]:
    return [UUID(text) for text in texts]


def months(invoices: Sequence[Any]) -> list[tuple[int, int]]:
    return sorted({(invoice.year, invoice.month) for invoice in invoices})


def read_invoices(walk: Walk, world: dict[str, Any]) -> list[Any]:
    invoices = walk.every("invoices_list")
    walk.complete("invoices_list", invoices, world["invoices"])
    walk.count("invoices_count", len(invoices))
    for invoice in invoices[:: world["step"]]:
        walk.call("invoices_retrieve", invoice.uuid)
        walk.call("invoices_items_retrieve", invoice.uuid)
        walk.every("invoices_stats_list", invoice.uuid)
    for year, month in months(invoices):
        expected = sum((invoice.year, invoice.month) == (year, month) for invoice in invoices)
        walk.count("invoices_count", expected, year=year, month=month)
    for state in ("pending", "created", "paid", "canceled"):
        expected = sum(invoice.state.value == state for invoice in invoices)
        walk.every("invoices_list", state=choice("invoices_list", state), o=choice("invoices_list", "-year", "month"))
        walk.count("invoices_count", expected, state=choice("invoices_count", state))
    for customer in uuids(world["customers"]):
        found = walk.every("invoices_list", customer_uuid=customer)
        walk.count("invoices_count", len(found), customer_uuid=customer)
    for invoice in spread(invoices):
        walk.call("invoices_retrieve", invoice.uuid, field=choice("invoices_retrieve", "uuid", "items", "total"))
        ordered = choice("invoices_items_retrieve", "-resource_name")[0]
        walk.call("invoices_items_retrieve", invoice.uuid, conceal_compensation_items=True, o=ordered, query="a")
    for arguments in growths():
        walk.call("invoices_growth_retrieve", **arguments)
        walk.count("invoices_growth_count", 1, **arguments)
    return invoices


def growths() -> Iterator[dict[str, Any]]:
    yield {}
    for number in (0, 1, 20):
        yield {"customers_count": number, "accounting_mode": "accounting"}
    for running in (True, False):
        yield {"accounting_is_running": running}


def read_items(walk: Walk, world: dict[str, Any], invoices: Sequence[Any]) -> list[Any]:
    has_months = find_spec(f"{CLIENT}.api.invoice_items.invoice_items_consumptions_list") is not None
    items = walk.every("invoice_items_list")
    walk.complete("invoice_items_list", items, world["items"])
    walk.count("invoice_items_count", len(items))
    for item in items[:: world["step"]]:
        walk.call("invoice_items_retrieve", item.uuid)
        if has_months:
            walk.every("invoice_items_consumptions_list", item.uuid)
        else:
            walk.call("invoice_items_consumptions_retrieve", item.uuid)
    for arguments in (every := list(filters(world, invoices))):
        walk.call("invoice_items_total_price_retrieve", **arguments)
        walk.count("invoice_items_total_price_count", 1, **arguments)
    for arguments in spread(every, 2 * SOME):
        found = walk.every("invoice_items_list", **arguments)
        walk.count("invoice_items_count", len(found), **arguments)
    return items


def filters(world: dict[str, Any], invoices: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The filters of items: every value that the world knows, but some of the resources, and the months twice."""
    yield {}
    for year, month in months(invoices):
        yield {"year": year, "month": month}
        yield {"start_year": float(year), "start_month": float(month)}
    for name in ("customer", "project", "offering", "credit"):
        for uuid in uuids(world[f"{name}s"]):
            yield {f"{name}_uuid": uuid}
    for uuid in spread(uuids(world["resources"])):
        yield {"resource_uuid": uuid}


def read_costs(walk: Walk, world: dict[str, Any]) -> None:
    for project in [None, *uuids(world["projects"])]:
        arguments = {} if project is None else {"project_uuid": project}
        rows = walk.every("invoice_items_costs_list", **arguments)
        walk.count("invoice_items_costs_count", len(rows), **arguments)
    for kind in ("customer", "project"):
        operation = f"invoice_items_{kind}_costs_for_period"
        for uuid in [None, *uuids(world[f"{kind}s"])]:
            arguments = {} if uuid is None else {f"{kind}_uuid": uuid}
            for period in (1, 2, 3, 4):
                walk.call(f"{operation}_retrieve", period=period, **arguments)
            walk.count(f"{operation}_count", 1, **arguments)


def read_provider_items(walk: Walk, world: dict[str, Any], invoices: Sequence[Any]) -> None:
    names = "invoice_customer_name", "-unit_price"
    rows = walk.every("provider_invoice_items_list", o=choice("provider_invoice_items_list", *names))
    walk.complete("provider_invoice_items_list", rows, world["items"])
    walk.count("provider_invoice_items_count", len(rows))
    for id in world["resold"][:: world["step"]]:
        walk.call("provider_invoice_items_retrieve", id)
    of_months = [{"invoice_year": year, "invoice_month": month} for year, month in months(invoices)]
    of_rows = [
        {f"{name}_uuid": uuid} for name in ("customer", "project", "offering") for uuid in uuids(world[f"{name}s"])
    ]
    for arguments in spread(of_months, 3) + spread(of_rows, 2 * SOME):
        found = walk.every("provider_invoice_items_list", **arguments)
        walk.count("provider_invoice_items_count", len(found), **arguments)


def write_invoices(walk: Walk, world: dict[str, Any], invoices: Sequence[Any]) -> None:
    for invoice in spread(invoices):
        for name, text, body in (
            ("backend_id", "FA 7/11", "BackendIdRequest"),
            ("payment_url", "https://pay.example.com/7?a=b", "PaymentURLRequest"),
            ("reference_number", "Läänemere 7", "ReferenceNumberRequest"),
        ):
            walk.call(f"invoices_set_{name}", invoice.uuid, body=model(body, {name: text}))
    for uuid in uuids([*world["payable"], *world["recordable"]]):
        walk.call("invoices_send_notification", uuid)
    for uuid in uuids(world["payable"]):
        walk.call("invoices_paid", uuid, body=None)
    for number, uuid in enumerate(uuids(world["recordable"])):
        walk.call("invoices_paid", uuid, body=payment(number))


def payment(number: int) -> Any:
    """The record of a payment, in each of the forms in turn: JSON, a form, a form with a file."""
    form = ("PaidRequest", "PaidRequestForm", "PaidRequestMultipart")[number % 3]
    body = model(form, {"date": date(2025, 11, 20).isoformat()})
    if form == "PaidRequestMultipart":
        file = import_module(f"{CLIENT}.types").File
        body.proof = file(payload=BytesIO(b"%PDF-1.7\n"), file_name="proof.pdf", mime_type="application/pdf")
    return body


def write_items(walk: Walk, invoices: Sequence[Any], items: Sequence[Any]) -> None:
    change = {
        "article_code": "A-7",
        "quantity": "2.5",
        "unit_price": "10.0000000001",
        "start": datetime(2025, 11, 3, tzinfo=UTC).isoformat(),
        "end": datetime(2025, 11, 9, 12, tzinfo=UTC).isoformat(),
    }
    for item in spread(items, 4 * SOME):
        walk.call("invoice_items_update", item.uuid, body=model("InvoiceItemUpdateRequest", change))
        changed = model("PatchedInvoiceItemUpdateRequest", {"unit_price": "0"})
        walk.call("invoice_items_partial_update", item.uuid, body=changed)
    name = model("InvoiceItemCompensationRequest", {"offering_component_name": "Taken back"})
    for item in spread([item for item in items if not item.unit_price.startswith("-")]):
        walk.call("invoice_items_create_compensation", item.uuid, body=name)
    for item, target in spread(moves(invoices)):
        body = model("InvoiceItemMigrateToRequest", {"invoice": target.url})
        walk.call("invoice_items_migrate_to", item.uuid, body=body)
    for item in spread(items):
        walk.call("invoice_items_destroy", item.uuid)


def moves(invoices: Sequence[Any]) -> list[tuple[Any, Any]]:
    """The first item of every invoice that has one, with another invoice of the same customer."""
    ordered = sorted(invoices, key=lambda invoice: str(invoice.customer))
    families = [list(group) for _, group in groupby(ordered, key=lambda invoice: str(invoice.customer))]
    return [
        (invoice.items[0], family[number - 1])
        for family in families
        for number, invoice in enumerate(family)
        if len(family) > 1 and invoice.items
    ]


def walk_through(world: dict[str, Any], each: dict[str, str]) -> Walk:
    """Read everything, write, and read the lists once more."""
    walk = Walk(world["base_url"], world["token"], each, lenient=world.get("lenient", False))
    invoices = read_invoices(walk, world)
    items = read_items(walk, world, invoices)
    read_costs(walk, world)
    read_provider_items(walk, world, invoices)
    write_invoices(walk, world, invoices)
    write_items(walk, invoices, items)
    for operation in ("invoices_list", "invoice_items_list", "provider_invoice_items_list"):
        walk.every(operation)
    return walk


def outcome(walks: Sequence[Walk]) -> dict[str, Any]:
    """What came of every operation that was called, over all worlds."""
    return {
        operation: {
            "calls": sum(walk.calls[operation] for walk in walks),
            "objects": sum((walk.objects.get(operation, Counter()) for walk in walks), Counter()),
            "failures": [failure for walk in walks for failure in walk.failures.get(operation, [])],
        }
        for operation in sorted({operation for walk in walks for operation in walk.calls})
    }


def main() -> None:
    """Walk through all worlds at once, so that no server waits for the others' answers to be parsed."""
    order = json.load(sys.stdin)
    with ThreadPoolExecutor() as pool:
        walks = list(pool.map(lambda world: walk_through(world, order["each"]), order["worlds"]))
    json.dump(outcome(walks), sys.stdout)


if __name__ == "__main__":
    main()
