"""What items cost together: by month of a project, in a period, and in all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.context import Context, Query, field_of, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.readings.arithmetic import agreement, number
from waldur_billing_mock.contracts.readings.discovery import PAID_BY_CREDIT, UNKNOWN, Line, billing_data, cost, exact
from waldur_billing_mock.contracts.values import (
    Month,
    Row,
    decimal,
    half_even,
    hyphenated,
    optional_identifier,
    plain,
)

_PLACES: Final = Decimal("0.0000000001")
_COSTS: Final = "invoice_items_costs_list"
_CUSTOMER: Final = "invoice_items_customer_costs_for_period_retrieve"
_PROJECT: Final = "invoice_items_project_costs_for_period_retrieve"
_SNAPSHOT: Final = "project-snapshot-only"
_PERIODS: Final = (_CUSTOMER, _PROJECT)
_CODES: Final = {1: None, 2: 1, 3: 3, 4: 12}
_MONTHS: Final = {1: 1, 3: 3, 12: 12}
"""How many months a period counts: as real servers read the number, and as the documents do. None is all months."""


@dataclass(frozen=True, slots=True)
class _Costs:
    """The costs of a project: what the server shows, and the lines that it may count."""

    exchange: Exchange
    rows: list[Row]
    lines: list[Line]
    got: dict[Month, Decimal]


def _costs(context: Context) -> Iterator[_Costs]:
    data = billing_data(context)
    for project in context.sample(need(data.projects, "project"), size=context.profile.sample):
        exchange = context.first_page(_COSTS, query={"project_uuid": _asked(context, project)})
        rows = exchange.must.show_rows()
        got = {Month(int(field_of(row, "year")), int(row["month"])): number(row, "price") for row in rows}
        lines = data.of_project(project)
        context.survey.looked_for.add(_SNAPSHOT)
        if _goes_by_snapshot(context, _COSTS) and not _fits_months(got, _by_month(lines)):
            lines = _not_paid_by_credit(lines)
            _tell_snapshot(context, exchange)
        yield _Costs(exchange, rows, lines, got)


@invariant(_COSTS)
def costs_come_latest_month_first(context: Context) -> None:
    """The months of the costs come latest first."""
    for costs in _costs(context):
        order = list(costs.got)
        costs.exchange.must.hold(order == sorted(order, reverse=True), "the latest month must come first", order)


@invariant(_COSTS)
def a_month_costs_what_its_items_cost(context: Context) -> None:
    """Each month costs what the project's items on its invoices cost together."""
    for costs in _costs(context):
        expected = {month: half_even(value) for month, value in _by_month(costs.lines).items()}
        shown = {month: value for month, value in costs.got.items() if month in expected or value}
        must_agree = agreement(context, costs.exchange, "InvoiceCost", "price")
        must_agree("the price of each month and its items", shown, expected)


@invariant(_COSTS)
def the_current_month_shows_its_items(context: Context) -> None:
    """The costs of the current month show the project's items with a positive price, each of them."""
    for costs in _costs(context):
        for row in costs.rows:
            month = Month(int(row["year"]), int(row["month"]))
            if month != context.month or "items" not in row:
                continue
            prices = [plain(number(line.item, "price")) for line in costs.lines if line.month == month]
            positive = sorted(price for price in prices if price > 0)
            listed = sorted(plain(number(item, "price")) for item in row["items"])
            with context.known("costs-items-collapse"):
                costs.exchange.must.hold(
                    listed == positive or not _are_each_once(listed, positive),
                    "equal items of the current month must each be shown",
                    listed,
                )
            if not _are_each_once(listed, positive):
                costs.exchange.must.agree("the items of the current month and the positive lines", listed, positive)


