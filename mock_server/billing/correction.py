"""What is done to items: correct and move."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.faults import Refused
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.lookups import billing_type_of, component_type_of
from waldur_billing_mock.mock_server.billing.marketplace import BillingType
from waldur_billing_mock.mock_server.billing.period import quantity_for
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import replace


def writable_fields(world: World, item: InvoiceItem) -> tuple[str, ...]:
    """What a correction may set: a fixed quantity follows from the dates, other items take no dates."""
    return _writable_fields(billing_type_of(world, item))


def _writable_fields(billing_type: BillingType | None) -> tuple[str, ...]:
    match billing_type:
        case None:
            return "article_code", "quantity", "unit_price", "start", "end"
        case "fixed":
            return "article_code", "unit_price", "start", "end"
        case _:
            return "article_code", "quantity", "unit_price"


def correct(
    world: World,
    item: InvoiceItem,
    *,
    article_code: str | None = None,
    quantity: Decimal | None = None,
    unit_price: Decimal | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> InvoiceItem:
    """The given fields that are writable take effect, in any state of the invoice; others are ignored.

    A fixed price always has its quantity counted anew from its dates (behaviour 6.4); a usage is corrected where it was
    reported.
    """
    billing_type = billing_type_of(world, item)
    writable = _writable_fields(billing_type)
    start = start if start is not None and "start" in writable else item.start
    end = end if end is not None and "end" in writable else item.end
    if billing_type == "fixed" and item.unit != "quantity":
        counted = quantity_for(item.unit, start, end)
    else:
        counted = quantity if quantity is not None and "quantity" in writable else item.quantity
    changed = replace(
        item,
        article_code=item.article_code if article_code is None else article_code,
        unit_price=item.unit_price if unit_price is None else unit_price,
        quantity=counted,
        start=start,
        end=end,
    )
    must_fit(world, changed, world.invoices.one(item.invoice_uuid))
    if billing_type == "usage" and quantity is not None:
        _correct_usage(world, item, quantity)
    return world.put(changed)


def move(world: World, item: InvoiceItem, invoice: Invoice) -> InvoiceItem:
    """The item is on another invoice of the same customer; nothing else about it changes."""
    if invoice.customer_uuid != world.invoices.one(item.invoice_uuid).customer_uuid:
        raise Refused("Moving of items is possible only between invoices of same the customer.")
    if invoice.uuid == item.invoice_uuid:
        raise Refused("Invoice item is already in the target invoice.")
    must_fit(world, item, invoice)
    return world.put(replace(item, invoice_uuid=invoice.uuid))


def _correct_usage(world: World, item: InvoiceItem, quantity: Decimal) -> None:
    """The latest report of the usage, if there is one, has this quantity."""
    invoice = world.invoices.one(item.invoice_uuid)
    reported = world.component_usages.where(
        resource_uuid=item.resource_uuid,
        component_type=component_type_of(world, item),
        year=invoice.year,
        month=invoice.month,
    )
    if reported:
        world.put(replace(max(reported, key=lambda usage: (usage.date, usage.id)), usage=quantity))
