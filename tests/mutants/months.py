"""Defects in sums over months: growth, costs, periods, total price, consumptions."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.mutants.money import CENT, exact, like, number, shifted
from tests.wrapping.changes import (
    CONSUMPTIONS,
    COSTS,
    CUSTOMER_COSTS,
    DOCUMENTED,
    GROWTH,
    PROJECT_COSTS,
    TOTAL_PRICE,
    Defect,
    always,
    body_changed,
    counted,
    field,
    matches,
    request_changed,
    response_changed,
    rows_changed,
)
from tests.wrapping.proxy import Request, Response, Row, Server, digits


def _without_first(response: Response) -> Response:
    rows = response.json
    return counted(response, rows[1:])


def _growth_months(change: Callable[[list[Any]], list[Any]], *names: str) -> Callable[[Row], Row]:
    """Changes the lists of growth: figures in every part of it, unless names are given."""

    def edit(value: Row) -> Row:
        chosen = names or ("total_periods", "other_periods")
        customers = [row if names else {**row, "periods": change(row["periods"])} for row in value["customer_periods"]]
        return {**value, **{name: change(value[name]) for name in chosen}, "customer_periods": customers}

    return edit


def _month_before(figures: list[Any]) -> list[Any]:
    return [figures[0], *figures[:-1]]


def _month_named_before(labels: list[str]) -> list[str]:
    year, month = map(int, labels[0].split("-"))
    before = f"{year - 1}-12" if month == 1 else f"{year}-{month - 1}"
    return [before, *labels[:-1]]


async def _growth_of_last_month(request: Request, server: Server) -> Response:
    """Growth ends with last month: labels and figures agree, and both are a month old."""
    response = await server.ask(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [GROWTH]):
        return response
    value = response.json
    (first, *_) = value["periods"] = _month_named_before(value["periods"])
    year, month = first.split("-")
    kind = "price" if request.values("accounting_mode") == ["accounting"] else "total"
    rows = await server.rows("/api/invoices/", request, year=year, month=month)
    sums = {row["customer_details"]["name"]: number(row[kind]).quantize(CENT) for row in rows}
    named = [row["name"] for row in value["customer_periods"]]
    firsts = {
        "total_periods": sum(sums.values(), Decimal(0)),
        "other_periods": sum((figure for name, figure in sums.items() if name not in named), Decimal(0)),
    }
    for name, figure in firsts.items():
        value[name] = [like(figure, value[name][-2]), *value[name][:-1]]
    for row in value["customer_periods"]:
        row["periods"] = [like(sums.get(row["name"], Decimal(0)), row["periods"][-2]), *row["periods"][:-1]]
    return response.saying(value)


def _growth_ahead(value: Row) -> Row:
    """Growth ends with next month, for which nothing is billed."""
    year, month = map(int, value["periods"][-1].split("-"))
    after = f"{year + 1}-1" if month == 12 else f"{year}-{month + 1}"
    moved = _growth_months(lambda figures: [*figures[1:], like(Decimal("0.00"), figures[-2])])(value)
    return {**moved, "periods": [*value["periods"][1:], after]}


def _named_a_month_off(value: Row) -> Row:
    """The figures of named customers stand a month too late; all others make up for it."""
    for row in value["customer_periods"]:
        row["periods"] = _month_before(row["periods"])
    named = [[number(figure) for figure in row["periods"]] for row in value["customer_periods"]]
    sums = [sum(column, Decimal(0)) for column in zip(*named, strict=True)]
    totals = [number(figure) for figure in value["total_periods"]]
    others = [
        like(total - figure, old) for total, figure, old in zip(totals, sums, value["other_periods"], strict=True)
    ]
    return {**value, "other_periods": others}


def _twelve_months(value: Row) -> Row:
    shorter = _growth_months(lambda figures: figures[1:])(value)
    return {**shorter, "periods": value["periods"][1:]}


def _others_forgotten(value: Row) -> Row:
    """The customers that are not named count for nothing, not even in the total."""
    zeros = [like(Decimal("0.00"), figure) for figure in value["other_periods"]]
    of_customers = [[number(figure) for figure in row["periods"]] for row in value["customer_periods"]]
    totals = [sum(column, Decimal(0)) for column in zip(*of_customers, strict=True)]
    old = value["total_periods"]
    return {
        **value,
        "other_periods": zeros,
        "total_periods": [like(new, was) for new, was in zip(totals, old, strict=True)],
    }


def _accounting(request: Request) -> Request:
    """Growth in the mode that shows prices without tax."""
    return request.asking([*request.without("accounting_mode").parameters, ("accounting_mode", "accounting")])


async def _costs_ignore_compensation(request: Request, server: Server) -> Response:
    """What is negative is left out of the costs of a month."""
    response = await server.ask(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [COSTS]):
        return response
    rows = response.json
    project = dict(pair for pair in request.parameters if pair[0] == "project_uuid")
    items = await server.rows("/api/invoice-items/", request, **project)
    months = {digits(row["url"]): (row["year"], row["month"]) for row in await server.rows("/api/invoices/", request)}
    for row in rows:
        offsets = [
            exact(item)
            for item in items
            if months[digits(item["invoice"])] == (row["year"], row["month"]) and number(item["unit_price"]) < 0
        ]
        row["price"] = like((number(row["price"]) - sum(offsets, Decimal(0))).quantize(CENT), row["price"])
    return response.saying(rows)


async def _costs_of_the_months_before(request: Request, server: Server) -> Response:
    """The months are counted from the one before this, although the dates say otherwise."""
    response = await server.ask(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [PROJECT_COSTS]):
        return response
    if not (project := "".join(request.values("project_uuid"))):
        return response
    costs = {
        (row["year"], row["month"]): number(row["price"])
        for row in await server.rows("/api/invoice-items/costs/", request, project_uuid=project)
    }
    end = date.fromisoformat(response.json["end_date"])
    number_of_months = int("".join(request.values("period")) or 1)
    last = end.year * 12 + end.month - 2
    months = [divmod(number, 12) for number in range(last, last - number_of_months, -1)]
    wrong = sum((costs.get((year, month + 1), Decimal(0)) for year, month in months), Decimal(0))
    return response.saying({**response.json, "total_price": str(wrong.quantize(CENT))})


def _period_ignored(request: Request) -> Request:
    return request.asking([*request.without("period").parameters, ("period", "1")])


def _a_month_earlier(value: Row) -> Row:
    start = date.fromisoformat(value["start_date"])
    return {**value, "start_date": (start - timedelta(days=1)).replace(day=1).isoformat()}


def _rounded(text: str) -> str:
    return like(number(text).quantize(CENT), text)  # type: ignore[no-any-return]


def _doubled_item(value: list[Row]) -> list[Row]:
    for row in value:
        if row.get("items"):
            row["items"] = [row["items"][0], *row["items"]]
    return value


MONTHS: Final = (
    Defect("growth-of-last-month", "Growth is a month old, its labels too.", always(_growth_of_last_month)),
    Defect("growth-ahead", "Growth ends with next month.", body_changed([GROWTH], _growth_ahead)),
    Defect(
        "growth-of-named-a-month-off",
        "The figures of named customers stand a month too late in growth.",
        body_changed([GROWTH], _named_a_month_off),
    ),
    Defect(
        "growth-one-month-off",
        "The figures of growth stand one month too late.",
        body_changed([GROWTH], _growth_months(_month_before)),
    ),
    Defect(
        "growth-names-other-months",
        "The labels of growth begin a month too early.",
        body_changed([GROWTH], _growth_months(_month_named_before, "periods")),
    ),
    Defect("growth-without-tax", "Growth shows prices instead of totals.", request_changed([GROWTH], _accounting)),
    Defect("growth-of-twelve-months", "Growth leaves the earliest month out.", body_changed([GROWTH], _twelve_months)),
    Defect(
        "growth-forgets-the-others",
        "Growth counts only the customers that it names.",
        body_changed([GROWTH], _others_forgotten),
    ),
    Defect("costs-ignore-compensation", "Costs leave out what is negative.", always(_costs_ignore_compensation)),
    Defect("costs-miss-a-month", "Costs leave the latest month out.", response_changed([COSTS], _without_first)),
    Defect(
        "costs-show-an-item-twice",
        "The first item of the current month's costs is there twice.",
        body_changed([COSTS], _doubled_item),
    ),
    Defect(
        "period-costs-one-month-off",
        "The costs of a project are those of the months that end one month earlier.",
        always(_costs_of_the_months_before),
        dialects=DOCUMENTED,
    ),
    Defect(
        "period-ignored",
        "The costs of a customer are always those of one month.",
        request_changed([CUSTOMER_COSTS], _period_ignored),
    ),
    Defect(
        "period-begins-too-early",
        "The first day of the period is that of the month before.",
        body_changed([CUSTOMER_COSTS, PROJECT_COSTS], _a_month_earlier),
        dialects=DOCUMENTED,
        lawful="Servers do so: the entry period-dates-shifted.",
    ),
    Defect(
        "total-price-ignores-its-filter",
        "The total price counts every year.",
        request_changed([TOTAL_PRICE], lambda request: request.without("year", "month")),
    ),
    Defect(
        "total-price-rounded",
        "The total price is rounded to cents.",
        rows_changed([TOTAL_PRICE], field("total_price", _rounded)),
    ),
    Defect(
        "consumptions-miss-a-month",
        "Consumptions leave the first month out.",
        response_changed([CONSUMPTIONS], _without_first),
        dialects=DOCUMENTED,
    ),
    Defect(
        "consumptions-off-by-a-cent",
        "The consumption of a month is a cent too high.",
        rows_changed([CONSUMPTIONS], shifted("price", CENT)),
        dialects=DOCUMENTED,
    ),
)
