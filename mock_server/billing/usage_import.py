"""The import of usage: items for many customers at once, on their invoices of one month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.invoicing import find_invoice, open_invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer
from waldur_billing_mock.mock_server.billing.world import World

_DETAILS = ("offering_name", "plan_name", "service_provider_name")


@dataclass(slots=True)
class ImportResult:
    """How many items were made, how many were there already, and what could not be imported."""

    created: int = 0
    skipped: int = 0
    errors: list[Mapping[str, str]] = field(default_factory=list)


def import_usage(world: World, month: Month, rows: Iterable[Mapping[str, Any]]) -> ImportResult:
    """Each row is an item of its customer's invoice of the month, unless the invoice has an item of that name.

    An invoice that is missing is opened.
    """
    result = ImportResult()
    for row in rows:
        customer = _customer(world, row)
        if customer is None:
            named = str(row.get("customer_name") or row.get("customer_uuid") or "")
            result.errors.append({"customer_name": named, "reason": "Customer is not found."})
        elif _is_there(world, customer, month, row["name"]):
            result.skipped += 1
        else:
            _add(world, customer, month, row)
            result.created += 1
    return result


def _customer(world: World, row: Mapping[str, Any]) -> Customer | None:
    """The customer with the identifier, or else with the name."""
    if row.get("customer_uuid"):
        return world.customers.get(row["customer_uuid"])
    return next((found for found in world.customers if found.name == row.get("customer_name")), None)


def _is_there(world: World, customer: Customer, month: Month, name: str) -> bool:
    invoice = find_invoice(world, customer.uuid, month)
    return invoice is not None and any(item.name == name for item in items_of(world, invoice))


def _add(world: World, customer: Customer, month: Month, row: Mapping[str, Any]) -> None:
    invoice = find_invoice(world, customer.uuid, month) or open_invoice(world, customer, month)
    item = InvoiceItem(
        id=world.invoice_items.next_id,
        uuid=world.new_uuid("invoice_item"),
        invoice_uuid=invoice.uuid,
        start=month.start,
        end=month.end,
        name=row["name"],
        unit_price=row["unit_price"],
        quantity=Decimal(1),
        unit="quantity",
        article_code=row.get("article_code", ""),
        details={name: row[name] for name in _DETAILS if row.get(name)},
    )
    must_fit(world, item, invoice)
    world.put(item)
