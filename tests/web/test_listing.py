"""Lists come in pages: together they are the whole, and `Link` leads from one to the other."""

import re
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.toy import Shop
from waldur_billing_mock.mock_server.web.listing import Listing, arrange, other_pages, paginate, select
from waldur_billing_mock.mock_server.web.problems import Problem

ADDRESS: Final = "http://a.example/fruits/"


def page(rows: range, **query: Any) -> Any:
    return paginate(rows, query, ADDRESS, other_pages({}))


@settings(derandomize=True, max_examples=60, database=None)
@given(st.integers(0, 650), st.integers(1, 400))
def test_the_pages_of_a_list_are_the_list(count: int, size: int) -> None:
    rows = range(count)
    pages = max(1, -(-count // min(size, 300)))

    found = [page(rows, page_size=str(size), page=str(number)) for number in range(1, pages + 1)]

    assert [row for one in found for row in one.rows] == list(rows)
    assert {one.count for one in found} == {count}


@pytest.mark.parametrize("size", [None, "", "0", "-1", "abc", "1.5", "1e2"])
def test_a_size_that_is_none_counts_as_ten(size: str | None) -> None:
    assert len(page(range(50), page_size=size).rows) == 10


def test_no_page_is_longer_than_300() -> None:
    assert len(page(range(1000), page_size="1000").rows) == 300


@pytest.mark.parametrize(
    ("number", "rows"), [(None, range(10)), ("", range(10)), ("1", range(10)), ("last", range(20, 25))]
)
def test_a_page_is_a_number_or_the_last(number: str | None, rows: range) -> None:
    assert page(range(25), page=number).rows == rows


@pytest.mark.parametrize("number", ["0", "-1", "4", "abc", "1.0", "LAST", "9" * 30])
@pytest.mark.parametrize("count", [0, 25])
def test_a_page_that_does_not_exist_is_not_found(number: str, count: int) -> None:
    with pytest.raises(Problem) as refused:
        page(range(count), page=number)

    assert (refused.value.status, refused.value.body) == (404, {"detail": "Invalid page."})


def test_the_first_page_of_nothing_is_empty() -> None:
    found = page(range(0))

    assert (list(found.rows), found.count) == ([], 0)
    assert found.link == f'<{ADDRESS}>; rel="first", <{ADDRESS}>; rel="last"'


@pytest.mark.parametrize(
    ("number", "relations"),
    [
        ("1", {"first": "", "next": "?page=2", "last": "?page=3"}),
        ("2", {"first": "", "prev": "", "next": "?page=3", "last": "?page=3"}),
        ("3", {"first": "", "prev": "?page=2", "last": "?page=3"}),
    ],
)
def test_a_link_leads_to_every_other_page_in_a_fixed_order(number: str, relations: dict[str, str]) -> None:
    found = page(range(25), page=number)

    assert found.link == ", ".join(f'<{ADDRESS}{query}>; rel="{name}"' for name, query in relations.items())


def test_links_keep_the_other_parameters_sorted_and_encoded(shop: Shop) -> None:
    reply = shop.ask("GET", "/fruits/?page_size=2&o=weight,-name&field=name&field=uuid&page=1&x=%C3%A4+b&name=")

    base = "http://waldur.example/fruits/?field=name&field=uuid&name=&o=weight%2C-name"
    rest = "page_size=2&x=%C3%A4+b"
    assert reply.headers["link"] == (
        f'<{base}&{rest}>; rel="first", <{base}&page=2&{rest}>; rel="next", <{base}&page=2&{rest}>; rel="last"'
    )


def test_links_are_absolute_under_the_host_that_was_asked(shop: Shop) -> None:
    headers = {"Host": "mock.example:8443", "X-Forwarded-Proto": "https"}

    reply = shop.ask("GET", "/fruits/", headers=headers)

    assert re.findall("<(.*?)>", reply.headers["link"]) == ["https://mock.example:8443/fruits/"] * 2


def test_following_the_links_walks_the_whole_list(shop: Shop) -> None:
    names, target = [], "/fruits/?page_size=1&o=-name"
    while target:
        reply = shop.ask("GET", target)
        names += [row["name"] for row in reply.body]
        found = re.search(r'<http://waldur\.example([^>]*)>; rel="next"', reply.headers["link"])
        target = found[1] if found else ""

    assert names == ["plum", "pear", "fig"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["pear", "plum", "fig"]),
        ("o=name", ["fig", "pear", "plum"]),
        ("o=weight", ["fig", "plum", "pear"]),
        ("o=-weight", ["pear", "plum", "fig"]),
        ("name=plum", ["plum"]),
        ("name=", ["pear", "plum", "fig"]),
        ("name=nut", []),
    ],
)
def test_a_list_is_filtered_and_sorted(shop: Shop, query: str, names: list[str]) -> None:
    """What has no value comes before everything else."""
    reply = shop.ask("GET", f"/fruits/?{query}")

    assert [row["name"] for row in reply.body] == names
    assert reply.headers["x-result-count"] == str(len(names))


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("field=name", {"name"}),
        ("field=name&field=uuid", {"name", "uuid"}),
        ("field=nut&field=name", {"name"}),
        ("field=nut", {"uuid", "name", "weight"}),
        ("field=", {"uuid", "name", "weight"}),
    ],
)
def test_only_the_named_fields_are_answered(shop: Shop, query: str, keys: set[str]) -> None:
    assert {frozenset(row) for row in shop.ask("GET", f"/fruits/?{query}").body} == {frozenset(keys)}


@settings(derandomize=True, max_examples=60, database=None)
@given(st.lists(st.sampled_from([None, 1, 2]), max_size=8), st.booleans())
def test_rows_that_are_equal_keep_their_order_both_ways(values: list[int | None], turned: bool) -> None:
    rows = list(enumerate(values))

    found = arrange(rows, {"value": lambda row: row[1]}, ["-value" if turned else "value"])

    ranks = [-1 if value is None else value for _, value in found]
    assert ranks == sorted(ranks, reverse=turned)
    for value in (None, 1, 2):
        positions = [position for position, other in found if other == value]
        assert positions == sorted(positions)


def test_filters_that_were_not_sent_keep_everything() -> None:
    listing = Listing([1, 2, 3], {"above": lambda row, limit: row > limit})

    assert select(listing.rows, listing.filters, {}) == [1, 2, 3]
    assert select(listing.rows, listing.filters, {"above": None}) == [1, 2, 3]
    assert select(listing.rows, listing.filters, {"above": 0, "other": 9}) == [1, 2, 3]
    assert select(listing.rows, listing.filters, {"above": 2}) == [3]
