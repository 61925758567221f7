"""Pages: a healthy mock passes, and wrong pages of a list of any length are reported."""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import pytest

from tests.contracts.altered import INVOICES, STATS, Change, all_judged, answered, context, judged, rows, said, setting
from waldur_billing_mock.contracts.conventions.paging import pages_that_are_not_there
from waldur_billing_mock.contracts.exchange import Answer, Request

PARTITION, ORDERED, LAST, LINKS, SIZES, BEYOND = CHECKS = tuple(
    f"conventions/{name}/invoices_list"
    for name in (
        "pages_partition_the_whole",
        "pages_of_a_total_order_partition_it",
        "the_last_page_has_a_name",
        "links_lead_to_the_pages_around",
        "page_sizes_are_bounded",
        "pages_that_are_not_there",
    )
)
WHOLE: Final = "the rows of all pages and the whole must agree"
UNSTABLE: Final = "list-order-unstable"
NO_PART: Final = "not exercised: there is no part of the list without equal rows to look at"
Row = dict[str, Any]
Query = dict[str, str]


def invoices(count: int, equal: bool = False, customer: int = 1) -> list[Row]:
    """So many invoices of one customer, in one month or each in another."""
    return [
        {
            "uuid": f"{customer:016x}{number:016x}",
            "customer": f"http://mock.invalid/{customer:032x}/",
            "year": 2025 if equal else 2025 - number,
            "month": 1,
        }
        for number in range(count)
    ]


def listed(
    found: list[Row],
    *,
    most: int = 300,
    page: Callable[[int, list[Row]], list[Row]] = lambda number, some: some,
    count: Callable[[int], int] = lambda number: 0,
    links: Callable[[str], str] = lambda text: text,
) -> Change:
    """A list of these rows in pages; pages, counts and links may be altered by the number of their page."""

    def change(request: Request, answer: Answer) -> Answer:
        if request.path != INVOICES:
            return answer
        query = {name: value for name, (value, *_) in parse_qs(request.target.partition("?")[2]).items()}
        some = [
            row
            for row in found
            if row["customer"][-33:-1] in str(query.get("customer_uuid", row["customer"])).replace("-", "")
        ]
        size = int(query["page_size"]) if query.get("page_size", "").isdigit() else 10
        size = min(size or 10, most)
        last = max(1, -(-len(some) // size))
        asked = query.get("page", "1")
        number = last if asked == "last" else int(asked) if asked.isdigit() else 0
        if not 1 <= number <= last:
            return Answer(404, {"content-type": "application/json"}, b'{"detail": "Invalid page."}', 0.0)
        body = page(number if "page" in query else 0, some[(number - 1) * size : number * size])
        around = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        written = (
            ", ".join(
                f'<http://mock.invalid{INVOICES}?{urlencode({**query, **numbered(one)})}>; rel="{rel}"'
                for rel, one in around.items()
                if 1 <= one <= last
            )
            .replace("&page=none", "")
            .replace("page=none&", "")
        )
        headers = {
            "content-type": "application/json",
            "x-result-count": str(len(some) + count(number)),
            "link": links(written),
        }
        return Answer(200, headers, json.dumps(body).encode(), 0.0)

    return change


def numbered(page: int) -> Query:
    return {"page": "none" if page == 1 else str(page)}


def asked(check: str, change: Change, **options: Any) -> list[Query]:
    """The queries of a check that is kept, without the first, in which the list is read."""
    found = judged(check, change, **options)
    assert found.said == "kept"
    queries = [one.target.partition("?")[2] for one in found.sent if one.path == INVOICES]
    return [{name: value for name, (value, *_) in parse_qs(one, keep_blank_values=True).items()} for one in queries]


@pytest.mark.parametrize("options", [{}, {"forgives": True}, {"dialect": "wire", "wire": True}])
@pytest.mark.parametrize("check", [check.removesuffix("invoices_list") for check in CHECKS])
def test_a_healthy_mock_passes(check: str, options: dict[str, Any]) -> None:
    found = all_judged(check, **options)
    fails = "invoice_items_consumptions_list"

    assert {outcome for name, outcome in found.items() if name != fails or "wire" not in options} == {"kept"}


@pytest.mark.parametrize(
    ("count", "most", "size", "pages"),
    [
        (1, 300, 1, 1),
        (2, 300, 1, 2),
        (3, 300, 1, 3),
        (4, 300, 3, 2),
        (7, 300, 3, 3),
        (8, 300, 7, 2),
        (14, 300, 7, 2),
        (16, 300, 7, 3),
        (20, 300, 7, 3),
        (42, 300, 7, 6),
        (43, 300, 8, 6),
        (43, 5, 5, 9),
    ],
)
def test_a_list_is_read_in_about_six_pages(count: int, most: int, size: int, pages: int) -> None:
    found = asked(PARTITION, listed(invoices(count), most=most))

    walked = [query for query in found if query.get("page_size") == str(size)]
    assert [query["page"] for query in walked] == [str(number) for number in range(1, pages + 1)]
    assert {query["page_size"] for query in found} == {"300", str(size)}


def swapped(number: int, some: list[Row]) -> list[Row]:
    """The first page by its number begins with its second row."""
    return [*some[1::-1], *some[2:]] if number == 1 else some


def doubled(number: int, some: list[Row]) -> list[Row]:
    """The second page begins with the last row of the first."""
    return [*invoices(7)[-1:], *some[1:]] if number == 2 else some


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (listed(invoices(9), page=swapped), WHOLE),
        (listed(invoices(9), page=doubled), "no row may stand on two pages"),
        (
            listed(invoices(9), page=lambda number, some: some[:6] if number else some),
            "a page must be full unless it is the last",
        ),
        (
            listed(invoices(9), count=lambda number: number - 1),
            "X-Result-Count and the number of all rows must agree",
        ),
    ],
)
@pytest.mark.parametrize("forgives", [True, False])
def test_pages_that_are_wrong_are_told(change: Change, what: str, forgives: bool) -> None:
    assert judged(PARTITION, change, forgives=forgives)[:2] == (what, ())


