"""`o` sorts by each documented field, both ways, and by several."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any, Final

from waldur_billing_mock.contracts.discovery import Books, books_of
from waldur_billing_mock.contracts.habits.joins import invoice_of, offering_name
from waldur_billing_mock.contracts.subjects import identity_of, subject
from waldur_billing_mock.contracts.trial import Trial, field, need
from waldur_billing_mock.contracts.values import Row, decimal

Key = Callable[[Books, Row], Any]

_HIDDEN: Final = object()
"""What a row is sorted by where its answer does not show it."""


def _customer_name(books: Books, row: Row) -> str:
    return str(invoice_of(books, row)["customer_details"]["name"])


def _project_name(books: Books, row: Row) -> object:
    """The name that was copied into the item; items of a credit may have none, and show that of their project."""
    return _HIDDEN if row.get("credit") or row["project_name"] == "N/A" else row["project_name"]


KEYS: Final[Mapping[str, Mapping[str, Key]]] = {
    "invoices_list": {
        "year": lambda books, row: row["year"],
        "month": lambda books, row: row["month"],
    },
    "invoices_items_retrieve": {
        "project_name": lambda books, row: row["project_name"],
        "resource_name": lambda books, row: row.get("resource_name"),
        "name": lambda books, row: row["name"],
    },
    "provider_invoice_items_list": {
        "unit_price": lambda books, row: decimal(row["unit_price"]),
        "project_name": _project_name,
        "resource_offering_name": lambda books, row: offering_name(books, row),
        "invoice_customer_name": _customer_name,
    },
}


def orders_sort(trial: Trial, operation_id: str, order: str) -> None:
    """The rows come by the field, ascending, or descending after a minus sign; no row is lost."""
    books, about = books_of(trial), subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    at = trial.description.place_of_parameter(operation, "o")
    plain = need(trial.rows(operation_id, query=about.query, of=about.of), "row")
    rows = trial.rows(operation_id, query={**about.query, "o": order}, of=about.of)
    exchange = trial.ask(operation_id, of=about.of, query={**about.query, "o": order}, at=at)
    exchange.must.hold(
        sorted(map(identity_of, rows)) == sorted(map(identity_of, plain)), "an order must keep all rows", len(rows)
    )
    name = order.removeprefix("-")
    if name == "created":
        return _created_follows_months(trial, operation_id, order)
    if name == "provider_name":
        return _providers_are_grouped(trial, operation_id, rows, order)
    key = KEYS[operation_id][name]
    values = [value for value in (key(books, row) for row in rows) if value is not _HIDDEN]
    exchange.must.hold(sorted_by(values, descending=order.startswith("-")), f"the rows must come by {order}", values)
    return None


def orders_combine(trial: Trial, operation_id: str) -> None:
    """Several fields sort in turn: the second decides where the first is equal, whichever way it goes."""
    books = books_of(trial)
    for (first, second), sign in product(pairwise(KEYS[operation_id]), ("", "-")):
        order = f"{first},{sign}{second}"
        rows = trial.rows(operation_id, query={"o": order})
        exchange = trial.ask(operation_id, query={"o": order})
        groups: dict[Any, list[Any]] = {}
        for row in rows:
            value, other = (KEYS[operation_id][name](books, row) for name in (first, second))
            if value is not _HIDDEN:
                groups.setdefault(value, []).extend([] if other is _HIDDEN else [other])
        exchange.must.hold(sorted_by(list(groups), descending=False), f"the rows must come by {first} first", order)
        for values in groups.values():
            exchange.must.hold(
                sorted_by(values, descending=sign == "-"), f"equal rows must come by {sign}{second}", values
            )


def sorted_by(values: Sequence[Any], *, descending: bool) -> bool:
    """Whether values are in order. Missing ones come before all others; text may follow any usual collation."""
    values = list(reversed(values)) if descending else list(values)
    missing = [value for value in values if value is None]
    there = [value for value in values if value is not None]
    if values != missing + there:
        return False
    if there and isinstance(there[0], str):
        return any(there == sorted(there, key=key) or _follows(there, key) for key in (str, _collated))
    return there == sorted(there)


def _follows(values: Sequence[str], key: Callable[[str], str]) -> bool:
    return all(key(one) <= key(other) for one, other in pairwise(values))


def _collated(text: str) -> str:
    """The text as databases compare it: without accents, signs and spaces, in lower case."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "", bare)


def _created_follows_months(trial: Trial, operation_id: str, order: str) -> None:
    """No answer shows `created`; the filters tell which rows were made before, on, and after a day."""
    rows = [identity_of(row) for row in trial.rows(operation_id, query={"o": order})]
    days = sorted({f"{row['year']:04}-{row['month']:02}-01" for row in trial.rows(operation_id)})
    for day in trial.sample(days, size=3):
        parts = [
            {identity_of(row) for row in trial.rows(operation_id, query={name: day})}
            for name in ("end_date", "created", "start_date")
        ]
        expected = list(reversed(parts)) if order.startswith("-") else parts
        positions = [[rows.index(name) for name in part if name in rows] for part in expected]
        flat = [(min(p), max(p)) for p in positions if p]
        exchange = trial.ask(operation_id, query={"o": order})
        in_turn = all(one[1] < other[0] for one, other in pairwise(flat))
        exchange.must.hold(in_turn, f"the rows must come by {order}", day)


def _providers_are_grouped(trial: Trial, operation_id: str, rows: Sequence[Row], order: str) -> None:
    """The details name the provider of most rows; those that do must come by it."""
    named = [field(row, "details").get("service_provider_name") for row in rows if row.get("resource") is not None]
    names = [name for name in named if name]
    exchange = trial.ask(operation_id, of=subject(trial, operation_id).of, query={"o": order})
    ok = sorted_by(names, descending=order.startswith("-"))
    exchange.must.hold(ok, f"the rows must come by {order}", names)