@invariant(*_PERIODS)
def a_period_costs_what_its_items_cost(context: Context, operation_id: str) -> None:
    """The costs in a period are the sum over the items on the invoices of its months, negative ones included."""
    for key, lines in _asked_about(context, operation_id):
        for code, months in _periods(context, operation_id).items():
            exchange, shown = _sum(context, operation_id, key, code)
            expected = _expected(context, operation_id, lines, months, shown)
            # Servers are known to count equal items once, which another check tells.
            if half_even(_cost(_unlike(_counted(context, lines, months)))) != shown:
                exchange.must.agree(f"the sum of period {code} and the items", shown, expected)


@invariant(*_PERIODS)
def equal_items_count_each(context: Context, operation_id: str) -> None:
    """Items of one month with the same price and quantity count each in the costs of a period."""
    for key, lines in _asked_about(context, operation_id):
        for code, months in _periods(context, operation_id).items():
            exchange, shown = _sum(context, operation_id, key, code)
            expected = _expected(context, operation_id, lines, months, shown)
            with context.known("period-costs-collapse"):
                exchange.must.hold(
                    shown == expected or half_even(_cost(_unlike(_counted(context, lines, months)))) != shown,
                    f"the sum of period {code} must count equal items each",
                    shown,
                )


@invariant(*_PERIODS)
def a_period_tells_its_first_and_last_day(context: Context, operation_id: str) -> None:
    """A period begins on the first day of its first month, and ends with the current month."""
    now = context.month
    for key, _ in _asked_about(context, operation_id):
        for code, months in _periods(context, operation_id).items():
            if months is None:
                continue
            exchange, _ = _sum(context, operation_id, key, code)
            row = exchange.must.show_row()
            first = now.back(months - 1)
            with context.known("period-dates-shifted"):
                if context.description.switched(context.description.operations[operation_id], "shifted-period-dates"):
                    continue  # real servers shift both days by a month
                exchange.must.agree("the first day", field_of(row, "start_date"), f"{first}-01")
                end = str(field_of(row, "end_date"))
                exchange.must.hold(end[:7] == str(now), "the period must end in this month", end)
                exchange.must.hold(end > f"{now}-27", "the period must end with the month", end)


@invariant("invoice_items_total_price_retrieve")
def the_total_price_is_that_of_the_items(context: Context) -> None:
    """The total price is the exact sum of unit price times quantity over the items that the same filters list."""
    month = context.month.back(1)
    queries: list[Query] = [
        {},
        {"year": month.year},
        {"year": month.year, "month": month.month},
        {"start_month": month.month},
    ]
    some = context.sample(need(context.rows("invoice_items_list"), "invoice item"), size=2)
    resources = (optional_identifier(row.get("resource")) for row in some)
    queries += [{"resource_uuid": hyphenated(resource)} for resource in resources if resource]
    queries += [{"resource_uuid": UNKNOWN}]
    for query in queries:
        exchange = context.ask("invoice_items_total_price_retrieve", query=query)
        exchange.must.have_status(200)
        listed = half_even(cost(context.rows("invoice_items_list", query=query)), _PLACES)
        agreement(context, exchange, "InvoiceItemTotalPrice", "total_price")(
            "the total price and the items of the same filter", number(exchange.must.show_row(), "total_price"), listed
        )


def _asked_about(context: Context, operation_id: str) -> Iterator[tuple[str, list[Line]]]:
    """Some customers or projects, with their lines."""
    data = billing_data(context)
    if operation_id == _CUSTOMER:
        chosen = context.sample(need(data.customers, "customer"), size=context.profile.sample)
        return ((key, data.of_customer(key)) for key in chosen)
    chosen = context.sample(need(data.projects, "project"), size=context.profile.sample)
    return ((key, data.of_project(key)) for key in chosen)


def _sum(context: Context, operation_id: str, key: str, code: int) -> tuple[Exchange, Decimal]:
    """The answer for a customer or a project and a period, and the sum in it."""
    exchange = _ask_period(context, operation_id, key, code)
    return exchange, number(exchange.must.show_row(), "total_price")


def _ask_period(context: Context, operation_id: str, key: str, code: int) -> Exchange:
    name = "customer_uuid" if operation_id == _CUSTOMER else "project_uuid"
    at = context.description.place_of_parameter(context.description.operations[operation_id], "period")
    exchange = context.ask(operation_id, query={name: hyphenated(key), "period": code}, at=at)
    exchange.must.have_status(200)
    return exchange


