"""What items cost together: each check passes healthy mocks, and reports what is wrong with figures of a few lines."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import INVOICES, Change, answered, judged, rows, said, setting
from waldur_billing_mock.contracts.description import Description

COSTS: Final = "/api/invoice-items/costs/"
CUSTOMER: Final = "/api/invoice-items/customer_costs_for_period/"
PROJECT: Final = "/api/invoice-items/project_costs_for_period/"
TOTAL_PRICE: Final = "/api/invoice-items/total_price/"
OF_MONTHS: Final = tuple(
    f"invariants/invoice_items_costs_list/{name}"
    for name in (
        "costs_come_latest_month_first",
        "a_month_costs_what_its_items_cost",
        "the_current_month_shows_its_items",
    )
)
LATEST, MONTH, CURRENT = OF_MONTHS
OF_PERIODS: Final = (
    "a_period_costs_what_its_items_cost",
    "equal_items_count_each",
    "a_period_tells_its_first_and_last_day",
)
PERIODS: Final = {
    CUSTOMER: "invoice_items_customer_costs_for_period_retrieve",
    PROJECT: "invoice_items_project_costs_for_period_retrieve",
}
TOTAL: Final = "invariants/invoice_items_total_price_retrieve/the_total_price_is_that_of_the_items"
ALL: Final = (*OF_MONTHS, *(f"invariants/{one}/{name}" for one in PERIODS.values() for name in OF_PERIODS), TOTAL)
SNAPSHOT: Final = "project-snapshot-only"
KEY: Final = "a" * 32
AGREE: Final = "the price of each month and its items must agree"
UNMARKED: Final = "not exercised: the server does not show which items a credit has paid with"


@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize("revision", ["documents", "8.1.3"])
def test_a_healthy_mock_passes(check: str, revision: str) -> None:
    assert judged(check, revision=revision)[:2] == ("kept", ())
    assert judged(check, revision=revision, dialect="wire", wire=True)[:2] == ("kept", ())
    assert said(check, revision=revision, forgives=True) == "kept"
    assert said(check, revision=revision, forgives=True, wire=True) == "kept"


def line(price: str, **more: Any) -> dict[str, Any]:
    """A line of one project, which costs its unit price."""
    return {
        "uuid": "b" * 32,
        "project_uuid": KEY,
        "price": price,
        "unit_price": price,
        "quantity": "1",
        "credit": False,
        "details": {"plan_name": "one"},
        **more,
    }


def credit(price: str) -> dict[str, Any]:
    return line(price, credit=True, details={})


def books(**months: list[dict[str, Any]]) -> Change:
    """The invoices of one customer have these lines, by months such as `m2025_11`."""
    made = [
        {
            "uuid": "c" * 32,
            "customer": f"http://mock.invalid/{KEY}/",
            "year": int(m[1:5]),
            "month": int(m[6:]),
            "items": i,
        }
        for m, i in months.items()
    ]
    return answered(INVOICES, body=json.dumps(made).encode(), x_result_count=str(len(made)))


def costs(*found: tuple[int, int, str], items: list[str] | None = None) -> Change:
    """The costs of the project in months; with the prices of items in each."""
    made = [
        {"year": year, "month": month, "price": price}
        | ({} if items is None else {"items": [{"price": one} for one in items]})
        for year, month, price in found
    ]
    return answered(COSTS, 200, json.dumps(made).encode(), x_result_count=str(len(made)))


def test_months_come_latest_first() -> None:
    some = books(m2025_11=[line("5")], m2025_10=[line("6")])

    assert said(LATEST, some, costs((2025, 11, "5"), (2025, 10, "6"))) == "kept"
    assert said(LATEST, some, costs((2025, 10, "6"), (2025, 11, "5"))) == "the latest month must come first"


@pytest.mark.parametrize(
    ("found", "what"),
    [
        ([(2025, 11, "5.01"), (2025, 10, "0")], "kept"),
        ([(2025, 11, "5.01"), (2025, 10, "0"), (2025, 9, "0")], "kept"),
        ([(2025, 11, "5.01"), (2025, 10, "0"), (2025, 9, "1")], AGREE),
        ([(2025, 11, "5.00"), (2025, 10, "0")], AGREE),
        ([(2025, 11, "5.01")], AGREE),
    ],
)
def test_a_month_costs_what_its_items_cost_rounded_once(found: list[tuple[int, int, str]], what: str) -> None:
    some = books(m2025_11=[line("2.504"), line("2.504")], m2025_10=[line("3"), credit("-3")])

    assert said(MONTH, some, costs(*found)) == what


@pytest.mark.parametrize(
    ("listed", "what"),
    [
        (["5", "5", "0.5"], "kept"),
        (["5", "0.5"], "equal items of the current month must each be shown"),
        (["5", "5", "5", "0.5"], "the items of the current month and the positive lines must agree"),
        (["5", "5"], "the items of the current month and the positive lines must agree"),
        (["5", "5", "0.5", "7"], "the items of the current month and the positive lines must agree"),
    ],
)
def test_the_current_month_shows_each_item_with_a_positive_price(listed: list[str], what: str) -> None:
    some = books(m2025_11=[line("5"), line("5"), line("0.5"), line("0"), credit("-3")], m2025_10=[line("9")])
    now = costs((2025, 11, "7.5"), (2025, 10, "9"), items=listed)

    assert said(CURRENT, some, now) == what
    collapsed = "each be shown" in what
    assert judged(CURRENT, some, now, forgives=True)[:2] == (
        ("kept", ("costs-items-collapse",)) if collapsed else (what, ())
    )


def test_items_of_other_months_and_of_none_are_not_looked_at() -> None:
    some = books(m2025_11=[line("5")], m2025_10=[line("9")])

    assert said(CURRENT, some, costs((2025, 10, "9"), items=[])) == "kept"
    assert said(CURRENT, some, costs((2025, 11, "5"))) == "kept"


def test_real_servers_leave_out_of_the_costs_of_a_project_what_a_credit_paid() -> None:
    some, without = books(m2025_11=[line("5"), credit("-3")]), costs((2025, 11, "5"))

    assert said(MONTH, some, without) == AGREE
    assert judged(MONTH, some, without, forgives=True)[:2] == ("kept", (SNAPSHOT,))
    assert judged(MONTH, some, without, dialect="wire")[:2] == ("kept", ())
    assert judged(MONTH, some, costs((2025, 11, "2")), forgives=True)[:2] == ("kept", ())
    assert said(MONTH, some, costs((2025, 11, "9")), forgives=True) == AGREE
    assert SNAPSHOT in judged(MONTH, some, without).looked_for


def test_a_month_that_costs_nothing_need_not_be_shown() -> None:
    some = books(m2025_11=[line("5"), credit("-5")])

    assert judged(LATEST, some, costs(), forgives=True)[:2] == ("kept", ())


@pytest.mark.parametrize(
    ("others", "what"),
    [
        ([line("-3", name="Credit compensation. x", details={})], "kept"),
        ([line("-3", name="x", details={})], UNMARKED),
        ([line("-3", name="Credit compensation. x"), line("-1", name="x"), line("1")], "kept"),
        ([line("-3", name="Credit compensation. x", details={}), line("0", details={})], "kept"),
        ([line("-3", name="Credit compensation. x"), line("0.50", details={}), line("-0.50")], "kept"),
    ],
)
def test_releases_without_a_mark_of_credits_show_by_name_what_they_paid(others: list[Any], what: str) -> None:
    """Some line has the mark nevertheless, which is not enough."""
    unmarked = [{name: value for name, value in one.items() if name != "credit"} for one in others]
    found = judged(MONTH, books(m2025_11=[line("5"), *unmarked]), costs((2025, 11, "5")), forgives=True)

    assert found[:2] == (what, (SNAPSHOT,) if what == "kept" else ())


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"),
        ({"forgives": True}, KEY),
        ({"dialect": "wire"}, KEY),
    ],
)
def test_a_project_is_asked_for_with_hyphens_by_the_documents_alone(options: Any, asked: str) -> None:
    found = judged(MONTH, books(m2025_11=[line("5")]), costs((2025, 11, "5")), **options)

    assert found.sent[-1].target == f"{COSTS}?project_uuid={asked}&page_size=300"


YEARS: Final = {"m2024_11": [line("1")], "m2025_1": [line("2")], "m2025_9": [line("7")], "m2025_11": [line("5")]}
"""Lines within all months, twelve, three and one."""
SUMS: Final = {1: "5", 3: "12", 12: "14"}
CODED: Final = {1: "15", 2: "5", 3: "12", 4: "14"}


def sums(path: str, **by_code: str) -> list[Change]:
    """The sums of periods, with the days of each."""
    days = {"1": "2025-11-01", "3": "2025-09-01", "12": "2024-12-01"}
    return [
        answered(
            path,
            200,
            json.dumps({"total_price": price, "start_date": days.get(code[1:], ""), "end_date": "2025-11-30"}).encode(),
            query=f"period={code[1:]}$",
        )
        for code, price in by_code.items()
    ]


def of_codes(found: dict[int, str]) -> dict[str, str]:
    return {f"p{code}": price for code, price in found.items()}


@pytest.mark.parametrize("path", PERIODS)
def test_a_period_counts_its_months(path: str) -> None:
    check = f"invariants/{PERIODS[path]}/{OF_PERIODS[0]}"

    found = judged(check, books(**YEARS), *sums(path, **of_codes(SUMS)))

    assert found[:2] == ("kept", ())
    key = "customer_uuid" if path == CUSTOMER else "project_uuid"
    asked = [one.target for one in found.sent if one.path == path]
    assert asked == [f"{path}?{key}=aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa&period={code}" for code in SUMS]
    for code in SUMS:
        wrong = sums(path, **of_codes({**SUMS, code: "99"}))
        assert said(check, books(**YEARS), *wrong) == f"the sum of period {code} and the items must agree"
    coded = sums(path, **of_codes(CODED))
    assert said(check, books(**YEARS), *coded, dialect="wire") == "kept"


@pytest.mark.parametrize("path", PERIODS)
def test_equal_items_count_once_on_real_servers(path: str) -> None:
    counts, each = (f"invariants/{PERIODS[path]}/{name}" for name in OF_PERIODS[:2])
    twice = books(m2025_11=[line("5"), line("5"), line("5", unit_price="10", quantity="0.5")])
    once = sums(path, p1="10", p3="10", p12="10")

    assert said(counts, twice, *once) == "kept"
    assert said(each, twice, *once) == "the sum of period 1 must count equal items each"
    assert judged(each, twice, *once, forgives=True)[:2] == ("kept", ("period-costs-collapse",) * 3)
    for sum_of_all in ("15", "99"):
        assert said(each, twice, *sums(path, p1=sum_of_all, p3=sum_of_all, p12=sum_of_all)) == "kept"
    assert said(counts, twice, *sums(path, p1="15", p3="15", p12="15")) == "kept"


def test_what_a_credit_paid_may_be_missing_from_the_periods_of_a_project() -> None:
    paid = books(m2025_11=[line("5"), credit("-3")])
    for path, operation in PERIODS.items():
        check = f"invariants/{operation}/{OF_PERIODS[0]}"
        without, whole = (sums(path, **of_codes(dict.fromkeys(CODED | SUMS, price))) for price in ("5", "2"))

        assert said(check, paid, *whole) == said(check, paid, *whole, forgives=True) == "kept"
        assert said(check, paid, *without) == "the sum of period 1 and the items must agree"
        assert said(check, paid, *without, forgives=True) == "kept"
        missing = said(check, paid, *without, dialect="wire")
        assert missing == ("kept" if path == PROJECT else "the sum of period 1 and the items must agree")


@pytest.mark.parametrize("path", PERIODS)
@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"start_date": "2025-10-01"}, "the first day must agree"),
        ({"end_date": "2025-10-31"}, "the period must end in this month"),
        ({"end_date": "2025-11-27"}, "the period must end with the month"),
        ({"end_date": "2025-11-28"}, "kept"),
    ],
)
def test_the_days_of_a_period_are_those_of_its_months(path: str, wrong: dict[str, str], what: str) -> None:
    check = f"invariants/{PERIODS[path]}/{OF_PERIODS[2]}"
    healthy = [books(**YEARS), *sums(path, **of_codes(SUMS))]

    assert said(check, *healthy) == "kept"
    for code in SUMS:
        altered = rows(path, setting(**wrong), f"period={code}$")
        assert said(check, *healthy, altered) == what
        shifted = () if what == "kept" else ("period-dates-shifted",)
        assert judged(check, *healthy, altered, forgives=True)[:2] == ("kept", shifted)
    assert said(check, books(**YEARS), *sums(path, **of_codes(CODED)), dialect="wire") == "kept"


@pytest.mark.parametrize("path", PERIODS)
def test_whether_a_server_takes_codes_shows_at_the_longest_period(path: str) -> None:
    check = f"invariants/{PERIODS[path]}/{OF_PERIODS[0]}"
    coded = [*sums(path, **of_codes(CODED)), answered(path, 400, query="period=12$")]

    of_codes_alone = judged(check, books(**YEARS), *coded, forgives=True)
    of_months = judged(check, books(**YEARS), *sums(path, **of_codes(SUMS)), forgives=True)

    assert (of_codes_alone.said, of_months.said) == ("kept", "kept")
    assert of_codes_alone.noted in (("period-codes",), ("period-not-months",))
    assert of_months.noted == ()


@pytest.mark.parametrize(("choices", "known"), [((), True), ((12, 3, 1), True), ((1, 2), False)])
def test_other_periods_than_those_that_are_known_are_not_judged(
    choices: tuple[int, ...], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Description, "choices", lambda self, parameter: choices)
    check = f"invariants/{PERIODS[CUSTOMER]}/{OF_PERIODS[0]}"

    found = said(check, books(**YEARS), *sums(CUSTOMER, **of_codes(SUMS)))

    assert found == ("kept" if known else "not exercised: the periods of the description are others than those known")


def test_the_total_price_is_that_of_the_items_under_the_same_filters() -> None:
    asked = [one.target.partition("?")[2] for one in judged(TOTAL).sent if one.path == TOTAL_PRICE]
    wrong = rows(TOTAL_PRICE, setting(total_price="7"))

    assert asked[:4] == ["", "year=2025", "year=2025&month=10", "start_month=10"]
    assert asked[-1] == "resource_uuid=ffffffff-ffff-4fff-bfff-ffffffffffff"
    assert len(asked) <= 7
    assert said(TOTAL, wrong) == "the total price and the items of the same filter must agree"
