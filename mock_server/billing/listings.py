"""The orders in which invoices and items are listed, and what they are found by there.

A name stands for what a caller asks by, and its key for what `operations/` compares with it: the two say the same,
which `tests/operations/test_indexes.py` holds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from waldur_billing_mock.mock_server.billing.index import Order
from waldur_billing_mock.mock_server.billing.money import ZERO, add, as_stored, multiply
from waldur_billing_mock.mock_server.billing.period import Month

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem

Row = TypeVar("Row")


def _keys(
    combinations: tuple[str, ...], keys: dict[str, Callable[[Row], Hashable]]
) -> dict[tuple[str, ...], Callable[[Row], Hashable]]:
    """One key for all rows, one for each name, and one for each combination of names."""
    named = [(), *((name,) for name in keys), *(tuple(names.split()) for names in combinations)]

    def together(names: tuple[str, ...]) -> Callable[[Row], Hashable]:
        parts = [keys[name] for name in names]
        return lambda row: tuple([part(row) for part in parts])

    return {names: together(names) for names in named}


def _invoice(item: InvoiceItem) -> Invoice | None:
    """The invoice of the item, which may be missing while a world is put together."""
    return item.world.invoices.get(item.invoice_uuid)


def _customer_of_project(item: InvoiceItem) -> str | None:
    project = item.linked_project
    return project.customer_uuid if project else None


def _offering(item: InvoiceItem) -> str | None:
    resource = item.resource
    return resource.offering_uuid if resource else None


def _year(item: InvoiceItem) -> int | None:
    invoice = _invoice(item)
    return invoice.year if invoice else None


def _month(item: InvoiceItem) -> int | None:
    invoice = _invoice(item)
    return invoice.month if invoice else None


def _customer(item: InvoiceItem) -> str | None:
    invoice = _invoice(item)
    return invoice.customer_uuid if invoice else None


def _days_ago(item: InvoiceItem) -> int:
    invoice = _invoice(item)
    return -invoice.created.toordinal() if invoice else 0


INVOICES: Order[Invoice] = Order(
    lambda row: (-row.year, -row.month, row.id),
    _keys(
        ("year month", "state year month", "customer_uuid state", "state year"),
        {
            "customer_uuid": lambda row: row.customer_uuid,
            "state": lambda row: row.state,
            "year": lambda row: row.year,
            "month": lambda row: row.month,
            "created": lambda row: row.created,
        },
    ),
)
"""Newest month first."""

ITEMS: Order[InvoiceItem] = Order(
    lambda row: (row.start, row.id),
    _keys(
        ("year month", "start_year start_month", "shown_project year month", "stored_project year month"),
        {
            "year": _year,
            "month": _month,
            "start_year": lambda row: row.start.year,
            "start_month": lambda row: row.start.month,
            "resource_uuid": lambda row: row.resource_uuid,
            "offering_uuid": _offering,
            "project_uuid": lambda row: row.linked_project_uuid,
            "customer_uuid": _customer_of_project,
            "credit_uuid": lambda row: row.credit_uuid,
            "billed_customer": _customer,
            "shown_project": lambda row: row.project_uuid,
            "stored_project": lambda row: row.stored_project_uuid,
        },
    ),
)
"""Earliest start first."""

PROVIDER_ITEMS: Order[InvoiceItem] = Order(
    lambda row: (_days_ago(row), row.id),
    _keys(
        ("invoice_year invoice_month",),
        {
            "customer_uuid": _customer,
            "project_uuid": lambda row: row.linked_project_uuid,
            "offering_uuid": _offering,
            "invoice_year": _year,
            "invoice_month": _month,
        },
    ),
)
"""Newest invoice first."""


def item_terms(item: InvoiceItem) -> tuple[Month, tuple[Decimal, Decimal]]:
    """What an item adds to the sums of its month, unrounded: where its unit price is negative, and where it is not."""
    value, invoice = multiply(item.unit_price, item.quantity), _invoice(item)
    month = Month(invoice.year, invoice.month) if invoice else Month(0, 0)
    return (month, (value, ZERO)) if item.unit_price < 0 else (month, (ZERO, value))


def invoice_terms(invoices: Iterable[Invoice], since: date) -> Mapping[Hashable, Decimal]:
    """What a customer's invoices add to growth: its `rank` since a day, and totals and prices by month.

    Each invoice counts with two places, half away from zero, as real servers store it.
    """
    terms: dict[Hashable, Decimal] = {}
    for invoice in invoices:
        month, price, with_tax = Month(invoice.year, invoice.month), as_stored(invoice.price), as_stored(invoice.total)
        for name, term in (("price", month), price), (("total", month), with_tax):
            terms[name] = add(terms.get(name, ZERO), term)
        if invoice.created >= since:
            terms["rank"] = add(terms.get("rank", ZERO), with_tax)
    return terms
