"""What items cost over months. They are sums of items, which tables keep up to date once they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import add, half_even, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.sums import ItemSums
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCost:
    """The costs of one month's invoices, without tax, two places; only the current month shows `items`."""

    price: Decimal
    year: int
    month: int
    compensation: Decimal
    incurred: Decimal
    items: tuple[InvoiceItem, ...] | None


def costs(world: World, items: Found[InvoiceItem]) -> list[InvoiceCost]:
    """One row for each month of invoices that the items are on, the newest first."""
    sums, current = _by_month(items), Month.of(world.now)
    shown = _of_month(world, items, current) if current in sums else []
    return [
        InvoiceCost(
            price=half_even(_value(of_month)),
            year=month.year,
            month=month.month,
            compensation=half_even(of_month.compensation.value),
            incurred=half_even(of_month.incurred.value),
            items=tuple(item for item in shown if item.price > 0) if month == current else None,
        )
        for month, of_month in sorted(sums.items(), key=lambda entry: entry[0], reverse=True)
    ]


def costs_for_period(items: Found[InvoiceItem], months: frozenset[Month] | None) -> Decimal:
    """The sum without tax, two places, of the items on the invoices of these months; None counts all of them.

    Real servers count items of the same month, unit price and quantity once. Here each of them counts.
    """
    sums = _by_month(items).items()
    return half_even(total(_value(of_month) for month, of_month in sums if months is None or month in months))


def earliest_month(items: Found[InvoiceItem]) -> Month | None:
    """The first month on whose invoices one of the items is; None without items."""
    return min(_by_month(items), default=None)


def total_price(items: Found[InvoiceItem]) -> Decimal:
    """The sum of unit_price × quantity, without tax and unrounded."""
    return total(map(_value, _by_month(items).values()))


def _by_month(items: Found[InvoiceItem]) -> Mapping[Month, ItemSums]:
    """unit_price × quantity, unrounded, by month of invoice."""
    return items.sums()


def _value(sums: ItemSums) -> Decimal:
    return add(sums.compensation.value, sums.incurred.value)


def _of_month(world: World, items: Found[InvoiceItem], month: Month) -> list[InvoiceItem]:
    """Those of the items that are on invoices of the month, in the order in which they were added."""
    narrowed, _ = items.narrowed({"invoice.year": month.year, "invoice.month": month.month})
    found = (item for item in narrowed if world.invoices.one(item.invoice_uuid).billed_month == month)
    return sorted(found, key=lambda item: item.id)
