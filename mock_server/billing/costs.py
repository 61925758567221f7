"""What items cost over months, and how billing grows. The figures follow from current items; none is cached."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from heapq import nlargest
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.listings import invoice_terms, item_terms
from waldur_billing_mock.mock_server.billing.money import ZERO, add, half_even, negative, subtract, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.table import Rows

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCostItem:
    """An item of the current month, as the costs show it; the measured unit is the stored one."""

    name: str
    unit_price: Decimal
    unit: str
    quantity: Decimal
    measured_unit: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCost:
    """The costs of one month's invoices, without tax, two places; only the current month shows `items`."""

    price: Decimal
    year: int
    month: int
    compensation: Decimal
    incurred: Decimal
    items: tuple[InvoiceCostItem, ...] | None


def costs(items: Iterable[InvoiceItem], now: datetime) -> list[InvoiceCost]:
    """One row for each month of invoices on which the items stand, the newest first."""
    items = items if isinstance(items, Rows) else list(items)
    sums, current = _sums(items), Month.of(now)
    shown = _of_month(items, current) if current in sums else ()
    return [
        InvoiceCost(
            price=half_even(add(compensation, incurred)),
            year=month.year,
            month=month.month,
            compensation=half_even(compensation),
            incurred=half_even(incurred),
            items=tuple(_cost_item(item) for item in shown if item.price > 0) if month == current else None,
        )
        for month, (compensation, incurred) in sorted(sums.items(), reverse=True)
    ]


def _of_month(items: Iterable[InvoiceItem], month: Month) -> Sequence[InvoiceItem]:
    """Those of the items that stand on invoices of the month, in the order in which they were added."""
    if isinstance(items, Rows):
        items, _ = items.narrowed({"year": month.year, "month": month.month})
    return sorted((item for item in items if _invoice_month(item) == month), key=lambda item: item.id)


def _cost_item(item: InvoiceItem) -> InvoiceCostItem:
    return InvoiceCostItem(
        name=item.name,
        unit_price=item.unit_price,
        unit=item.unit,
        quantity=item.quantity,
        measured_unit=item.measured_unit,
        price=item.price,
    )


def costs_for_period(items: Iterable[InvoiceItem], months: frozenset[Month] | None) -> Decimal:
    """The sum without tax, two places, of the items on the invoices of these months; None counts all of them.

    Real servers count items of the same month, unit price and quantity once. Here each of them counts.
    """
    counted = (sums for month, sums in _sums(items).items() if months is None or month in months)
    return half_even(total(add(*sums) for sums in counted))


def earliest_month(items: Iterable[InvoiceItem]) -> Month | None:
    """The first month on whose invoices one of the items is; None without items."""
    return min(_sums(items), default=None)


def total_price(items: Iterable[InvoiceItem]) -> Decimal:
    """The sum of unit_price × quantity, without tax and unrounded."""
    return total(add(*sums) for sums in _sums(items).values())


def _sums(items: Iterable[InvoiceItem]) -> Mapping[Month, tuple[Decimal, ...]]:
    """unit_price × quantity, unrounded, by month of invoice: of compensations, and of all others.

    A world keeps these sums for what its indexes find. Of other items they are counted.
    """
    if isinstance(items, Rows):
        return items.sums()
    sums: dict[Month, tuple[Decimal, ...]] = {}
    for item in items:
        month, terms = item_terms(item)
        compensation, incurred = sums.get(month, (ZERO, ZERO))
        sums[month] = add(compensation, terms[0]), add(incurred, terms[1])
    return sums


def _invoice_month(item: InvoiceItem) -> Month:
    return Month(item.invoice.year, item.invoice.month)


@dataclass(frozen=True, slots=True)
class InvoiceGrowthCustomerPeriod:
    """A major customer's figures, one for each period."""

    name: str
    periods: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceGrowth:
    """Thirteen months up to the current one: labels `YYYY-M`, and figures that are 0 where no invoice is."""

    periods: tuple[str, ...]
    total_periods: tuple[Decimal, ...]
    other_periods: tuple[Decimal, ...]
    customer_periods: tuple[InvoiceGrowthCustomerPeriod, ...]