def _periods(context: Context, operation_id: str) -> dict[int, int | None]:
    """The periods to be asked for, with the number of months that each counts.

    Servers that tell their periods by codes answer the same for a number whichever way it is meant; which way shows at
    the longest one.
    """
    operation = context.description.operations[operation_id]
    documented: dict[int, int | None] = dict(_MONTHS)
    if context.description.switched(operation, "coded-periods"):
        return dict(_CODES)
    chosen = context.description.choices(operation.query["period"])
    if chosen and set(chosen) != set(documented):
        raise NotExercised("the periods of the description are others than those known")
    if context.explaining("period-codes"):
        key, _ = next(iter(_asked_about(context, operation_id)))
        taken = False
        with context.known("period-codes", "period-not-months"):
            _ask_period(context, operation_id, key, 12)
            taken = True
        return documented if taken else dict(_CODES)
    return documented


def _expected(context: Context, operation_id: str, lines: list[Line], months: int | None, shown: Decimal) -> Decimal:
    counted = _counted(context, lines, months)
    if _goes_by_snapshot(context, operation_id) and half_even(_cost(counted)) != shown:
        counted = _not_paid_by_credit(counted)
    return half_even(_cost(counted))


def _counted(context: Context, lines: list[Line], months: int | None) -> list[Line]:
    now = context.month
    return [line for line in lines if months is None or now.back(months - 1) <= line.month <= now]


def _by_month(lines: Iterable[Line]) -> dict[Month, Decimal]:
    sums: dict[Month, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.month] += exact(line.item)
    return sums


def _cost(lines: Iterable[Line]) -> Decimal:
    return cost(line.item for line in lines)


def _unlike(lines: Iterable[Line]) -> Iterable[Line]:
    """One line of each month, unit price and quantity."""
    return {
        (line.month, decimal(line.item["unit_price"]), decimal(line.item["quantity"])): line for line in lines
    }.values()


def _are_each_once(listed: Sequence[object], whole: Sequence[object]) -> bool:
    """Whether values are some of the whole, each that is there at least once."""
    return set(listed) == set(whole) and not Counter(listed) - Counter(whole)


def _fits_months(got: dict[Month, Decimal], sums: dict[Month, Decimal]) -> bool:
    return all(got.get(month, Decimal(0)) == half_even(value) for month, value in sums.items())


def _goes_by_snapshot(context: Context, operation_id: str) -> bool:
    """Whether items without a copied project, as credits made them in 2025, may be missing from a project's sums."""
    switched = context.description.switched(context.description.operations[operation_id], _SNAPSHOT)
    return switched or bool(context.explaining(_SNAPSHOT))


def _not_paid_by_credit(lines: list[Line]) -> list[Line]:
    """The lines but for those with which a credit pays. Raises `NotExercised` where the server does not mark them.

    Releases of 2024 show no `credit`; what a credit pays has a name of its own there, and no details.
    """
    if all("credit" in line.item for line in lines):
        return [line for line in lines if not line.item["credit"]]
    others = [line for line in lines if not str(line.item.get("name")).startswith(PAID_BY_CREDIT)]
    if any(exact(line.item) < 0 and not line.item.get("details") for line in others):
        raise NotExercised("the server does not show which items a credit has paid with")
    return others


def _tell_snapshot(context: Context, exchange: Exchange) -> None:
    """Notes that sums leave out what a credit paid, as servers of 2025 do."""
    what = "the costs of a project must count what a credit paid"
    context.deviate(Complaint(what, exchange.place, None, None, exchange), context.explaining(_SNAPSHOT))


def _asked(context: Context, project: str) -> str:
    """The project as the dialect wants it asked for: real servers find nothing with hyphens here."""
    wire = context.description.dialect == "wire" or not context.target.in_process
    return project if wire else hyphenated(project)
