"""The figures of invoices and items. They follow from the items, and cannot contradict them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import add, away_from_zero, multiply, percent, total
from waldur_billing_mock.mock_server.billing.period import quantity_for
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Cache, Row


class InvoiceSums(NamedTuple):
    """What the items of an invoice add up to, without tax.

    The price is the sum of prices, each of which is rounded to cents. The other two are sums of unit_price × quantity,
    unrounded: of the items that a credit has paid, and of all others, staff compensations included.
    """

    price: Decimal
    compensations: Decimal
    incurred_costs: Decimal


class InvoiceSumsCache(Cache[str, InvoiceSums]):
    """The sums of invoices by uuid. Those of an invoice are dropped when one of its items changes."""

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        if isinstance(after or before, InvoiceItem):
            for row in (before, after):
                if isinstance(row, InvoiceItem):
                    self.drop(row.invoice_uuid)

    def clear(self) -> None:
        """Sums depend on items only."""


def items_of(world: World, invoice: Invoice) -> list[InvoiceItem]:
    """Every item of an invoice, in the order in which they were added."""
    return world.invoice_items.where(invoice_uuid=invoice.uuid)


def sums_of(world: World, invoice: Invoice) -> InvoiceSums:
    """The sums of an invoice, from the cache where they are in it."""
    cache = world.listener(InvoiceSumsCache)
    found = cache.get(invoice.uuid)
    if found is not None:
        return found
    items = items_of(world, invoice)
    values = [item.value for item in items]
    paid = [value for item, value in zip(items, values, strict=True) if item.credit]
    sums = InvoiceSums(
        price=away_from_zero(total(map(away_from_zero, values))),
        compensations=total(paid),
        incurred_costs=total(value for item, value in zip(items, values, strict=True) if not item.credit),
    )
    return cache.set(invoice.uuid, sums)


def with_tax(price: Decimal, tax_percent: Decimal) -> Decimal:
    """price + price × tax_percent / 100, unrounded."""
    return add(price, percent(price, tax_percent))


def total_of(world: World, invoice: Invoice) -> Decimal:
    """The price of an invoice with tax, unrounded."""
    return with_tax(sums_of(world, invoice).price, invoice.tax_percent)


def current_total(world: World, invoice: Invoice) -> Decimal:
    """The total as of now: days and hours count as far as they have passed, whatever the quantity."""
    prices = (current_price(item, world.now) for item in items_of(world, invoice))
    return with_tax(total(prices), invoice.tax_percent)


def current_price(item: InvoiceItem, now: datetime) -> Decimal:
    """The price of the days or hours that have begun until now; for other units, the price."""
    if item.unit not in ("day", "hour"):
        return item.price
    passed = max(item.start, min(item.end, now))
    return away_from_zero(multiply(item.unit_price, quantity_for(item.unit, item.start, passed)))


def due_date(world: World, invoice: Invoice) -> date | None:
    """invoice_date + the payment interval; None until the invoice is finalized."""
    return invoice.invoice_date and invoice.invoice_date + world.settings.payment_interval


def tax_percent_of(world: World, item: InvoiceItem) -> Decimal:
    """The tax rate of an item: that of its invoice."""
    return world.invoices.one(item.invoice_uuid).tax_percent


def item_total(world: World, item: InvoiceItem) -> Decimal:
    """The price of an item with tax, unrounded."""
    return with_tax(item.price, tax_percent_of(world, item))


def shown_items(world: World, invoice: Invoice) -> list[InvoiceItem]:
    """The items of an invoice whose total is not zero, in the order in which they were added."""
    return [item for item in items_of(world, invoice) if with_tax(item.price, invoice.tax_percent)]
