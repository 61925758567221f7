"""What there is to ask about, from a few rows."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.altered import context
from tests.contracts.readings.books import data, key, link
from tests.contracts.scripted import Site, answer, context_of
from waldur_billing_mock.contracts.exchange import Answer, NotExercised, Request
from waldur_billing_mock.contracts.readings.discovery import (
    Line,
    billing_data,
    named_offering,
    named_provider,
    provider_numbers,
)

FIRST: dict[str, Any] = {"uuid": key(1), "customer": link(7), "items": [{"uuid": key(11), "project_uuid": key(5)}]}
SECOND: dict[str, Any] = {
    "uuid": key(2),
    "customer": link(8),
    "items": [{"uuid": key(12), "project_uuid": key(6)}, {"uuid": key(13)}],
}


def test_lines_are_of_a_customer_and_of_a_project() -> None:
    known = data([FIRST, SECOND])

    assert [line.item["uuid"] for line in known.of_customer(key(8))] == [key(12), key(13)]
    assert [line.item["uuid"] for line in known.of_project(key(5))] == [key(11)]
    assert (known.customers, known.projects) == ([key(7), key(8)], [key(5), key(6)])


def test_an_item_links_to_an_invoice_that_is_listed_or_cannot_be_followed() -> None:
    known = data([FIRST, SECOND])

    assert known.invoice_of({"invoice": link(2)}) is SECOND
    with pytest.raises(NotExercised, match="an invoice that is not listed"):
        known.invoice_of({"invoice": link(3)})


def test_of_a_resource_the_details_are_known_that_say_something() -> None:
    items: list[dict[str, Any]] = [
        {"resource": link(21), "details": {"plan": "one"}},
        {"resource": None, "details": {"plan": "none"}},
        {"resource": link(22), "details": {}},
    ]
    line = {"uuid": key(11), "resource": link(21), "details": {}}

    assert data([{**FIRST, "items": [line]}], items).of_resource == {key(21): {"plan": "one"}}


def test_data_are_the_same_for_a_role_until_something_is_written() -> None:
    asking, _ = context()

    first, other = billing_data(asking), billing_data(asking, "owner")

    assert billing_data(asking) is first
    assert billing_data(asking, "owner") is other is not first
    asking.drop_cache()
    assert billing_data(asking) is not first
    assert billing_data(asking) is billing_data(asking)


def numbers(there: Callable[[int], bool], status: int = 200) -> tuple[list[str], list[str]]:
    """The numbers of provider items that are found, and those that were asked for."""
    site = Site(answer(404))

    def one(request: Request) -> Answer:
        return answer(status if there(int(request.path.split("/")[3])) else 404)

    site.answers.update({f"/api/provider-invoice-items/{number}/": one for number in range(20)})
    return provider_numbers(context_of(site)), [target.split("/")[3] for target in site.targets]


def test_the_first_three_numbers_are_found_by_asking_for_twelve_at_most() -> None:
    assert numbers(lambda number: number in (2, 5, 7, 9)) == (["2", "5", "7"], [str(one) for one in range(1, 8)])
    assert numbers(lambda number: number == 12) == (["12"], [str(one) for one in range(1, 13)])
    assert numbers(lambda number: True, 204) == ([], [str(one) for one in range(1, 13)])


def test_details_name_an_offering_and_a_provider_or_none() -> None:
    named = {"offering_uuid": key(31), "service_provider_uuid": key(32)}

    assert (named_offering(Line({}, {"details": named})), named_provider(Line({}, {"details": named}))) == (
        key(31),
        key(32),
    )
    for details in (None, "text", {}, {"offering_uuid": "no identifier"}):
        assert named_offering(Line({}, {"details": details})) is None