def test_how_many_rows_stand_on_two_pages_is_told() -> None:
    assert judged(PARTITION, listed(invoices(9), page=doubled)).got == 1


def test_equal_rows_may_change_places_on_a_deployment() -> None:
    change = listed(invoices(9, equal=True), page=swapped)

    found = judged(PARTITION, change, forgives=True)
    assert found[:2] == ("kept", (UNSTABLE,))
    assert UNSTABLE in found.looked_for
    assert judged(PARTITION, change)[:2] == (WHOLE, ())


def test_rows_whose_order_is_not_known_may_not_change_places() -> None:
    other = rows(STATS, setting(offering_name="x"), query="page=1&")

    assert said("conventions/pages_partition_the_whole/invoices_stats_list", other, forgives=True) == WHOLE


@pytest.mark.parametrize(
    ("count", "equal", "size"),
    [(3, False, 0), (4, False, 3), (18, False, 4), (60, False, 11), (61, False, 0), (9, True, 0)],
)
def test_a_part_in_which_no_rows_are_equal_is_read_in_pages(count: int, equal: bool, size: int) -> None:
    change = listed([*invoices(count, equal), {**invoices(1)[0], "uuid": "f" * 32, "customer": ""}])

    if not size:
        assert said(ORDERED, change) == NO_PART
        return
    found = [query for query in asked(ORDERED, change) if query.get("page")]
    assert {query["page_size"] for query in found} == {str(size)}
    assert {query["customer_uuid"] for query in found} == {"00000000-0000-0000-0000-000000000001"}


def test_one_part_is_read_however_many_there_are() -> None:
    change = listed([row for customer in (1, 2, 3) for row in invoices(4, customer=customer)])

    assert len({query.get("customer_uuid") for query in asked(ORDERED, change)} - {None}) == 1


def test_pages_of_a_part_that_come_in_another_order_are_told() -> None:
    assert said(ORDERED, listed(invoices(5), page=swapped), forgives=True) == WHOLE


@pytest.mark.parametrize(("count", "last"), [(0, "1"), (1, "1"), (2, "1"), (3, "2"), (20, "10")])
def test_the_last_page_is_asked_for_by_name_and_by_number(count: int, last: str) -> None:
    assert asked(LAST, listed(invoices(count)))[-2:] == [
        {"page": "last", "page_size": "2"},
        {"page": last, "page_size": "2"},
    ]


def test_a_last_page_that_is_another_one_is_told() -> None:
    change = answered(INVOICES, body=b"[]", query="page=last")

    assert said(LAST, listed(invoices(3)), change) == "the rows of the last page by name and by number must agree"


