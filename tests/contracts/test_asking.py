"""What checks ask, what of it is cached, and what they make of rows: without a server, by a transport of the test."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.contracts.scripted import OWNER, STAFF, Site, answer, context_of
from waldur_billing_mock.contracts.context import (
    Context,
    break_with,
    count_of,
    field_of,
    key_of,
    need,
)
from waldur_billing_mock.contracts.exchange import Answer, Broken, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.judging import UNSTABLE
from waldur_billing_mock.contracts.values import Month

UUID: Final = "5f1c2b3a-0000-4000-8000-000000000001"
LIST: Final = "/api/invoices/"


def rows(*numbers: int, count: int | None = None) -> Answer:
    """A page of a list, whose header tells as many rows as it has or another count."""
    text = ",".join(f'{{"uuid": "{number:032x}"}}' for number in numbers)
    return answer(200, {"x-result-count": str(len(numbers) if count is None else count)}, f"[{text}]".encode())


@pytest.fixture
def site() -> Site:
    return Site(rows(1))


@pytest.fixture
def context(site: Site) -> Context:
    return context_of(site)


def test_an_operation_is_asked_by_its_path_with_an_object_and_a_query(site: Site, context: Context) -> None:
    context.ask("invoices_stats_list", of=UUID, query={"page": 2, "state": ["created", "paid"]})
    context.ask("invoices_list")

    assert site.targets == [f"/api/invoices/{UUID}/stats/?page=2&state=created&state=paid", LIST]
    assert {request.method for request in site.sent} == {"GET"}
    assert all(request.body == b"" and request.headers == () for request in site.sent)


def test_an_operation_is_asked_with_a_body_of_json_or_of_bytes_and_with_another_method(
    site: Site, context: Context
) -> None:
    context.ask("invoices_set_backend_id", of=UUID, json={"backend_id": "7"})
    context.ask("invoices_set_backend_id", of=UUID, body=("text/plain", b"7"), headers={"X-One": "1"})
    context.ask("invoices_list", method="OPTIONS")

    assert [(one.method, one.headers, one.body) for one in site.sent] == [
        ("POST", (("Content-Type", "application/json"),), b'{"backend_id": "7"}'),
        ("POST", (("X-One", "1"), ("Content-Type", "text/plain")), b"7"),
        ("OPTIONS", (), b""),
    ]


def test_what_the_server_lacks_is_not_asked_for(site: Site, context: Context) -> None:
    context.survey.operations.add("invoices_growth_retrieve")
    context.survey.parameters.add(("invoices_list", "state"))

    with pytest.raises(NotExercised, match="this server lacks GET /api/invoices/growth/"):
        context.ask("invoices_growth_retrieve")
    with pytest.raises(NotExercised, match="this server lacks the parameter state of invoices_list"):
        context.parameter("invoices_list", "state")
    with pytest.raises(NotExercised, match="invoices_list has no parameter color in this dialect"):
        context.parameter("invoices_list", "color")
    assert context.parameter("invoices_list", "year").name == "year"
    assert site.sent == []


def test_complaints_about_an_answer_point_to_its_operation_or_where_the_check_says(context: Context) -> None:
    places = [
        context.ask("invoices_list").place,
        context.ask("invoices_list", at="/components/parameters/page").place,
        context.send(Request("GET", "/api/version/")).place,
    ]

    assert places == ["/paths/~1api~1invoices~1/get", "/components/parameters/page", "/paths"]


def test_an_answer_is_cached_by_role_method_and_address(site: Site, context: Context) -> None:
    for _ in range(2):
        for role in (None, "staff", "owner"):
            context.ask("invoices_list", role)
        context.ask("invoices_list", method="HEAD")
        context.ask("invoices_list", query={"page": 2})

    assert [(one.method, one.target) for one in site.sent] == [
        ("GET", LIST),
        ("GET", LIST),
        ("HEAD", LIST),
        ("GET", f"{LIST}?page=2"),
    ]
    assert site.tokens == [STAFF.token, OWNER.token, STAFF.token, STAFF.token]


def test_what_is_fresh_changes_something_or_has_headers_is_asked_each_time(site: Site, context: Context) -> None:
    for _ in range(2):
        context.ask("invoices_list", fresh=True)
        context.ask("invoices_list", headers={"Accept": "text/html"})
        context.ask("invoices_list", method="OPTIONS")

    assert len(site.sent) == 6
    context.ask("invoices_list")
    assert len(site.sent) == 6


def test_what_was_read_before_a_change_is_read_again(site: Site, context: Context) -> None:
    before = context.reading
    context.rows("invoices_list")

    context.ask("invoices_set_backend_id", of=UUID, json={"backend_id": "7"})
    context.rows("invoices_list")
    context.rows("invoices_list")

    assert [request.method for request in site.sent] == ["GET", "POST", "GET"]
    assert context.reading != before


def test_a_cache_that_is_dropped_is_filled_again(site: Site, context: Context) -> None:
    context.rows("invoices_list")
    before = context.reading

    context.drop_cache()
    after = context.reading
    context.drop_cache()
    context.rows("invoices_list")

    assert len(site.sent) == 2
    assert len({before, after, context.reading}) == 3


def test_a_run_has_the_month_of_the_server(site: Site) -> None:
    assert context_of(site, clock=datetime(2025, 11, 22, tzinfo=UTC)).month == Month(2025, 11)
    with pytest.raises(NotExercised, match="does not tell its time"):
        _ = context_of(site).month


def test_rows_are_those_of_a_role_a_query_and_an_object_and_the_caller_may_change_the_list(
    site: Site, context: Context
) -> None:
    site.answers[f"/api/invoices/{UUID}/stats/?page_size=300"] = rows(2, 3)
    context.rows("invoices_stats_list", of=UUID).clear()

    assert len(context.rows("invoices_stats_list", of=UUID)) == 2
    assert len(context.rows("invoices_stats_list", of=UUID.replace("1", "2"))) == 1
    assert len(context.rows("invoices_list", query={"year": 2025})) == 1
    assert len(context.rows("invoices_list", "owner")) == 1
    assert site.targets == [
        f"/api/invoices/{UUID}/stats/?page_size=300",
        f"/api/invoices/{UUID.replace('1', '2')}/stats/?page_size=300",
        f"{LIST}?year=2025&page_size=300",
        f"{LIST}?page_size=300",
    ]


def test_a_list_is_read_to_its_last_page_and_in_the_order_of_the_pages(site: Site, context: Context) -> None:
    site.answers[f"{LIST}?page_size=300"] = rows(1, 2, count=5)
    site.answers[f"{LIST}?page_size=300&page=2"] = rows(4, 3, count=5)
    site.answers[f"{LIST}?page_size=300&page=3"] = rows(5, count=5)

    assert [int(row["uuid"], 16) for row in context.in_order("invoices_list")] == [1, 2, 4, 3, 5]
    assert len(context.rows("invoices_list")) == len(context.in_order("invoices_list")) == 5
    assert len(site.sent) == 3


@pytest.mark.parametrize(("last", "requests"), [(answer(404, body=b"{}"), 2), (rows(count=5), 12)])
def test_a_list_that_ends_before_its_count_is_read_to_its_end_and_once_if_it_has_one_page(
    site: Site, context: Context, last: Answer, requests: int
) -> None:
    site.answers[f"{LIST}?page_size=300"] = rows(1, 2, count=5)
    site.answers[f"{LIST}?page_size=300&page=2"] = last

    assert len(context.in_order("invoices_list")) == 2
    assert len(context.rows("invoices_list")) == 2
    assert len(site.sent) == requests


def test_a_list_without_a_first_page_or_a_count_is_broken(site: Site, context: Context) -> None:
    site.otherwise = answer(404, body=b"{}")
    with pytest.raises(Broken, match="the status must be 200, not 404"):
        context.rows("invoices_list")
    site.otherwise = answer(200)
    context.drop_cache()
    with pytest.raises(Broken, match="X-Result-Count"):
        context.rows("invoices_list")


def test_a_list_that_has_become_shorter_is_what_it_is_now(site: Site, context: Context) -> None:
    """The rows of the readings before are no rows of it any more."""
    first = iter([rows(1, 2, count=4), rows(1, 4, count=3)])
    second = iter([rows(2, 3, count=4), rows(5, count=3)])
    site.answers[f"{LIST}?page_size=300"] = lambda request: next(first)
    site.answers[f"{LIST}?page_size=300&page=2"] = lambda request: next(second)

    assert [int(row["uuid"], 16) for row in context.rows("invoices_list")] == [1, 4, 5]


def test_rows_that_may_be_gone_since_a_list_has_become_shorter_do_not_make_it_whole(
    site: Site, context: Context
) -> None:
    """Four rows were seen, and as many are told; but one of the four is the row that is gone."""
    first = iter([rows(1, 2, count=5), rows(1, 2, count=4), rows(1, 2, count=4)])
    second = iter([rows(3, 4, count=5), rows(2, 4, count=4), rows(4, 5, count=4)])
    site.answers[f"{LIST}?page_size=300"] = lambda request: next(first)
    site.answers[f"{LIST}?page_size=300&page=2"] = lambda request: next(second)
    site.answers[f"{LIST}?page_size=300&page=3"] = rows(4, count=5)

    assert [int(row["uuid"], 16) for row in context.rows("invoices_list")] == [1, 2, 4, 5]


def test_rows_of_a_list_that_grows_between_two_readings_are_kept(site: Site, context: Context) -> None:
    first = iter([rows(1, 2, count=4), rows(1, 3, count=4)])
    second = iter([rows(2, 3, count=4), rows(3, 4, count=4)])
    site.answers[f"{LIST}?page_size=300"] = lambda request: next(first)
    site.answers[f"{LIST}?page_size=300&page=2"] = lambda request: next(second)

    assert {int(row["uuid"], 16) for row in context.rows("invoices_list")} == {1, 2, 3, 4}
    assert [one.explained_by for one in context.noted] == [(UNSTABLE,)]


def test_a_list_that_is_wrong_in_the_same_way_each_time_is_used_as_it_is(site: Site, context: Context) -> None:
    """Others judge what is wrong with its pages."""
    site.answers[f"{LIST}?page_size=300"] = rows(1, 2, count=4)
    site.answers[f"{LIST}?page_size=300&page=2"] = rows(2, 3, count=4)

    assert len(context.rows("invoices_list")) == 4
    assert len(site.sent) == 12
    assert context.noted == []


def test_a_list_that_is_longer_than_the_profile_reads_is_not_read(site: Site, context: Context) -> None:
    reach = context.profile.reach
    site.answers[f"{LIST}?page_size=300"] = rows(1, count=reach)
    site.answers[f"{LIST}?page_size=300&page=2"] = rows(count=reach)
    assert len(context.in_order("invoices_list")) == 1

    site.answers[f"{LIST}?year=2025&page_size=300"] = rows(1, count=reach + 1)
    with pytest.raises(NotExercised, match=f"{reach + 1} rows of invoices_list are more than the profile reads"):
        context.in_order("invoices_list", query={"year": 2025})


def test_an_operation_without_pages_is_read_at_once(site: Site, context: Context) -> None:
    site.otherwise = rows(1, 1)
    context.first_page("invoices_growth_retrieve")
    assert len(context.rows("invoices_growth_retrieve")) == 2

    assert site.targets == ["/api/invoices/growth/"]
    site.otherwise = answer(403, body=b"{}")
    context.drop_cache()
    for ask in (context.first_page, context.rows, context.row):
        with pytest.raises(Broken, match="the status must be 200, not 403"):
            ask("invoices_growth_retrieve")


def test_the_first_page_costs_nothing_where_the_rows_were_read(site: Site, context: Context) -> None:
    context.rows("invoices_list", query={"year": 2025})

    page = context.first_page("invoices_list", query={"year": 2025}, at="/here")

    assert (len(site.sent), page.place, page.status) == (1, "/here", 200)


def test_the_rows_that_were_expected_are_taken_for_shown_where_no_order_is_stable(site: Site, context: Context) -> None:
    """One reading shows some of them twice; it is believed if it shows no others and as many are told."""
    expected = {f"{number:032x}" for number in (1, 2, 3, 4)}
    site.answers[f"{LIST}?page_size=300"] = rows(1, 2, count=4)
    site.answers[f"{LIST}?page_size=300&page=2"] = rows(2, 3, count=4)

    assert context.keys("invoices_list", expected, query={}) == {f"{number:032x}" for number in (1, 2, 3)}
    context.memory[UNSTABLE] = True
    sent = len(site.sent)
    assert context.keys("invoices_list", expected, query={}) == expected
    assert len(site.sent) == sent
    for wrong in (expected - {f"{3:032x}"} | {f"{5:032x}"}, expected | {f"{5:032x}"}):
        assert context.keys("invoices_list", wrong, query={}) == {f"{number:032x}" for number in (1, 2, 3)}


def bodies(*texts: str) -> Callable[[Request], Answer]:
    """Answers with one body after the other, then with the last one again."""
    rest = list(texts)
    return lambda request: answer(200, {}, (rest.pop(0) if len(rest) > 1 else rest[0]).encode())


def got(context: Context, target: str) -> Exchange:
    return context.send(Request("GET", target))


@pytest.mark.parametrize(
    ("first", "second", "again", "fits"),
    [
        ("[1, 2]", "[1, 2]", "[1, 2]", True),
        ("[1, 2]", "[2, 1]", "[1, 2]", True),
        ("[1, 2]", "[2, 1]", "[2, 1]", False),
        ("[1, 2]", "[2]", "[1, 2]", False),
        ('{"a": 1}', '{"a": 2}', '{"a": 1}', False),
    ],
)
def test_two_answers_are_the_same_or_as_long_where_the_server_has_no_stable_order(
    site: Site, context: Context, first: str, second: str, again: str, fits: bool
) -> None:
    """`again` is what the second request is answered with when it is repeated."""
    site.answers = {"/one": bodies(first), "/other": bodies(second, again)}
    one, other = got(context, "/one"), got(context, "/other")

    if fits:
        context.must_be_the_same("lists", one, other)
    else:
        with pytest.raises(Broken, match="lists must agree"):
            context.must_be_the_same("lists", one, other)


def test_an_order_is_found_unstable_once_and_believed_after_that(site: Site, context: Context) -> None:
    site.answers = {"/one": bodies("[1, 2]", "[1, 2]", "[1, 2]", "[2, 1]"), "/two": bodies("[3]")}
    stable, unstable = got(context, "/two"), got(context, "/one")

    assert not context.is_unstable(stable)
    assert len(site.sent) == 8
    assert context.is_unstable(unstable)
    assert len(site.sent) == 11
    assert context.is_unstable(stable)
    assert len(site.sent) == 11
    assert [one.explained_by for one in context.noted] == [(UNSTABLE,)]
    assert context.survey.looked_for == {UNSTABLE}
    context.tell_unstable("/elsewhere")
    assert len(context.noted) == 1


def test_where_nothing_is_forgiven_no_order_counts_as_unstable(site: Site) -> None:
    strict = context_of(site, forgives=False)
    site.answers = {"/one": bodies("[1, 2]", "[2, 1]")}

    assert not strict.is_unstable(got(strict, "/one"))
    strict.tell_unstable("/paths")
    assert not strict.is_unstable(got(strict, "/one"))
    assert (len(site.sent), strict.noted) == (1, [])


def test_a_sample_has_as_many_of_each_kind_as_there_is_room_for(context: Context) -> None:
    numbers = range(100)

    chosen = context.sample(numbers, by=lambda number: number % 4, size=6)

    assert sorted(number % 4 for number in chosen) == [0, 0, 1, 1, 2, 3]
    assert chosen == context.sample(numbers, by=lambda number: number % 4, size=6)
    assert len(context.sample(numbers)) == context.profile.sample
    assert sorted(context.sample([1, 2, 3], size=7)) == [1, 2, 3]
    assert context.sample(numbers, size=1) != [numbers[-1]]


def test_a_number_follows_from_the_seed_and_from_what_it_is_for(context: Context) -> None:
    found = {context.a_number(1, 10**9, what) for what in ("page", "page", "year")}

    assert len(found) == 2
    assert all(1 <= number <= 10**9 for number in found)


def exchange(headers: Mapping[str, str]) -> Exchange:
    return Exchange(Request("GET", LIST), Answer(200, headers, b"[]", 0.0), "staff", "/paths")


def test_a_count_is_a_number_of_at_most_twelve_digits() -> None:
    assert count_of(exchange({"x-result-count": "1" * 12})) == 111_111_111_111
    for text in ("1" * 13, "-1", "1.0", ""):
        with pytest.raises(Broken, match="X-Result-Count must be a number"):
            count_of(exchange({"x-result-count": text}))


def test_what_is_needed_and_missing_makes_a_check_impossible_and_what_is_wrong_breaks_it() -> None:
    row: Mapping[str, Any] = {"uuid": UUID, "customer": "nobody"}

    assert need([1], "row") == [1]
    assert key_of(row) == UUID.replace("-", "")
    with pytest.raises(NotExercised, match="there is no row to look at"):
        need([], "row")
    with pytest.raises(NotExercised, match="the field color is missing"):
        field_of(row, "color")
    with pytest.raises(Broken, match="the field customer must be a uuid"):
        key_of(row, "customer")
    with pytest.raises(Broken) as broken:
        break_with("two lists must agree", "/paths", 1, 2)
    assert [(one.expected, one.got) for one in broken.value.complaints] == [(1, 2)]


def test_one_row_is_chosen_by_the_seed_from_the_kind_that_comes_first(context: Context) -> None:
    assert {context.one_of(range(9)) for _ in range(3)} == {context.one_of(range(9))}
    assert context.one_of([3, 4, 6], by=lambda number: number % 2) == 3
