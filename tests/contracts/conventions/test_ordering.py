"""Orders: a healthy mock passes, and rows in another order are reported."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import (
    INVOICES,
    PROVIDER_ITEMS,
    UUID,
    Change,
    all_judged,
    answered,
    context,
    judged,
    rows,
    said,
    setting,
    shown,
)
from tests.contracts.readings.books import data, key
from waldur_billing_mock.contracts.conventions.ordering import KEYS
from waldur_billing_mock.contracts.exchange import Answer, Request

SORT: Final = "conventions/orders_sort"
COMBINE: Final = "conventions/orders_combine"
ALL: Final = "an order must keep all rows"
LINES: Final = f"/api/invoices/{UUID}/items/"
SOLD: Final = "provider_invoice_items_list"
BY_PROJECT: Final = f"{SORT}/{SOLD}/project_name"


def reverse(value: Any) -> Any:
    return value[::-1]


@pytest.mark.parametrize(
    "options",
    [{}, {"forgives": True}, {"dialect": "wire", "wire": True}, {"profile": "full"}, {"revision": "7.8.8"}],
)
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    assert set(all_judged(f"{SORT}/", **options).values()) == {"kept"}
    assert set(all_judged(f"{COMBINE}/", **options).values()) == {"kept"}


def test_orders_are_those_that_the_description_lists_of_lists_whose_keys_are_known() -> None:
    found = [name.split("/") for name in all_judged(f"{SORT}/")]

    assert {operation for operation, _ in found} == set(KEYS)
    of_invoices = {order for operation, order in found if operation == "invoices_list"}
    assert of_invoices == {"created", "-created", "month", "-month", "year", "-year"}


@pytest.mark.parametrize("order", ["month", "-month", "created", "-created"])
def test_invoices_in_another_order_are_told(order: str) -> None:
    turned = shown(INVOICES, reverse, query=f"o={order}(&|$)")

    assert said(f"{SORT}/invoices_list/{order}", turned) == f"the rows must come by {order}"


@pytest.mark.parametrize("order", ["unit_price", "-project_name", "resource_offering_name", "invoice_customer_name"])
def test_provider_items_in_another_order_are_told(order: str) -> None:
    turned = shown(PROVIDER_ITEMS, reverse, query="o=")

    assert said(f"{SORT}/{SOLD}/{order}", turned) == f"the rows must come by {order}"


def test_rows_that_an_order_loses_are_told() -> None:
    lost = shown(INVOICES, lambda value: value[1:], query="o=")

    assert said(f"{SORT}/invoices_list/year", lost) == ALL
    assert said(f"{SORT}/invoices_list/created", lost) == ALL


def test_a_single_invoice_before_those_that_were_made_before_it_is_told() -> None:
    first = shown(INVOICES, lambda value: [value[-1], *value[:-1]], query="o=created")

    assert said(f"{SORT}/invoices_list/created", first) == "the rows must come by created"


def test_an_invoice_that_was_made_both_before_a_day_and_on_it_is_told() -> None:
    asking, _ = context()
    oldest = asking.in_order("invoices_list", query={"o": "created"})[:1]
    both = answered(INVOICES, body=json.dumps([dict(oldest[0])], default=str).encode(), query="^(end_date|created)=")

    assert said(f"{SORT}/invoices_list/created", both) == "the rows must come by created"


def test_three_days_are_asked_for() -> None:
    found = judged(f"{SORT}/invoices_list/created")

    assert len([one for one in found.sent if "start_date" in one.target]) == 3


@pytest.mark.parametrize("order", ["provider_name", "-provider_name"])
def test_lines_come_by_the_provider_that_their_details_name(order: str) -> None:
    def named(*names: str | None) -> Change:
        made = [
            {"uuid": key(number), "resource": name and "a", "details": {"service_provider_name": name or "Z"}}
            for number, name in enumerate(names)
        ]
        made.append({"uuid": key(99), "resource": "a", "details": {}})
        return shown(LINES, lambda value: made)

    check, what = f"{SORT}/invoices_items_retrieve/{order}", f"the rows must come by {order}"
    up, down = said(check, named("A", None, "B", "B")), said(check, named("B", None, "A"))
    assert (up, down) == (("kept", what) if order == "provider_name" else (what, "kept"))


@pytest.mark.parametrize(
    ("up", "down", "what"),
    [
        ([(2024, 1), (2024, 2), (2025, 3), (2025, 4)], [(2024, 2), (2024, 1), (2025, 4), (2025, 3)], "kept"),
        ([(2024, 2), (2024, 1), (2025, 3)], [(2024, 2), (2024, 1), (2025, 3)], "equal rows must come by month"),
        ([(2024, 1), (2024, 2), (2025, 3)], [(2024, 1), (2024, 2), (2025, 3)], "equal rows must come by -month"),
        ([(2025, 1), (2024, 2)], [(2025, 1), (2024, 2)], "the rows must come by year first"),
        ([(2024, 1), (2025, 2)], [(2025, 2), (2024, 1)], "the rows must come by year first"),
    ],
)
def test_rows_that_are_equal_first_come_by_the_second(
    up: list[tuple[int, int]], down: list[tuple[int, int]], what: str
) -> None:
    def invoices(found: list[tuple[int, int]], query: str) -> Change:
        made = [{"uuid": key(number), "year": year, "month": month} for number, (year, month) in enumerate(found)]
        return answered(INVOICES, body=json.dumps(made).encode(), query=query, x_result_count=str(len(made)))

    changes = invoices(up, "o=year%2Cmonth"), invoices(down, "o=year%2C-month")

    assert said(f"{COMBINE}/invoices_list", *changes) == what


def test_what_no_answer_shows_of_a_row_is_no_part_of_an_order() -> None:
    """Items of a credit may have no project stored, and those of projects that are gone show another name."""
    project, nothing = KEYS[SOLD]["project_name"], data([])
    row: dict[str, Any] = {"project_name": "P", "unit_price": "1"}
    hidden = project(nothing, {**row, "credit": True})

    assert project(nothing, row) == project(nothing, {**row, "credit": False}) == "P"
    assert project(nothing, {**row, "unit_price": "0"}) == project(nothing, {**row, "unit_price": "0.5"}) == "P"
    assert project(nothing, {**row, "credit": False, "unit_price": "-1"}) == "P"
    assert hidden is project(nothing, {**row, "unit_price": "-1"}) is project(nothing, {**row, "project_name": "N/A"})


def projects(asking_for: int = 2) -> list[str]:
    """The identifiers of the first projects by name."""
    asking, _ = context()
    found = asking.in_order(SOLD, query={"o": "project_name"})
    shown_names = [row for row in found if not row["credit"] and row["project_name"] != "N/A"]
    return list(dict.fromkeys(str(row["project_uuid"]) for row in shown_names))[:asking_for]


def renamed(*keys: str) -> Change:
    """Rows of these projects show a name that comes last."""
    return rows(PROVIDER_ITEMS, lambda row: row.update(project_name="zzz") if row["project_uuid"] in keys else None)


def gone(*keys: str) -> Change:
    """The server finds nothing of these projects."""
    return answered(PROVIDER_ITEMS, body=b"[]", query=f"project_uuid=({'|'.join(keys)})&")


def test_rows_of_a_project_that_is_gone_may_show_another_name_on_a_deployment() -> None:
    one, other = projects()
    what = "the rows must come by project_name"

    assert said(BY_PROJECT, renamed(one), gone(one), forgives=True) == "kept"
    assert said(BY_PROJECT, renamed(one), gone(one)) == what
    assert said(BY_PROJECT, renamed(one), gone(other), forgives=True) == what
    assert said(BY_PROJECT, renamed(one, other), gone(one), forgives=True) == what
    asked = judged(BY_PROJECT, renamed(one), gone(one), forgives=True).sent
    assert f"{PROVIDER_ITEMS}?project_uuid={one}&page_size=1" in [request.target for request in asked]
    pairs = judged(f"{COMBINE}/{SOLD}", renamed(one), gone(one), forgives=True)
    assert pairs.said == "kept"


def test_projects_are_not_asked_for_where_the_rows_come_in_order() -> None:
    for check in (BY_PROJECT, f"{COMBINE}/{SOLD}"):
        found = judged(check, forgives=True)

        assert not [one for one in found.sent if "project_uuid" in one.target]


def test_a_price_in_another_order_is_excused_by_no_project() -> None:
    turned = shown(PROVIDER_ITEMS, reverse, query="o=")

    found = judged(f"{SORT}/{SOLD}/unit_price", turned, forgives=True)

    assert found.said == "the rows must come by unit_price"
    assert not [one for one in found.sent if "project_uuid" in one.target]


def many(*of_months: int, known: bool = True) -> tuple[Change, Change]:
    """So many items sold in this month, in the one before, and so on, which lines of invoices are if they are known."""
    lines = [
        [
            {"uuid": key(1000 * ago + number), "unit_price": "1", "project_name": "P", "credit": False}
            for number in range(count)
        ]
        for ago, count in enumerate(of_months)
    ]
    bills = [
        {
            "uuid": key(90_000 + ago),
            "customer": f"/{key(7)}/",
            "year": 2025,
            "month": 11 - ago,
            "items": some if known else [],
        }
        for ago, some in enumerate(lines)
    ]
    sold = [line for some in lines for line in some]

    def change(request: Request, answer: Answer) -> Answer:
        if request.path != PROVIDER_ITEMS:
            return answer
        second = "page=2" in request.target
        part = sold[300:] if second else sold[:300]
        headers = {"content-type": "application/json", "x-result-count": str(len(sold))}
        return Answer(200, headers, json.dumps(part).encode(), 0.0)

    return change, answered(INVOICES, body=json.dumps(bills).encode(), x_result_count=str(len(bills)))


@pytest.mark.parametrize(
    ("changes", "options", "asked"),
    [
        (many(150, 150), {}, ""),
        (many(150, 151), {}, "invoice_year=2025&invoice_month=10"),
        (many(160, 160), {}, "invoice_year=2025&invoice_month=11"),
        (many(300, 1), {}, "invoice_year=2025&invoice_month=11"),
        (many(301, 2), {}, "invoice_year=2025&invoice_month=10"),
        (many(301), {}, ""),
        (many(300, 1, known=False), {}, ""),
        (many(300, 1), {"profile": "full"}, ""),
    ],
)
def test_of_a_list_of_many_pages_the_largest_month_that_fits_on_one_is_sorted(
    changes: tuple[Change, Change], options: dict[str, Any], asked: str
) -> None:
    found = judged(f"{SORT}/{SOLD}/unit_price", *changes, **options)

    assert found.said == "kept"
    sorted_ones = [one.target for one in found.sent if "o=unit_price" in one.target]
    assert sorted_ones[0].startswith(f"{PROVIDER_ITEMS}?{asked}{'&' if asked else ''}o=unit_price")


def test_a_list_without_filters_of_a_month_is_sorted_as_a_whole() -> None:
    found = judged(f"{SORT}/invoices_list/year", rows(INVOICES, setting(number=1)))

    assert [one.target for one in found.sent if "o=year" in one.target] == [f"{INVOICES}?o=year&page_size=300"]
