"""How billing grows: what the invoices of customers add up to, month by month."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from heapq import nlargest
from typing import Literal, TypeAlias

from waldur_billing_mock.mock_server.billing.figures import sums_of, with_tax
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import ZERO, add, half_up, negative, subtract, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.sums import Sum
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Cache, Row

Name: TypeAlias = tuple[Literal["price", "total", "rank"], Month | None]
Totals: TypeAlias = Mapping[Name, Decimal]
"""Prices and totals by month, and the rank: the totals since a day."""

_RANK: Name = ("rank", None)


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


class GrowthTotals:
    """The totals of every customer and of all of them. Customers whose invoices change are counted anew when needed."""

    def __init__(self) -> None:
        self.by_customer: Cache[str, Totals] = Cache()
        self._since: date | None = None
        self._changed: Cache[str, None] = Cache()
        self._sums: Mapping[Name, Sum] = {}
        self.ranks: Mapping[str, Decimal] = {}
        """Those of all customers that have one, which are compared again for each growth."""

    def update(self, world: World) -> None:
        """Count the customers that changed; all of them where another day counts than before."""
        since = _a_year_before(world.now)
        changed: Collection[str] = self._changed
        if since != self._since:
            self._since, self._sums, self.by_customer, self.ranks = since, {}, Cache(), {}
            changed = [customer.uuid for customer in world.customers]
        # Copies share the sums, so those that change are replaced.
        sums, ranks = dict(self._sums), dict(self.ranks)
        for uuid in changed:
            before: Totals = self.by_customer.get(uuid, {})
            after = _totals(world, world.invoices.where(customer_uuid=uuid), since)
            for name in before.keys() | after.keys():
                sums[name] = found = sums[name].copy() if name in sums else Sum()
                if name in before:
                    found.take_out(before[name])
                if name in after:
                    found.add(after[name])
            self.by_customer.drop(uuid)
            ranks.pop(uuid, None)
            if after:
                self.by_customer.set(uuid, after)
            if _RANK in after:
                ranks[uuid] = after[_RANK]
        self._sums, self.ranks, self._changed = sums, ranks, Cache()

    def of_all(self) -> Totals:
        return {name: found.value for name, found in self._sums.items() if not found.is_empty}

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        for row in (before, after) if self._since is not None else ():
            invoice = world.invoices.get(row.invoice_uuid) if isinstance(row, InvoiceItem) else row
            if isinstance(invoice, Invoice):
                self._changed.set(invoice.customer_uuid, None)

    def clear(self) -> None:
        """Only the clock counts, which `update` looks at."""

    def copy(self) -> GrowthTotals:
        copied = GrowthTotals()
        copied.by_customer, copied._changed = self.by_customer.copy(), self._changed.copy()
        copied._since, copied._sums, copied.ranks = self._since, self._sums, self.ranks
        return copied


def growth(
    world: World, customers: Collection[str] | None, customers_count: int = 4, accounting_mode: str = ""
) -> InvoiceGrowth:
    """How the invoices of customers (uuids, None for all), of the major ones and of the others add up month by month.

    Majors are the `customers_count` customers with the largest totals since this day a year ago, tax included
    in any mode; they are listed by name. The mode `accounting` shows prices without tax, others show totals.
    """
    kept = world.listener(GrowthTotals)
    kept.update(world)
    by_customer: Mapping[str, Totals] = kept.by_customer
    sums, ranks = kept.of_all(), kept.ranks
    if customers is not None:
        by_customer = {uuid: by_customer[uuid] for uuid in customers if uuid in by_customer}
        sums = _together(by_customer.values())
        ranks = {uuid: totals[_RANK] for uuid, totals in by_customer.items() if _RANK in totals}
    current = Month.of(world.now)
    months = [current.plus(-back) for back in range(12, -1, -1)]
    shown: Literal["price", "total"] = "price" if accounting_mode == "accounting" else "total"
    names = {uuid: world.customers.one(uuid).name for uuid in _may_be_major(ranks, customers_count)}
    by_rank = sorted(names, key=lambda uuid: (negative(by_customer[uuid][_RANK]), names[uuid], uuid))
    majors = sorted(by_rank[:customers_count], key=lambda uuid: (names[uuid], uuid))
    totals = [sums.get((shown, month), ZERO) for month in months]
    of_majors = [tuple(by_customer[uuid].get((shown, month), ZERO) for month in months) for uuid in majors]
    others = [subtract(sum_, total(row[i] for row in of_majors)) for i, sum_ in enumerate(totals)]
    return InvoiceGrowth(
        periods=tuple(month.label for month in months),
        total_periods=tuple(totals),
        other_periods=tuple(others),
        customer_periods=tuple(
            InvoiceGrowthCustomerPeriod(names[uuid], row) for uuid, row in zip(majors, of_majors, strict=True)
        ),
    )


def _a_year_before(now: datetime) -> date:
    return date(now.year - 1, now.month, min(now.day, Month.of(now).plus(-12).days))


def _totals(world: World, invoices: Iterable[Invoice], since: date) -> Totals:
    """What a customer's invoices add up to. Each counts with two places, half up, as real servers store it."""
    totals: dict[Name, Decimal] = {}
    for invoice in invoices:
        unrounded = sums_of(world, invoice).price
        price, gross = half_up(unrounded), half_up(with_tax(unrounded, invoice.tax_percent))
        contributions: list[tuple[Name, Decimal]] = [(("price", invoice.billed_month), price)]
        contributions.append((("total", invoice.billed_month), gross))
        if invoice.created >= since:
            contributions.append((_RANK, gross))
        for name, value in contributions:
            totals[name] = add(totals.get(name, ZERO), value)
    return totals


def _together(totals: Iterable[Totals]) -> Totals:
    sums: dict[Name, Decimal] = {}
    for of_customer in totals:
        for name, value in of_customer.items():
            sums[name] = add(sums.get(name, ZERO), value)
    return sums


def _may_be_major(ranks: Mapping[str, Decimal], count: int) -> list[str]:
    """The customers with the largest ranks, and all with the rank of the last of them: names decide between equals."""
    least = min(nlargest(count, ranks.values()), default=ZERO)
    return [uuid for uuid, rank in ranks.items() if rank >= least] if count else []
