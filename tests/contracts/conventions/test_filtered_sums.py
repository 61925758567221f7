"""Filters of sums and statistics: a healthy mock passes, and wrong sums and rows are reported."""

from typing import Any, Final

import pytest

from tests.contracts.altered import (
    INVOICE,
    INVOICES,
    ITEMS,
    STATS,
    UUID,
    Change,
    Judged,
    all_judged,
    answered,
    context,
    judged,
    rows,
    said,
    setting,
    shown,
)
from waldur_billing_mock.contracts.conventions.filtered_sums import statistics_obey_the_filters_of_invoices

SUMS: Final = "conventions/sums_follow_filters/invoice_items_total_price_retrieve"
YEARS: Final = "conventions/absurd_years_do_not_fail/invoice_items_list"
DAYS, MONTHS, STATES, COMMAS, ACCOUNTING = (
    f"invariants/invoices_list/{name}"
    for name in (
        "days_divide_invoices",
        "an_invoice_is_made_in_its_month_or_later",
        "states_are_alternatives",
        "states_may_be_written_with_commas",
        "accounting_divides_invoices",
    )
)
CONCEALED: Final = "invariants/invoices_items_retrieve/compensations_can_be_concealed"
UNKNOWN_PROVIDER, PROVIDER, OBEYED = (
    f"invariants/invoices_stats_list/{name}"
    for name in (
        "statistics_of_an_unknown_provider_are_empty",
        "statistics_are_filtered_by_provider",
        "statistics_obey_the_filters_of_invoices",
    )
)
TOTAL: Final = "/api/invoice-items/total_price/"
LINES: Final = f"/api/invoices/{UUID}/items/"
UNKNOWN: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"
DIVIDED: Final = "the invoices before, on and after a day and all invoices must agree"
EARLY: Final = "invoices of the first month must not be made before it"


def queries(found: Judged, path: str) -> list[str]:
    """The queries to addresses that begin so, without the size of the page, and without those that have no other."""
    asked = [
        one.target.partition("?")[2].replace("page_size=300", "") for one in found.sent if one.path.startswith(path)
    ]
    return [query.removesuffix("&") for query in asked if query]


@pytest.mark.parametrize("options", [{}, {"forgives": True}, {"dialect": "wire", "wire": True}, {"revision": "8.1.3"}])
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    found = {
        **all_judged(f"{SUMS}/", **options),
        **all_judged("invariants/invoices_list/", **options),
        **all_judged("invariants/invoices_items_retrieve/", **options),
        **all_judged("invariants/invoices_stats_list/", **options),
        YEARS: said(YEARS, **options),
    }

    assert {one for one in found.values() if not one.startswith("not exercised")} == {"kept"}


def test_a_total_is_asked_for_with_some_values_and_with_one_that_nothing_has() -> None:
    asked = {
        name: queries(judged(f"{SUMS}/{name}"), TOTAL) for name in ("month", "year", "credit_uuid", "project_uuid")
    }

    assert len(asked["month"]) == 2
    assert asked["year"] == ["year=2025", "year=1999"]
    assert asked["credit_uuid"] == [f"credit_uuid={UNKNOWN}"]
    assert len(asked["project_uuid"]) == 3
    assert asked["project_uuid"][-1] == f"project_uuid={UNKNOWN}"


@pytest.mark.parametrize("name", ["month", "year", "credit_uuid"])
def test_a_total_that_is_not_that_of_the_items_is_told(name: str) -> None:
    what = f"the total price for {name} and the items must agree"

    assert said(f"{SUMS}/{name}", rows(TOTAL, setting(total_price="7"))) == what
    assert said(f"{SUMS}/{name}", answered(TOTAL, 400)) == "the status must be 200, not 400"


def test_items_that_the_whole_list_does_not_have_are_not_added() -> None:
    more = shown(ITEMS, lambda value: [*value, {"uuid": "e" * 32}], query="year=2025")

    assert said(f"{SUMS}/year", more) == "kept"


def test_four_days_divide_the_invoices() -> None:
    assert len([one for one in queries(judged(DAYS), INVOICES) if one.startswith("start_date")]) == 4
    assert said(DAYS, shown(INVOICES, lambda value: value[1:], query="start_date")) == DIVIDED


def first(count: int) -> Change:
    """So many invoices of the first month were made before it."""
    return shown(INVOICES, lambda value: [{"uuid": f"{number:032x}"} for number in range(count)], query="end_date")


