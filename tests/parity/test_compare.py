"""Two answers agree when they say the same, whatever the form of uuids, decimals, instants and links."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.parity.age import Age
from tests.parity.client import Answer
from tests.parity.compare import ABSENT, Difference, compare_headers, compare_status, compare_values
from tests.parity.recording import Exchange

EXCHANGE = Exchange(
    n=1,
    op="invoices_list",
    role="staff",
    note="",
    method="GET",
    path="/api/invoices/",
    query="page=2",
    request_headers={},
    request_body=None,
    status=200,
    response_headers={},
    response_body="[]",
)
AGE = Age(
    identifier="toy",
    reason="A toy.",
    section="8",
    operations=("invoices_list",),
    places=("body:[].items[].credit",),
    request="GET *?page=*",
    recorded=ABSENT,
)


@pytest.mark.parametrize(
    ("recorded", "answered"),
    [
        ("2623d807d4b34169a1f4e7cc98df6475", "2623d807-d4b3-4169-a1f4-e7cc98df6475"),
        (Decimal("0.7"), "0.70"),
        ("1.3800000000", "1.38"),
        (0, "0.00"),
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00Z"),
        (
            "http://a.example/api/invoices/2623d807d4b34169a1f4e7cc98df6475/",
            "http://b.example/api/invoices/2623d807-d4b3-4169-a1f4-e7cc98df6475/",
        ),
    ],
)
def test_forms_of_the_same_value_agree(recorded: object, answered: object) -> None:
    assert list(compare_values({"value": recorded}, {"value": answered})) == []


@pytest.mark.parametrize(
    ("recorded", "answered"),
    [
        ("", None),
        (True, 1),
        ("0.70", "0.71"),
        ("5", "6"),
        ("created", "Created"),
        ("https://a.example/pay", "https://b.example/pay"),
        ("http://a.example/api/invoices/1/", "https://a.example/api/invoices/1/"),
        ([], {}),
        ([1], [1, 1]),
    ],
)
def test_different_values_do_not_agree(recorded: object, answered: object) -> None:
    assert len(list(compare_values({"value": recorded}, {"value": answered}))) == 1


def test_a_missing_key_and_an_extra_one_are_two_differences() -> None:
    found = list(compare_values([{"a": {"b": 1}}], [{"a": {"c": 1}}]))

    assert found == [
        Difference("body", "[].a.b", "1", ABSENT),
        Difference("body", "[].a.c", ABSENT, "1"),
    ]


def test_links_agree_whatever_the_order_of_their_parameters() -> None:
    recorded = {"Link": '<http://a.example/api/invoices/?o=year%2Cmonth&page=2>; rel="next"'}
    answer = Answer(200, {"link": '<http://a.example/api/invoices/?page=2&o=year,month>; rel="next"'}, "[]")

    assert list(compare_headers(replace(EXCHANGE, response_headers=recorded), answer)) == []


def test_a_header_that_was_not_recorded_is_a_difference() -> None:
    found = list(compare_headers(EXCHANGE, Answer(200, {"allow": "GET"}, "[]")))

    assert found == [Difference("header", "Allow", ABSENT, "GET")]


def test_another_status_is_told_with_its_body() -> None:
    found = list(compare_status(EXCHANGE, Answer(404, {}, '{"detail":"Not found."}')))

    assert found == [Difference("status", "", "200", '404 {"detail":"Not found."}')]


def test_a_named_difference_explains_what_it_names() -> None:
    difference = Difference("body", "[].items[].credit", ABSENT, "false")

    assert AGE.explains(EXCHANGE, difference)


@pytest.mark.parametrize(
    ("exchange", "difference"),
    [
        (replace(EXCHANGE, op="invoices_retrieve"), Difference("body", "[].items[].credit", ABSENT, "false")),
        (replace(EXCHANGE, query=""), Difference("body", "[].items[].credit", ABSENT, "false")),
        (EXCHANGE, Difference("body", "[].items[].credits", ABSENT, "false")),
        (EXCHANGE, Difference("body", "[].items[].credit", "true", "false")),
        (EXCHANGE, Difference("status", "", "200", "404")),
    ],
)
def test_a_named_difference_explains_nothing_else(exchange: Exchange, difference: Difference) -> None:
    assert not AGE.explains(exchange, difference)
