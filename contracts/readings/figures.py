"""All figures that an item is part of, read from every operation that adds items up."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.context import Context, break_with, key_of
from waldur_billing_mock.contracts.readings.discovery import billing_data, cost
from waldur_billing_mock.contracts.values import Month, Row, decimal, hyphenated, optional_identifier, total

Figures = Mapping[str, Decimal]
ROUNDED: Final = frozenset({"costs", "costs of the project", "costs of the customer"})
"""Figures that are rounded once for all their items, so that they may follow a cent late."""


def figures(context: Context, item: Row, home: Row) -> Figures:
    """The figures that an item on an invoice adds to, by name, as the server shows them now.

    What the server lacks is left out: older releases have fewer operations and fields.
    """
    invoice = context.row("invoices_retrieve", of=str(home["uuid"]))
    month = {"year": home["year"], "month": home["month"]}
    found = {
        "price of the invoice": decimal(invoice["price"]),
        "lines of the invoice": total(decimal(line["price"]) for line in invoice["items"]),
        "items of the month": cost(context.rows("invoice_items_list", query=month)),
    }
    lacks = context.survey.operations
    if {"incurred_costs", "compensations"} <= invoice.keys():
        both = decimal(invoice["incurred_costs"]) + decimal(invoice["compensations"])
        found["incurred costs and compensations"] = both
    if "invoices_items_retrieve" not in lacks:
        found["items of the invoice"] = total(decimal(row["price"]) for row in _items(context, home))
    if "invoice_items_total_price_retrieve" not in lacks:
        found["total price of the month"] = _total_price(context, month)
        found["total price"] = _total_price(context, {})
    if optional_identifier(item.get("resource")):
        stats = context.rows("invoices_stats_list", of=str(home["uuid"]))
        found["statistics"] = total(decimal(row["aggregated_price"]) for row in stats)
    return {**found, **_costs(context, item, home)}


def growth_now(context: Context) -> Decimal:
    """What is invoiced this month without tax, as growth shows it."""
    growth = context.row("invoices_growth_retrieve", query={"accounting_mode": "accounting"})
    return decimal(growth["total_periods"][-1])


def must_differ_by(before: Figures, after: Figures, price: Decimal, exact: Decimal, what: str, place: str) -> None:
    """Every figure has changed by the price, or by the exact value, of what was done. Raises `Broken`."""
    for name in before:
        changed = after[name] - before[name]
        tolerance = Decimal("0.01") if name in ROUNDED else Decimal(0)
        if min(abs(changed - price), abs(changed - exact)) > tolerance:
            break_with(f"{what} must change the {name}", place, price, changed)


def is_recent(context: Context, home: Row) -> bool:
    """Whether an invoice is of the current month, so that all periods count it."""
    month = context.month
    return Month(int(home["year"]), int(home["month"])) == month


def project_of(context: Context, item: Row) -> str | None:
    """The project of an item, as its line tells it."""
    line = billing_data(context).line_by_key.get(key_of(item))
    return optional_identifier(line.item.get("project_uuid")) if line else None


def _costs(context: Context, item: Row, home: Row) -> dict[str, Decimal]:
    """The costs of project and customer, where the invoice is of this month and the item has a project."""
    project = project_of(context, item)
    found: dict[str, Decimal] = {}
    if project:
        rows = context.rows("invoice_items_costs_list", query={"project_uuid": project})
        found["costs"] = total(decimal(row["price"]) for row in rows)
    if is_recent(context, home):
        pairs = [("customer", key_of(home, "customer")), *([("project", project)] if project else [])]
        for kind, key in pairs:
            operation_id = f"invoice_items_{kind}_costs_for_period_retrieve"
            if operation_id in context.survey.operations:
                continue
            query = {f"{kind}_uuid": hyphenated(key), "period": 3}
            row = context.row(operation_id, query=query)
            found[f"costs of the {kind}"] = decimal(row["total_price"])
    return found


def _items(context: Context, home: Row) -> list[Row]:
    return context.rows("invoices_items_retrieve", of=str(home["uuid"]))


def _total_price(context: Context, query: Mapping[str, object]) -> Decimal:
    return decimal(context.row("invoice_items_total_price_retrieve", query=query)["total_price"])
