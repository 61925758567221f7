"""Growth: each check passes a healthy mock, and reports what was altered in its answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.contracts.altered import GROWTH, INVOICES, Change, answered, judged, rows, said, setting, shown

CHECKS: Final = tuple(
    f"invariants/invoices_growth_retrieve/{name}"
    for name in (
        "growth_shows_thirteen_months_up_to_now",
        "months_of_growth_are_written_as_year_and_month",
        "named_and_other_customers_add_up",
        "named_customers_come_by_name",
        "growth_is_what_was_invoiced",
        "a_named_customer_has_the_figures_of_its_invoices",
        "the_largest_customers_are_named",
        "so_many_customers_are_named_as_were_asked_for",
        "others_are_all_where_none_is_named",
        "more_than_twenty_customers_are_not_named",
        "a_negative_number_of_customers_is_refused",
    )
)
MONTHS, LABELS, ADDED, NAMED, INVOICED, FIGURES, LARGEST, ASKED, OTHERS, TOO_MANY, NEGATIVE = CHECKS
SMALLEST: Final = "Λύκειο του Παραδείγματος"
"""The customer of the world that growth does not name."""
IN_A_ROW: Final = "growth must show thirteen months, one after the other"
NOT_NOW: Final = "growth must end with the current month, 2025-"
MOST: Final = "most months must show what was invoiced in them"
SOME: Final = "the figures and the invoices of each month must agree"
MOST_OF_ONE: Final = "most figures of a named customer must be those of its invoices"
SOME_OF_ONE: Final = "the figures of a named customer must be those of its invoices"
STALE: Final = "growth-stale-after-migrate"


def growth(edit: Callable[[Any], Any], query: str = "") -> Change:
    return shown(GROWTH, edit, query)


def until(year: int, month: int, count: int = 13) -> Change:
    """Growth shows so many months up to this one."""
    numbers = range(year * 12 + month - count, year * 12 + month)
    return rows(GROWTH, setting(periods=[f"{number // 12}-{number % 12 + 1}" for number in numbers]))


def each_named(edit: Callable[[list[Any]], Any]) -> Change:
    """The figures of each named customer are others."""

    def of_all(value: Any) -> None:
        for row in value["customer_periods"]:
            row["periods"] = edit(row["periods"])

    return growth(of_all)


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_mock_passes(check: str) -> None:
    assert judged(check)[:2] == ("kept", ())


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (MONTHS, until(2025, 11, 12), IN_A_ROW),
        (MONTHS, until(2025, 11, 14), IN_A_ROW),
        (MONTHS, until(2025, 11, 0), IN_A_ROW),
        (MONTHS, until(2025, 10), f"{NOT_NOW}11"),
        (LABELS, growth(lambda value: value["periods"].__setitem__(2, "2025-01")), "the labels and YYYY-M must agree"),
        (
            ADDED,
            rows(GROWTH, setting(other_periods=[7] * 13)),
            "the figures of all customers and named and others together must agree",
        ),
        (
            ADDED,
            rows(GROWTH, setting(other_periods=[7] * 12)),
            "there must be a figure for each of thirteen months",
        ),
        (NAMED, growth(lambda value: value["customer_periods"].reverse()), "named customers must come by name"),
        (
            NAMED,
            growth(lambda value: value["customer_periods"].append({"name": "Ω", "periods": []})),
            "four customers are named unless more are asked for",
        ),
        (INVOICED, rows(GROWTH, setting(total_periods=[7] * 13)), MOST),
        (
            FIGURES,
            growth(lambda value: value["customer_periods"][0].update(name="x")),
            "a named customer must be one that was invoiced",
        ),
        (
            OTHERS,
            growth(lambda value: value.update(other_periods=[7] * 13), "customers_count=0"),
            "all and others where none is named must agree",
        ),
        (TOO_MANY, answered(GROWTH, 200, query="customers_count=21"), "the status must be 400, not 200"),
        (TOO_MANY, answered(GROWTH, 200, query="customers_count=abc"), "the status must be 400, not 200"),
        (NEGATIVE, answered(GROWTH, 500, query="customers_count=-1$"), "the status must be 400, not 500"),
    ],
)
def test_what_is_wrong_is_told(check: str, change: Change, what: str) -> None:
    assert said(check, change) == what


@pytest.mark.parametrize("role", ["owner", "owner2"])
def test_who_sees_some_invoices_alone_cannot_add_them_up(role: str) -> None:
    what = "not exercised: only staff and support see the invoices of all customers"

    assert said(INVOICED, role=role) == what
    assert said(INVOICED, role="support") == "kept"


@pytest.mark.parametrize(
    ("date", "last", "what"),
    [
        ("Sat, 22 Nov 2025", (2025, 11), "kept"),
        ("Sat, 22 Nov 2025", (2025, 10), f"{NOT_NOW}11"),
        ("Sat, 22 Nov 2025", (2025, 12), f"{NOT_NOW}11"),
        ("Sat, 01 Nov 2025", (2025, 10), "kept"),
        ("Sat, 01 Nov 2025", (2025, 9), f"{NOT_NOW}11"),
        ("Sat, 01 Nov 2025", (2025, 12), f"{NOT_NOW}11"),
        ("Sun, 02 Nov 2025", (2025, 10), f"{NOT_NOW}11"),
        ("Fri, 28 Nov 2025", (2025, 12), "kept"),
        ("Fri, 28 Nov 2025", (2026, 1), f"{NOT_NOW}11"),
        ("Thu, 27 Nov 2025", (2025, 12), f"{NOT_NOW}11"),
    ],
)
def test_a_server_may_be_in_another_zone_and_so_in_another_month(date: str, last: tuple[int, int], what: str) -> None:
    dated = answered(".*", date=f"{date} 12:00:00 GMT")

    assert said(MONTHS, dated, until(*last), tells_time=False) == what


def test_a_mock_tells_its_month_whatever_the_zone() -> None:
    first_day = datetime(2025, 12, 1, tzinfo=UTC)

    assert said(MONTHS, now=first_day) == f"{NOT_NOW}12"
    assert said(MONTHS, until(2025, 12), now=first_day) == "kept"


def test_without_a_date_the_month_is_not_known() -> None:
    assert said(MONTHS, tells_time=False).startswith("not exercised: the server does not tell its time")


def since(months: int) -> Change:
    """The invoices of so many months are listed, five each."""
    return shown(INVOICES, lambda value: value[: 5 * months])


def wrong(*months: int) -> Change:
    """The figures of all customers are wrong in some months, counted from the last."""

    def edit(value: Any) -> None:
        for month in months:
            value["total_periods"][-month] = 7

    return growth(edit)


def drop_last(value: Any) -> None:
    value["total_periods"].pop()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ((wrong(1),), SOME),
        ((wrong(1, 2),), SOME),
        ((wrong(1, 2, 3),), MOST),
        ((since(4), wrong(1, 2)), SOME),
        ((since(4), wrong(1, 2, 3)), MOST),
        ((since(2), wrong(1, 2)), MOST),
        ((growth(drop_last),), SOME),
    ],
)
def test_growth_that_is_wrong_in_some_months_is_told_from_growth_that_is_wrong(
    changes: tuple[Change, ...], what: str
) -> None:
    assert said(INVOICED, *changes) == what
    noted = judged(INVOICED, *changes, forgives=True)
    assert noted[:2] == (("kept", (STALE,)) if what == SOME else (MOST, ()))


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda figures: [0] * 13, SOME_OF_ONE),
        (lambda figures: figures[:-1], SOME_OF_ONE),
        (lambda figures: [7] * 13, MOST_OF_ONE),
        (lambda figures: [7] * 8 + figures[8:], MOST_OF_ONE),
    ],
)
def test_a_customer_whose_figures_are_wrong_in_some_months_is_told_from_one_with_wrong_figures(
    edit: Callable[[list[Any]], Any], what: str
) -> None:
    assert said(FIGURES, each_named(edit)) == what
    assert judged(FIGURES, each_named(edit), forgives=True)[:2] == (
        ("kept", (STALE,)) if what == SOME_OF_ONE else (MOST_OF_ONE, ())
    )


def test_half_of_the_figures_are_most_of_them() -> None:
    """Of twelve months seven are zero; one of these is wrong, and so are the five others."""
    half = each_named(lambda figures: [7] + [0] * 11)

    assert said(FIGURES, until(2025, 11, 12), half) == SOME_OF_ONE


def named(*names: str) -> Change:
    """These customers are named."""
    return rows(GROWTH, setting(customer_periods=[{"name": name} for name in names]))


def test_the_largest_customers_are_named_or_that_is_told() -> None:
    what = "the largest customers must be named"

    assert said(LARGEST, named("Nordic Compute Centre")) == "kept"
    assert said(LARGEST, named("Baltic Sea Observatory")) == what
    assert said(LARGEST, named(SMALLEST)) == what
    assert said(LARGEST, named()) == "kept"
    assert said(LARGEST, rows(INVOICES, setting(total="100")), named(SMALLEST)) == "kept"
    one = shown(INVOICES, lambda value: [row for row in value if row["customer_details"]["name"] == SMALLEST])
    assert said(LARGEST, one, named(SMALLEST)) == "kept"


@pytest.mark.parametrize(("first", "what"), [(6, "the largest customers must be named"), (7, "kept")])
def test_the_first_month_of_growth_does_not_make_a_customer_large(first: int, what: str) -> None:
    """What is shown may have been added to after growth was counted, for the first month is not whole."""

    def in_july(row: Any) -> None:
        if row["customer_details"]["name"] == SMALLEST and row["month"] == 7:
            row["total"] = "100000"

    assert said(LARGEST, rows(INVOICES, in_july), until(2025, 11, 12 - first)) == what


def test_customers_are_named_as_many_as_were_asked_for() -> None:
    def count(number: int) -> Change:
        made = [{"name": str(one)} for one in range(number)]
        return rows(GROWTH, setting(customer_periods=made))

    def asked_for(number: int, change: Change) -> Change:
        return lambda request, answer: change(request, answer) if request.target.endswith(f"={number}") else answer

    assert [one.target.partition("?")[2] for one in judged(ASKED).sent if "count" in one.target] == [
        f"customers_count={number}" for number in (0, 1, 20)
    ]
    assert said(ASKED, asked_for(0, count(1))) == "at most 0 customers are named"
    assert said(ASKED, asked_for(1, count(2))) == "at most 1 customers are named"
    assert said(ASKED, asked_for(20, count(21))) == "at most 20 customers are named"
    for number in (1, 20):
        assert said(ASKED, asked_for(number, count(0))) == "some customer must be named"
    no_invoices = shown(INVOICES, lambda value: [])
    assert said(ASKED, no_invoices, count(0)) == "kept"
    assert said(ASKED, count(0), role="owner") == "kept"


def test_a_negative_number_fails_on_real_servers() -> None:
    fails = answered(GROWTH, 500, query="customers_count=-1$")

    assert judged(NEGATIVE, fails, forgives=True)[:2] == ("kept", ("growth-negative-count-fails",))
    assert said(NEGATIVE, dialect="wire") == "not exercised: servers of this dialect fail here"
    assert said(NEGATIVE, dialect="wire", forgives=True) == "kept"


@pytest.mark.parametrize("wanted", ["21", "abc"])
def test_too_many_and_no_number_are_asked_for(wanted: str) -> None:
    assert f"{GROWTH}?customers_count={wanted}" in [one.target for one in judged(TOO_MANY).sent]