def growth(
    invoices: Iterable[Invoice], now: datetime, customers_count: int = 4, accounting_mode: str = ""
) -> InvoiceGrowth:
    """How the invoices of all customers, of the major ones and of the others add up month by month.

    Majors are the `customers_count` customers with the largest totals since this day a year ago, tax included
    in any mode; they are listed by name. The mode `accounting` shows prices without tax, others show totals.
    """
    of_customers: dict[str, list[Invoice]] = {}
    for invoice in invoices:
        of_customers.setdefault(invoice.customer_uuid, []).append(invoice)
    entries = {uuid: invoice_terms(rows, _a_year_before(now)) for uuid, rows in of_customers.items()}
    names = {uuid: rows[0].customer.name for uuid, rows in of_customers.items()}
    return _growth(entries, _together(entries.values()), names.__getitem__, now, customers_count, accounting_mode)


def growth_of_all(world: World, customers_count: int = 4, accounting_mode: str = "") -> InvoiceGrowth:
    """The growth of all invoices of a world, from the sums that it keeps."""
    ledger, now = world.growth, world.now
    ledger.bring_up_to_date(_a_year_before(now), lambda: (customer.uuid for customer in world.customers))
    return _growth(
        ledger.entries,
        ledger.sums(),
        lambda uuid: world.customers.one(uuid).name,
        now,
        customers_count,
        accounting_mode,
    )


def _a_year_before(now: datetime) -> date:
    return date(now.year - 1, now.month, min(now.day, Month.of(now).plus(-12).days))


def _together(entries: Iterable[Mapping[Hashable, Decimal]]) -> Mapping[Hashable, Decimal]:
    sums: dict[Hashable, Decimal] = {}
    for entry in entries:
        for name, term in entry.items():
            sums[name] = add(sums.get(name, ZERO), term)
    return sums


def _growth(
    entries: Mapping[str, Mapping[Hashable, Decimal]],
    sums: Mapping[Hashable, Decimal],
    name_of: Callable[[str], str],
    now: datetime,
    customers_count: int,
    accounting_mode: str,
) -> InvoiceGrowth:
    """The report of what each customer adds, and of what all of them add up to (see `invoice_terms`)."""
    current = Month.of(now)
    months = [current.plus(-back) for back in range(12, -1, -1)]
    shown = "price" if accounting_mode == "accounting" else "total"
    majors = sorted(_majors(entries, name_of, customers_count), key=lambda uuid: (name_of(uuid), uuid))
    totals = [sums.get((shown, month), ZERO) for month in months]
    of_majors = [tuple(entries[uuid].get((shown, month), ZERO) for month in months) for uuid in majors]
    others = [subtract(sum_, total(row[i] for row in of_majors)) for i, sum_ in enumerate(totals)]
    return InvoiceGrowth(
        periods=tuple(month.label for month in months),
        total_periods=tuple(totals),
        other_periods=tuple(others),
        customer_periods=tuple(
            InvoiceGrowthCustomerPeriod(name_of(uuid), row) for uuid, row in zip(majors, of_majors, strict=True)
        ),
    )


def _majors(entries: Mapping[str, Mapping[Hashable, Decimal]], name_of: Callable[[str], str], count: int) -> list[str]:
    """The customers with the largest ranks; names decide between equal ones."""
    ranks = {uuid: entry["rank"] for uuid, entry in entries.items() if "rank" in entry}
    # Only those that may be among them are compared by name, too.
    least = min(nlargest(count, ranks.values()), default=ZERO)
    able = [uuid for uuid, rank in ranks.items() if rank >= least] if count else []
    return sorted(able, key=lambda uuid: (negative(ranks[uuid]), name_of(uuid), uuid))[:count]