def last(count: int) -> Change:
    """The newest invoices are listed, so many of them."""
    return shown(INVOICES, lambda value: value[:count], query="^page_size")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ((first(2),), "kept"),
        ((first(3),), EARLY),
        ((last(24), first(2)), "kept"),
        ((last(24), first(3)), EARLY),
        (
            (shown(INVOICES, lambda value: [{"uuid": f"{number:032x}"} for number in range(25)], query="start_date"),),
            "start_date must leave something out",
        ),
        (
            (
                shown(INVOICES, lambda value: [{"uuid": "e" * 32}], query="start_date"),
                shown(INVOICES, lambda value: [{"uuid": "e" * 32}], query="created"),
            ),
            "an invoice must not be made on a day and after it",
        ),
    ],
)
def test_few_invoices_are_made_before_their_month(changes: tuple[Change, ...], what: str) -> None:
    assert said(MONTHS, *changes) == what


def test_how_many_invoices_were_made_on_a_day_and_after_it_is_told() -> None:
    one, two = ([{"uuid": letter * 32} for letter in letters] for letters in ("e", "ef"))
    made = shown(INVOICES, lambda value: one, query="created")

    found = judged(MONTHS, made, shown(INVOICES, lambda value: two, query="start_date"))

    assert (found.said, found.got) == ("an invoice must not be made on a day and after it", 1)


def test_the_first_and_the_last_month_are_looked_at() -> None:
    assert queries(judged(MONTHS), INVOICES) == ["end_date=2025-07-01", "start_date=2025-11-01", "created=2025-11-01"]
    two, one = (queries(judged(MONTHS, last(count), first(0)), INVOICES) for count in (10, 5))
    assert [query for query in two if "date" in query] == ["end_date=2025-10-01", "start_date=2025-11-01"]
    assert [query for query in one if "date" in query] == ["end_date=2025-11-01"]


def in_states(*states: str) -> Change:
    """The first invoices are in these states, in turn."""

    def edit(value: Any) -> Any:
        return [{**row, "state": state} for row, state in zip(value, states, strict=False)]

    return shown(INVOICES, edit, query="^page_size")


def test_two_states_are_asked_for_together_and_with_commas() -> None:
    assert queries(judged(STATES), INVOICES) == ["state=canceled&state=created"]
    assert queries(judged(COMMAS), INVOICES) == ["state=canceled%2Ccreated", "state=canceled&state=created"]
    fewer = shown(INVOICES, lambda value: value[1:], query="state=canceled&")
    assert said(STATES, fewer) == "the invoices in any of two states must agree"


def test_commas_mean_something_in_the_documents_and_with_two_states() -> None:
    needs = "not exercised: it takes invoices in two states, and a dialect in which commas mean something"
    refused = answered(INVOICES, 400, query="%2C")

    assert said(COMMAS, dialect="wire") == said(COMMAS, in_states("paid", "paid")) == needs
    assert said(COMMAS, in_states("paid", "created")) == "kept"
    assert said(COMMAS, refused) == "the status must be 200, not 400"
    assert judged(COMMAS, refused, forgives=True)[:2] == ("kept", ("array-style-strict",))


def test_accounting_divides_the_invoices_where_there_is_such_a_filter() -> None:
    ignored = answered(INVOICES, body=b"[]", query="accounting", x_result_count="0")

    assert said(ACCOUNTING) == "not exercised: this dialect has no parameter accounting_is_running"
    assert queries(judged(ACCOUNTING, revision="8.1.3"), INVOICES) == [
        "accounting_is_running=true",
        "accounting_is_running=false",
    ]
    what = "the invoices with accounting and without, and all must agree"
    assert said(ACCOUNTING, ignored, revision="8.1.3") == what


@pytest.mark.parametrize(("status", "is_kept"), [(200, True), (400, True), (404, True), (500, False), (201, False)])
def test_absurd_years_find_nothing_or_are_refused(status: int, is_kept: bool) -> None:
    change = answered(ITEMS, status, query="start_year=")

    found = said(YEARS, change)

    assert found == ("kept" if is_kept else f"the status must be 200 or 400 or 404, not {status}")
    noted = judged(YEARS, change, forgives=True).noted
    assert set(noted) == (set() if is_kept else {"absurd-years-fail"})
    assert queries(judged(YEARS), ITEMS) == ["start_year=0", "start_year=10000"]