@pytest.mark.parametrize(("count", "pages"), [(0, [1]), (2, [1]), (4, [1, 2]), (6, [1, 2, 3]), (20, [1, 2, 9, 10])])
def test_links_of_the_first_and_last_pages_are_looked_at(count: int, pages: list[int]) -> None:
    found = asked(LINKS, listed(invoices(count)))

    assert [query["page"] for query in found if "page" in query] == [str(page) for page in pages]
    assert {query.get("page_size", "300") for query in found} <= {"2", "300"}


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda text: text.replace('rel="next"', 'rel="after"'), "the relations of Link, in their order must agree"),
        (lambda text: ", ".join(text.split(", ")[::-1]), "the relations of Link, in their order must agree"),
        (lambda text: text.replace("/api/invoices/", "/api/invoice-items/"), "the path of the first link must agree"),
        (lambda text: text.replace("page=10", "page=9"), "the page of the last link must agree"),
        (lambda text: text.replace("page_size=2", "page_size=3"), "the page size of the first link must agree"),
        (
            lambda text: text.replace("page_size=2>", "page=1&page_size=2>", 1),
            "the first page must be written without a number",
        ),
    ],
)
def test_links_that_lead_elsewhere_are_told(edit: Callable[[str], str], what: str) -> None:
    assert said(LINKS, listed(invoices(20), links=edit)) == what


def test_links_without_the_other_parameters_are_told() -> None:
    """The costs of a project are asked for with the project."""

    def bare(request: Request, answer: Answer) -> Answer:
        link = re.sub("project_uuid=[0-9a-f-]+&?", "", answer.headers.get("link", ""))
        return Answer(answer.status, {**answer.headers, "link": link}, answer.body, 0.0)

    check = "conventions/links_lead_to_the_pages_around/invoice_items_costs_list"
    assert said(check) == "kept"
    assert said(check, bare) == "the project_uuid of the first link must agree"


def sizes(change: Change, **options: Any) -> list[str]:
    return [query.get("page_size", "none") for query in asked(SIZES, change, **options)]


@pytest.mark.parametrize("count", [0, 1, 9, 11, 299, 301, 1000])
def test_sizes_that_make_no_sense_and_too_large_ones_are_asked_for(count: int) -> None:
    assert sizes(listed(invoices(count))) == ["none", "0", "-1", "abc", "", "2", "1000"]
    assert judged(SIZES, listed(invoices(count)), forgives=True)[:2] == ("kept", ())


def test_a_page_of_a_thousand_rows_is_not_asked_of_a_deployment_with_more() -> None:
    assert "1000" not in sizes(listed(invoices(1001)), forgives=True)
    assert "1000" in sizes(listed(invoices(1001)))


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("^$", "there must be ten rows on a page"),
        ("page_size=-1", "the rows for a size that makes no sense and without one must agree"),
        ("page_size=2", "page_size must be kept"),
        ("page_size=1000", "a page must hold all rows up to 300"),
    ],
)
def test_pages_of_another_size_are_told(query: str, what: str) -> None:
    body = json.dumps(invoices(7)).encode()

    assert said(SIZES, listed(invoices(20)), answered(INVOICES, body=body, query=query)) == what


def test_a_page_of_fewer_rows_than_were_asked_for_is_a_note_on_a_deployment() -> None:
    few, note = listed(invoices(400), most=100), "a page does not hold all rows up to 300"

    assert judged(SIZES, few, forgives=True)[:2] == ("kept", (note,))
    assert said(SIZES, few) == "a page must hold all rows up to 300"
    many = listed(invoices(400), most=1000)
    assert judged(SIZES, many, forgives=True)[:2] == ("a page must hold all rows up to 300", ())


def test_pages_below_one_beyond_the_last_and_without_a_number_are_asked_for() -> None:
    pages = [query.get("page") for query in asked_beyond(listed(invoices(20)))]

    assert pages == [None, "0", "-1", "22", "first"]


def asked_beyond(change: Change) -> list[Query]:
    return asked(BEYOND, change)


def refused(body: bytes, status: int = 404, media_type: str = "application/json") -> Change:
    return answered(INVOICES, status, body, query="page=first", content_type=media_type)


@pytest.mark.parametrize(
    ("change", "what", "forgiven"),
    [
        (refused(b"[]", 200), "the status must be 404, not 200", "the status must be 404, not 200"),
        (refused(b'{"detail": "Nicht da."}'), "the sentence must agree", "kept"),
        (refused(b'{"detail": 3}'), "the sentence must agree", "the body must tell why"),
        (refused(b"[3]"), "the body must be an object", "the body must tell why"),
    ],
)
def test_a_page_that_is_not_there_is_refused_with_a_sentence(change: Change, what: str, forgiven: str) -> None:
    assert said(BEYOND, listed(invoices(20)), change) == what
    assert said(BEYOND, listed(invoices(20)), change, forgives=True) == forgiven


def test_a_proxy_may_put_a_page_of_its_own_in_the_place_of_a_sentence() -> None:
    asking, _ = context(listed(invoices(20)), refused(b"<html>", media_type="text/html"), forgives=True)
    asking.survey.pages.add(404)

    pages_that_are_not_there(asking, "invoices_list")

    assert asking.noted == []
