"""`o` sorts by each documented field, both ways, and by several."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, Query, field_of, need
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.readings.discovery import BillingData, billing_data
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.readings.lookups import invoice_of, offering_name
from waldur_billing_mock.contracts.readings.sorting import sorted_by
from waldur_billing_mock.contracts.values import Row, decimal, hyphenated, identity_of, optional_identifier
from waldur_billing_mock.openapi.operation import Operation

Key = Callable[[BillingData, Row], Any]

_ONE_PAGE: Final = 300
_HIDDEN: Final = object()
"""What a row is sorted by where its answer does not show it."""


def _customer_name(data: BillingData, row: Row) -> str:
    return str(invoice_of(data, row)["customer_details"]["name"])


def _project_name(data: BillingData, row: Row) -> object:
    """The name that was copied into the item; items of a credit may have none, and show that of their project."""
    may_be_of_a_credit = row.get("credit", decimal(row["unit_price"]) < 0)
    return _HIDDEN if may_be_of_a_credit or row["project_name"] == "N/A" else row["project_name"]


KEYS: Final[Mapping[str, Mapping[str, Key]]] = {
    "invoices_list": {
        "year": lambda data, row: row["year"],
        "month": lambda data, row: row["month"],
    },
    "invoices_items_retrieve": {
        "project_name": lambda data, row: row["project_name"],
        "resource_name": lambda data, row: row.get("resource_name"),
        "name": lambda data, row: row["name"],
    },
    "provider_invoice_items_list": {
        "unit_price": lambda data, row: decimal(row["unit_price"]),
        "project_name": _project_name,
        "resource_offering_name": lambda data, row: offering_name(data, row),
        "invoice_customer_name": _customer_name,
    },
}


def _orders(description: Description, operation: Operation) -> Iterable[str]:
    """The orders that an operation documents."""
    known = operation.operation_id in KEYS and "o" in operation.query
    return map(str, description.choices(operation.query["o"])) if known else ()


@convention(_orders)
def orders_sort(context: Context, operation_id: str, order: str) -> None:
    """The rows come by the field, ascending, or descending after a minus sign; no row is lost."""
    data, about = billing_data(context), example_target(context, operation_id)
    operation = context.description.operations[operation_id]
    at = context.description.place_of_parameter(operation, "o")
    some = {**about.query, **_one_month(context, operation_id)}
    plain = need(context.rows(operation_id, query=some, of=about.of), "row")
    kept = context.rows(operation_id, query={**some, "o": order}, of=about.of)
    rows = context.in_order(operation_id, query={**some, "o": order}, of=about.of)
    exchange = context.first_page(operation_id, of=about.of, query={**some, "o": order}, at=at)
    exchange.must.hold(
        sorted(map(identity_of, kept)) == sorted(map(identity_of, plain)), "an order must keep all rows", len(kept)
    )
    name = order.removeprefix("-")
    if name == "created":
        return _created_follows_months(context, operation_id, order)
    if name == "provider_name":
        return _providers_are_grouped(context, operation_id, rows, order)
    key = KEYS[operation_id][name]

    def values(rows: Iterable[Row]) -> list[Any]:
        return [value for value in (key(data, row) for row in rows) if value is not _HIDDEN]

    descending = order.startswith("-")
    if not sorted_by(values(rows), descending=descending):
        rows = _ordered(context, operation_id, name, rows)
    exchange.must.hold(sorted_by(values(rows), descending=descending), f"the rows must come by {order}", values(rows))
    return None


@convention(
    lambda description, operation: (
        operation.operation_id in KEYS and operation.operation_id != "invoices_items_retrieve"
    )
)
def orders_combine(context: Context, operation_id: str) -> None:
    """Several fields sort in turn: the second decides where the first is equal, whichever way it goes."""
    data, some = billing_data(context), _one_month(context, operation_id)
    for (first, second), sign in product(pairwise(KEYS[operation_id]), ("", "-")):
        order = f"{first},{sign}{second}"
        rows = context.in_order(operation_id, query={**some, "o": order})
        keys = [KEYS[operation_id][name] for name in (first, second)]
        if not _in_turn(data, rows, keys, sign):
            for name in (first, second):
                rows = _ordered(context, operation_id, name, rows)
        exchange = context.first_page(operation_id, query={**some, "o": order})
        groups = _groups(data, rows, keys)
        exchange.must.hold(sorted_by(list(groups), descending=False), f"the rows must come by {first} first", order)
        for values in groups.values():
            exchange.must.hold(
                sorted_by(values, descending=sign == "-"), f"equal rows must come by {sign}{second}", values
            )


def _groups(data: BillingData, rows: Iterable[Row], keys: Sequence[Key]) -> dict[Any, list[Any]]:
    """What rows are sorted by second, by what they are sorted by first; without what no answer shows."""
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        value, other = (key(data, row) for key in keys)
        if value is not _HIDDEN:
            groups.setdefault(value, []).extend([] if other is _HIDDEN else [other])
    return groups


def _in_turn(data: BillingData, rows: Iterable[Row], keys: Sequence[Key], sign: str) -> bool:
    groups = _groups(data, rows, keys)
    within = all(sorted_by(values, descending=sign == "-") for values in groups.values())
    return within and sorted_by(list(groups), descending=False)


def _one_month(context: Context, operation_id: str) -> Query:
    """The filters that cut a list of many pages down to its largest month that fits on one; empty for other lists."""
    known = context.description.operations[operation_id].query
    if context.profile.covers or not {"invoice_year", "invoice_month"} <= known.keys():
        return {}
    rows, data = context.rows(operation_id), billing_data(context)
    lines = [data.line_by_key[name] for row in rows if (name := identity_of(row)) in data.line_by_key]
    months = Counter(line.month for line in lines)
    if len(rows) <= _ONE_PAGE or not months:
        return {}
    month = max((one for one in months if months[one] <= _ONE_PAGE), key=lambda one: (months[one], one), default=None)
    return {"invoice_year": month.year, "invoice_month": month.month} if month else {}


def _ordered(context: Context, operation_id: str, name: str, rows: list[Row]) -> list[Row]:
    """The rows whose order can be told: those of projects that are gone show a name by which servers do not sort."""
    if name != "project_name" or operation_id != "provider_invoice_items_list" or not context.forgives:
        return rows
    projects = {str(row.get("project_uuid")): optional_identifier(row.get("project_uuid")) for row in rows}
    there = {
        text
        for text, key in projects.items()
        if key and context.ask(operation_id, query={"project_uuid": hyphenated(key), "page_size": 1}).json
    }
    return [row for row in rows if str(row.get("project_uuid")) in there]


def _created_follows_months(context: Context, operation_id: str, order: str) -> None:
    """No answer shows `created`; the filters tell which rows were made before, on, and after a day."""
    rows = [identity_of(row) for row in context.in_order(operation_id, query={"o": order})]
    days = sorted({f"{row['year']:04}-{row['month']:02}-01" for row in context.rows(operation_id)})
    for day in context.sample(days, size=3):
        parts = [
            {identity_of(row) for row in context.rows(operation_id, query={name: day})}
            for name in ("end_date", "created", "start_date")
        ]
        expected = list(reversed(parts)) if order.startswith("-") else parts
        positions = [[rows.index(name) for name in part if name in rows] for part in expected]
        flat = [(min(p), max(p)) for p in positions if p]
        exchange = context.first_page(operation_id, query={"o": order})
        in_turn = all(one[1] < other[0] for one, other in pairwise(flat))
        exchange.must.hold(in_turn, f"the rows must come by {order}", day)


def _providers_are_grouped(context: Context, operation_id: str, rows: Sequence[Row], order: str) -> None:
    """The details name the provider of most rows; those that do must come by it."""
    named = [field_of(row, "details").get("service_provider_name") for row in rows if row.get("resource") is not None]
    names = [name for name in named if name]
    exchange = context.first_page(operation_id, of=example_target(context, operation_id).of, query={"o": order})
    ok = sorted_by(names, descending=order.startswith("-"))
    exchange.must.hold(ok, f"the rows must come by {order}", names)
