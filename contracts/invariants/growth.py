"""Growth: thirteen months up to now, of all customers and of the largest."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.context import Context, field_of, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.readings.arithmetic import agreement, billed_by_month, month_of
from waldur_billing_mock.contracts.readings.discovery import billing_data
from waldur_billing_mock.contracts.readings.sorting import sorted_by
from waldur_billing_mock.contracts.values import Month, Row, decimal, total

_GROWTH: Final = "invoices_growth_retrieve"
_MODES: Final[Mapping[str, Mapping[str, object]]] = {"total": {}, "price": {"accounting_mode": "accounting"}}
"""How growth is asked for sums with tax (`total` of invoices) and without (`price`)."""
_ALL: Final = ("staff", "support")


def _shown(context: Context, query: Mapping[str, object]) -> tuple[Exchange, Row, list[Month]]:
    exchange = context.ask(_GROWTH, query=query)
    exchange.must.have_status(200)
    growth = exchange.must.show_row()
    return exchange, growth, [month_of(label) for label in field_of(growth, "periods")]


def _billed(context: Context, name: str) -> dict[tuple[str, str], dict[Month, Decimal]]:
    if context.target.main.role not in _ALL:
        raise NotExercised("only staff and support see the invoices of all customers")
    return billed_by_month(need(billing_data(context).invoices, "invoice"), name)


@invariant(_GROWTH)
def growth_shows_thirteen_months_up_to_now(context: Context) -> None:
    """Growth shows thirteen months, one after the other, of which the last is the current one."""
    for query in _MODES.values():
        exchange, _, months = _shown(context, query)
        last = months[-1] if months else context.month
        expected = [last.back(steps) for steps in range(12, -1, -1)]
        exchange.must.hold(months == expected, "growth must show thirteen months, one after the other", months)
        near, day = {context.month}, context.now.day
        if context.target.clock is None:
            # A server counts months in its own zone, which its Date header does not tell.
            near |= {context.month.back(1)} if day == 1 else {context.month.back(-1)} if day >= 28 else set()
        exchange.must.hold(last in near, f"growth must end with the current month, {context.month}", last)


@invariant(_GROWTH)
def months_of_growth_are_written_as_year_and_month(context: Context) -> None:
    """The labels of growth are years and months without a leading zero, such as 2025-9."""
    for query in _MODES.values():
        exchange, growth, months = _shown(context, query)
        exchange.must.agree("the labels and YYYY-M", growth["periods"], [f"{m.year}-{m.month}" for m in months])


@invariant(_GROWTH)
def named_and_other_customers_add_up(context: Context) -> None:
    """The figures of named customers and of all others add up to those of all."""
    for query in _MODES.values():
        exchange, growth, _ = _shown(context, query)
        figures = [[decimal(value) for value in field_of(growth, name)] for name in ("total_periods", "other_periods")]
        named = [[decimal(value) for value in row["periods"]] for row in field_of(growth, "customer_periods")]
        lengths = {len(column) for column in (*figures, *named)}
        exchange.must.hold(lengths == {13}, "there must be a figure for each of thirteen months", sorted(lengths))
        sums = [total(column) for column in zip(figures[1], *named, strict=True)]
        agreement(context, exchange, "InvoiceGrowth", "total_periods")(
            "the figures of all customers and named and others together", figures[0], sums
        )


@invariant(_GROWTH)
def named_customers_come_by_name(context: Context) -> None:
    """The customers that growth names come by name, four of them unless others are asked for."""
    for query in _MODES.values():
        exchange, growth, _ = _shown(context, query)
        names = [row["name"] for row in field_of(growth, "customer_periods")]
        exchange.must.hold(sorted_by(names, descending=False), "named customers must come by name", names)
        exchange.must.hold(len(names) <= 4, "four customers are named unless more are asked for", len(names))


@invariant(_GROWTH)
def growth_is_what_was_invoiced(context: Context) -> None:
    """The figures of each month are what was invoiced in it, with tax and without."""
    for name, query in _MODES.items():
        exchange, growth, months = _shown(context, query)
        billed = _billed(context, name)
        shown = [decimal(value) for value in field_of(growth, "total_periods")]
        of_all = [sum((b[month] for b in billed.values()), Decimal(0)) for month in months]
        # Servers are known not to refresh some months; growth that is wrong in most of them is another matter.
        right = [one == other for one, other in zip(shown, of_all, strict=False) if other]
        exchange.must.hold(2 * sum(right) >= len(right), "most months must show what was invoiced in them", right)
        with context.known("growth-stale-after-migrate"):
            agreement(context, exchange, "InvoiceGrowth", "total_periods")(
                "the figures and the invoices of each month", shown, of_all
            )


@invariant(_GROWTH)
def a_named_customer_has_the_figures_of_its_invoices(context: Context) -> None:
    """The figures of a named customer are what it was invoiced in each month."""
    for name, query in _MODES.items():
        exchange, growth, months = _shown(context, query)
        billed = _billed(context, name)
        rows = [(row["name"], [decimal(value) for value in row["periods"]]) for row in growth["customer_periods"]]
        owners = {owner for _, owner in billed}
        for named, _ in rows:
            exchange.must.hold(named in owners, "a named customer must be one that was invoiced", named)
        right = [_shares(figures, named, billed, months) for named, figures in rows]
        exchange.must.hold(
            all(2 * share >= len(months) for share in right),
            "most figures of a named customer must be those of its invoices",
            right,
        )
        with context.known("growth-stale-after-migrate"):
            for share, (_, figures) in zip(right, rows, strict=True):
                exchange.must.hold(
                    share == len(months), "the figures of a named customer must be those of its invoices", figures
                )


@invariant(_GROWTH)
def the_largest_customers_are_named(context: Context) -> None:
    """Nobody is left out who was invoiced more in the twelve whole months than a named customer in all thirteen."""
    exchange, growth, months = _shown(context, {})
    billed = _billed(context, "total")
    names = {row["name"] for row in field_of(growth, "customer_periods")}
    upper = [total(b[m] for m in months) for (_, name), b in billed.items() if name in names]
    lower = [total(b[m] for m in months[1:]) for (_, name), b in billed.items() if name not in names]
    exchange.must.hold(
        not upper or not lower or min(upper) >= max(lower), "the largest customers must be named", sorted(names)
    )


@invariant(_GROWTH)
def so_many_customers_are_named_as_were_asked_for(context: Context) -> None:
    """As many customers are named as were asked for, if there are so many."""
    customers = len(billing_data(context).customers) if context.target.main.role in _ALL else None
    for count in (0, 1, 20):
        exchange, growth, _ = _shown(context, {"customers_count": count})
        got = len(field_of(growth, "customer_periods"))
        exchange.must.hold(got <= count, f"at most {count} customers are named", got)
        if customers is not None and count:
            exchange.must.hold(got > 0 or not customers, "some customer must be named", got)


@invariant(_GROWTH)
def others_are_all_where_none_is_named(context: Context) -> None:
    """Where no customer is named, the figures of the others are those of all."""
    exchange, growth, _ = _shown(context, {"customers_count": 0})
    exchange.must.agree(
        "all and others where none is named", field_of(growth, "other_periods"), field_of(growth, "total_periods")
    )


@invariant(_GROWTH)
def more_than_twenty_customers_are_not_named(context: Context) -> None:
    """A number of customers above twenty, or that is no number, is refused with 400."""
    for wrong in (21, "abc"):
        context.ask(_GROWTH, query={"customers_count": wrong}).must.have_status(400)


@invariant(_GROWTH)
def a_negative_number_of_customers_is_refused(context: Context) -> None:
    """A negative number of customers is refused with 400."""
    if context.description.dialect == "wire" and not context.forgives:
        raise NotExercised("servers of this dialect fail here")
    with context.known("growth-negative-count-fails"):
        context.ask(_GROWTH, query={"customers_count": -1}).must.have_status(400)


def _shares(
    figures: list[Decimal], named: object, billed: dict[tuple[str, str], dict[Month, Decimal]], months: list[Month]
) -> int:
    """In how many months a customer of this name was invoiced what its figures say, for the one that fits best.

    There must be such a customer.
    """
    owners = [b for (_, owner), b in billed.items() if owner == named]
    return max(sum(b[m] == f for m, f in zip(months, figures, strict=False)) for b in owners)