def test_what_a_credit_pays_is_hidden_where_that_is_asked_for_and_else_shown() -> None:
    found = judged(CONCEALED)

    assert [one.partition("=")[2] for one in queries(found, INVOICES)] == ["true", "", "true", ""]
    assert said(CONCEALED, shown(LINES, lambda value: value[1:], query="=true")) == (
        "the items when concealing is true must agree"
    )
    assert said(CONCEALED, shown(LINES, lambda value: value[1:], query="items=$")) == (
        "the items when concealing is off must agree"
    )


def test_an_unknown_provider_has_no_offerings() -> None:
    other = shown(STATS, lambda value: [{"offering_name": "x"}], query=f"provider_uuid={UNKNOWN}")

    assert said(UNKNOWN_PROVIDER, other) == "the offerings of an unknown provider and nothing must agree"


def test_a_provider_has_its_own_offerings_or_none_on_real_servers() -> None:
    what = "the offerings of a provider and those that name it must agree"
    none = answered(STATS, body=b"[]", query="provider_uuid", x_result_count="0")
    others = shown(STATS, lambda value: [{"offering_name": "x", "service_provider_uuid": None}], query="provider_uuid")
    more = shown(STATS, lambda value: [*value, {"offering_name": "x"}], query="provider_uuid")

    for change in (none, more):
        assert said(PROVIDER, change) == what
        found = judged(PROVIDER, change, forgives=True)
        assert found.said == "kept"
        assert set(found.noted) == {"stats-provider-is-customer"}
    for forgives in (True, False):
        assert said(PROVIDER, others, forgives=forgives) == "the offerings of a provider must be those that name it"
    assert said(PROVIDER, dialect="wire") == (
        "not exercised: this dialect goes by the selling customer, which no answer shows"
    )


def test_statistics_are_asked_for_with_what_matches_and_with_what_does_not() -> None:
    of_one = [one for one in queries(judged(OBEYED), INVOICES) if not one.startswith("customer")]

    assert of_one == ["year=2025", "year=1999", "month=10", "month=11", "state=created", "state=canceled"]


def asked_where_all_match(change: Change) -> list[str]:
    """The queries where statistics match whatever is asked for, but for what does not match."""
    every = judged(OBEYED).sent[1].target
    whole: list[Any] = []

    def remember(request: Any, answer: Any) -> Any:
        if request.target == every:
            whole.append(answer)
        matches = "month=12" in request.target or "state=canceled" in request.target
        return whole[0] if matches and whole else answer

    found = judged(OBEYED, change, remember, answered(STATS, body=b"[]", query="month=1&|state=paid"))
    assert found.said == "kept"
    return queries(found, INVOICES)


def test_after_december_comes_january_and_a_canceled_invoice_is_not_paid() -> None:
    asked = asked_where_all_match(rows(INVOICE, setting(month=12, state="canceled")))

    assert [one for one in asked if one.startswith(("month", "state"))] == [
        "month=12",
        "month=1",
        "state=canceled",
        "state=paid",
    ]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            answered(STATS, body=b"[]", query="year=2025", x_result_count="0"),
            "the offerings where year matches and all must agree",
        ),
        (
            shown(STATS, lambda value: [{"offering_name": "x"}], query="year=1999"),
            "the offerings where year does not match and nothing must agree",
        ),
        (answered(STATS, 404, query="year=1999"), "the status must be 200, not 404"),
        (answered(STATS, 400, query="year=1999"), "the status must be 200, not 400"),
    ],
)
def test_statistics_that_do_not_obey_are_told(change: Change, what: str) -> None:
    assert said(OBEYED, change) == what
    assert said(OBEYED, change, forgives=True) == ("kept" if "not match and nothing" in what else what)


def test_filters_of_statistics_are_ignored_by_real_servers_or_nothing_is_found_by_old_ones() -> None:
    ignored = shown(STATS, lambda value: [{"offering_name": "x"}], query="=(1999|11|canceled|ffff.*)&")
    found = judged(OBEYED, ignored, forgives=True)
    assert found.said == "kept"
    assert set(found.noted) == {"stats-filters-ignored"}

    missing = answered(STATS, 404, query="year=1999")
    old = judged(OBEYED, missing, forgives=True, outdated=True)
    note = "statistics of an invoice that does not match a filter are not found, as in releases before 2025"
    assert old[:2] == ("kept", (note,))
    asking, _ = context(missing, forgives=True, outdated=True)
    statistics_obey_the_filters_of_invoices(asking)
    assert [(one.complaint.expected, one.complaint.got) for one in asking.noted] == [(200, 404)]
    assert said(OBEYED, ignored, outdated=True).endswith("does not match and nothing must agree")
    assert said(OBEYED, dialect="wire") == "not exercised: this dialect has no filters of invoices here"
