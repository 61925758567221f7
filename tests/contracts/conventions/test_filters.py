"""Filters: a healthy mock passes, and rows that do not fit, or that are missing, are reported."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import (
    BILLS,
    INVOICES,
    ITEMS,
    PROVIDER_ITEMS,
    UUID,
    Change,
    all_judged,
    answered,
    context,
    judged,
    rows,
    said,
    shown,
)
from tests.contracts.readings.books import data, key, link
from waldur_billing_mock.contracts.conventions.filters import (
    FILTERS,
    ExpectedValue,
    asked_for,
    filtered,
    filters_combine,
    filters_keep_what_fits,
    unknown_value,
)
from waldur_billing_mock.contracts.exchange import Answer, NotExercised, Request
from waldur_billing_mock.contracts.values import hyphenated

OF_ITEMS: Final = FILTERS["invoice_items_list"]
ALONE: Final = "conventions/filters_keep_what_fits"
PAIRS: Final = "conventions/filters_combine"
BY_STATE: Final = f"{ALONE}/invoices_list/state"
BY_MONTH: Final = f"{ALONE}/invoices_list/month"
BY_PROJECT: Final = f"{ALONE}/invoice_items_list/project_uuid"
LINES: Final = f"/api/invoices/{UUID}/items/"
UPPER: Final = "[0-9A-F]{32}(&|$)"


@pytest.mark.parametrize("options", [{}, {"forgives": True}, {"dialect": "wire", "wire": True}, {"profile": "full"}])
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    assert set(all_judged(f"{ALONE}/", **options).values()) == {"kept"}
    assert set(all_judged(f"{PAIRS}/", **options).values()) == ({"kept"} if "profile" in options else set())


def test_filters_are_the_parameters_of_which_it_is_known_what_they_go_by() -> None:
    asking, _ = context()
    operations = asking.description.operations

    assert filtered(asking.description, operations["invoices_list"]) == [
        "customer",
        "customer_uuid",
        "month",
        "state",
        "year",
    ]
    assert filtered(asking.description, operations["invoices_growth_retrieve"]) == []


def other(query: str, path: str = INVOICES) -> Change:
    """A row more, which does not fit."""
    return _counted(path, query, lambda value: [*value, {"uuid": "e" * 32}], 1)


def fewer(query: str, path: str = INVOICES) -> Change:
    """A row less."""
    return _counted(path, query, lambda value: value[1:], -1)


def _counted(path: str, query: str, edit: Any, more: int) -> Change:
    def change(request: Request, answer: Answer) -> Answer:
        altered = shown(path, edit, query)(request, answer)
        if altered is answer:
            return answer
        count = str(int(answer.headers["x-result-count"]) + more)
        return answered(path, query=query, x_result_count=count)(request, altered)

    return change


@pytest.mark.parametrize(
    ("check", "change", "what"),
    [
        (BY_STATE, other("state="), "the filter state must keep no row that does not fit"),
        (BY_STATE, fewer("state="), "the filter state must keep every row that fits"),
        (BY_PROJECT, other("project_uuid=.+-", ITEMS), "the filter project_uuid must keep no row that does not fit"),
        (BY_PROJECT, fewer("project_uuid=.+-", ITEMS), "kept"),
        (
            f"{ALONE}/invoices_list/year",
            answered(INVOICES, body=b'[{"uuid": "1"}]', query="year=1999"),
            "the rows for a year that nothing has must agree",
        ),
        (
            f"{ALONE}/invoices_list/year",
            answered(INVOICES, 404, query="year=1999"),
            "the status must be 200, not 404",
        ),
    ],
)
def test_a_filter_that_keeps_other_rows_is_told(check: str, change: Change, what: str) -> None:
    assert said(check, change) == what


def blanks(found: Any) -> list[str]:
    """The queries with a blank filter, without the size of the page."""
    queries = [one.target.partition("?")[2] for one in found.sent]
    return [one.removesuffix("&page_size=300") for one in queries if "=&" in one]


def test_blank_filters_are_asked_for_together_and_each_alone_where_these_do_not_keep_all() -> None:
    of_all = "customer=&customer_uuid=&month=&year="

    assert blanks(judged(BY_MONTH)) == [of_all]
    for change in (fewer("month=&year="), other("month=&year="), answered(INVOICES, 500, query="month=&year=")):
        found = judged(BY_MONTH, change)
        assert found.said == "kept"
        assert blanks(found) == [of_all, "month="]
    alone = fewer("month=&")
    assert said(BY_MONTH, alone) == "the rows with a blank month and without it must agree"
    assert blanks(judged(BY_STATE)) == []


def test_a_list_without_pages_is_counted_by_its_rows() -> None:
    check = f"{ALONE}/invoices_items_retrieve/query"
    of_all = "offering_uuid=&project_uuid=&provider_uuid=&query="

    assert blanks_at_end(judged(check)) == [of_all]
    found = judged(check, shown(LINES, lambda value: value[1:], query=of_all))
    assert blanks_at_end(found) == [of_all, "query="]


def blanks_at_end(found: Any) -> list[str]:
    return [one.target.partition("?")[2] for one in found.sent if one.target.endswith("=")]


def test_filters_that_the_server_lacks_are_not_asked_for_with_the_others() -> None:
    asking, sent = context()
    asking.survey.parameters.add(("invoices_list", "year"))

    filters_keep_what_fits(asking, "invoices_list", "month")
    filters_combine(asking, "invoices_list")

    assert not [one.target for one in sent if "year" in one.target]


def test_rows_of_which_no_answer_shows_the_project_may_be_shown_or_not() -> None:
    no_project = rows(ITEMS, lambda row: row.update(project_uuid=None) if row["unit"] == "quantity" else None)

    assert said(BY_PROJECT, no_project) == "kept"


def test_rows_of_a_project_that_is_gone_may_be_missing() -> None:
    gone = answered(ITEMS, body=b"[]", query="project_uuid=[0-9A-Ea-e]", x_result_count="0")

    assert said(BY_PROJECT, gone) == "kept"
    half_gone = answered(ITEMS, body=b"[]", query=f"project_uuid={UPPER}", x_result_count="0")
    assert said(BY_PROJECT, half_gone) == "the filter project_uuid must keep every row that fits"
    by_year = answered(ITEMS, body=b"[]", query="&?year=2025", x_result_count="0")
    assert said(f"{ALONE}/invoice_items_list/year", by_year) == "the filter year must keep every row that fits"


def test_pairs_of_filters_keep_what_each_of_them_keeps() -> None:
    found = judged(f"{PAIRS}/invoices_list", profile="full")

    pairs = [one.target for one in found.sent if one.target.count("=") > 2]
    assert len(pairs) == context(profile="full")[0].profile.pairs
    assert said(f"{PAIRS}/invoices_list", other("&state="), profile="full").endswith(
        "must keep no row that does not fit"
    )
    assert said(f"{PAIRS}/invoices_list", fewer("&state="), profile="full").endswith("must keep every row that fits")


def test_pairs_with_a_project_that_is_gone_may_keep_nothing() -> None:
    gone = answered(PROVIDER_ITEMS, body=b"[]", query="project_uuid=", x_result_count="0")
    every = answered(PROVIDER_ITEMS, body=b"[]", query="offering_uuid=", x_result_count="0")
    check = f"{PAIRS}/provider_invoice_items_list"

    assert said(check, gone, profile="full") == "kept"
    assert said(check, every, profile="full").endswith("must keep every row that fits")


def test_pairs_may_keep_rows_of_which_no_answer_shows_the_project() -> None:
    no_project = rows(PROVIDER_ITEMS, lambda row: row.update(project_uuid=None) if row["unit"] == "quantity" else None)
    hidden = rows(BILLS, lambda row: [line.update(project_uuid=None) for line in row["items"]] and None)

    assert said(f"{PAIRS}/provider_invoice_items_list", no_project, hidden, profile="full") == "kept"


LINE: Final[dict[str, Any]] = {
    "uuid": key(11),
    "project_uuid": key(5),
    "details": {"offering_uuid": key(31), "service_provider_uuid": key(32)},
}
KNOWN: Final = data([{"uuid": key(1), "customer": link(7), "year": 2025, "month": 9, "items": [LINE]}])


def test_the_project_of_a_row_is_its_own_or_that_of_its_line() -> None:
    project = OF_ITEMS["project_uuid"].value

    assert project(KNOWN, {"uuid": key(11)}) == key(5)
    assert project(KNOWN, {"uuid": key(11), "project_uuid": key(6)}) == key(6)
    assert project(KNOWN, {"uuid": key(11), "project_uuid": None}) is None
    assert project(KNOWN, {"uuid": key(12)}) is None


def test_the_customer_of_a_row_is_that_of_its_invoice_where_it_has_a_project() -> None:
    customer = OF_ITEMS["customer_uuid"].value

    assert customer(KNOWN, {"uuid": key(11)}) == key(7)
    assert customer(KNOWN, {"uuid": key(11), "project_uuid": None}) is None


def test_offering_and_provider_of_a_line_are_named_by_its_details() -> None:
    of_lines = FILTERS["invoices_items_retrieve"]

    assert of_lines["offering_uuid"].value(KNOWN, LINE) == key(31)
    assert of_lines["provider_uuid"].value(KNOWN, LINE) == key(32)
    with pytest.raises(NotExercised, match="not visible"):
        of_lines["offering_uuid"].value(KNOWN, {"uuid": key(12)})


def test_two_values_are_asked_for_one_of_them_in_upper_case() -> None:
    asking, _ = context()
    words, keys = ExpectedValue(lambda data, row: None), OF_ITEMS["resource_uuid"]

    assert sorted(asked_for(asking, words, ["a", "b", None])) == ["a", "b"]
    assert len(asked_for(asking, words, list("abcdef"))) == 2
    found = asked_for(asking, keys, ["a" * 32, "b" * 32, "c" * 32, None])
    (first, one), (last, two) = found.items()
    assert (first, last) == (hyphenated(one), two.upper())
    assert one != two
    assert asked_for(asking, keys, ["a" * 32]) == {hyphenated("a" * 32): "a" * 32, "A" * 32: "a" * 32}
    assert asked_for(asking, words, [None]) == {}


def test_values_are_asked_for_whose_rows_fit_on_a_page() -> None:
    asking, _ = context()
    words = ExpectedValue(lambda data, row: None)

    assert asked_for(asking, words, ["a"] * 300 + ["b"] * 301) == {"a": "a"}
    assert asked_for(asking, words, ["b"] * 301) == {"b": "b"}


def test_the_profile_full_asks_for_more_values_one_of_them_in_every_spelling() -> None:
    asking, _ = context(profile="full")
    keys = OF_ITEMS["resource_uuid"]
    values = [f"{number:031x}a" for number in range(40)]

    found = asked_for(asking, keys, values)

    hyphenated_ones = [text for text in found if "-" in text]
    assert len(hyphenated_ones) == asking.profile.sample
    one = found[hyphenated_ones[0]]
    assert {text for text in found if "-" not in text} == {one, one.upper()}
    assert all(found[text] == one for text in (one, one.upper()))
    words = asked_for(asking, ExpectedValue(lambda data, row: None), values)
    assert len(words) == asking.profile.sample


def test_a_query_fits_a_part_of_a_name_in_any_case_and_no_missing_name() -> None:
    check = f"{ALONE}/invoices_items_retrieve/query"

    def names(*found: str | None) -> Change:
        made = [{"uuid": key(number), "resource_name": name} for number, name in enumerate(found)]

        def change(request: Request, answer: Answer) -> Answer:
            query = request.target.partition("query=")[2].partition("&")[0].casefold()
            fit = [row for row in made if not query or query in str(row["resource_name"] or "").casefold()]
            return answered(LINES, body=json.dumps(fit).encode())(request, answer)

        return change

    assert said(check, names("one", "ONEmore", None, "two")) == "kept"
    wrong = shown(LINES, lambda value: value[:1], query="query=o")
    assert said(check, names("one", "ONEmore"), wrong) == "the filter query must keep every row that fits"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", None),
        ("month", None),
        ("invoice_month", None),
        ("start_month", None),
        ("year", "1999"),
        ("start_year", "1999"),
        ("customer", "/api/customers/ffffffff-ffff-4fff-bfff-ffffffffffff/"),
        ("query", "no-such-name-anywhere"),
        ("project_uuid", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    ],
)
def test_a_value_that_no_row_has_is_known_but_of_choices(name: str, value: str | None) -> None:
    assert unknown_value(name) == value


def test_choices_have_no_value_that_nothing_has() -> None:
    assert not [one.target for one in judged(BY_STATE).sent if "no-such" in one.target or "ffff" in one.target]
