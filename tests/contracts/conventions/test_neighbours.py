"""Neighbours of the billing operations: a healthy mock passes, and each way in which they can be wrong is reported."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import INVOICES, ITEMS, Change, answered, context, judged, rows, said, setting, shown
from tests.contracts.readings.books import key
from waldur_billing_mock.contracts.conventions.neighbours import (
    links_lead_to_what_they_name,
    neighbours_answer_as_described,
)
from waldur_billing_mock.contracts.description import describe_neighbours
from waldur_billing_mock.contracts.readings.discovery import billing_data
from waldur_billing_mock.contracts.target import Scope

FIT: Final = "conventions/neighbours_answer_as_described"
LINKS: Final = "conventions/links_lead_to_what_they_name"
MORE: Final = "roles/neighbours_show_nobody_more"
NONE: Final = "not exercised: the server has none of the neighbours of the billing operations"
CUSTOMERS: Final = "/api/customers/"
OTHERS: Final = "/api/(?!invoice|provider)[a-z-]+/.*"
WHAT: Final = "an answer of GET /api/customers/ does not fit its description: the value does not fit its type"


@pytest.mark.parametrize("options", [{}, {"forgives": True, "wire": True}, {"dialect": "wire", "wire": True}])
def test_a_healthy_mock_passes(options: dict[str, Any]) -> None:
    assert judged(FIT, **options)[:2] == ("kept", ())
    assert judged(LINKS, **options)[:2] == ("kept", ())


def test_the_neighbours_are_described_in_either_dialect() -> None:
    documented, wire = describe_neighbours(), describe_neighbours("wire")

    assert (documented.dialect, wire.dialect) == ("documented", "wire")
    assert documented.document != wire.document


def test_lists_are_asked_for_with_ten_rows() -> None:
    asked = [one.target for one in judged(FIT).sent]

    assert f"{CUSTOMERS}?page_size=10" in asked
    assert "/api/users/me/" in asked
    assert len(asked) == 8


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_neighbours_that_are_absent_are_not_looked_at(status: int) -> None:
    assert said(FIT, answered(CUSTOMERS, status)) == "kept"
    assert said(FIT, answered(OTHERS, status)) == NONE


def test_neighbours_that_fail_or_that_answer_otherwise_are_told() -> None:
    assert said(FIT, answered(CUSTOMERS, 500)) == "the status must be 200, not 500"
    number = rows(CUSTOMERS, setting(name=5))
    assert said(FIT, number) == WHAT
    assert judged(FIT, number, forgives=True, wire=True)[:2] == ("kept", (WHAT,))


@pytest.mark.parametrize(
    ("change", "at"), [(rows(CUSTOMERS, setting(name=5)), "at /0/name"), (shown(CUSTOMERS, lambda value: {}), "at /")]
)
def test_where_an_answer_does_not_fit_is_told(change: Change, at: str) -> None:
    asking, _ = context(change, forgives=True, wire=True)

    neighbours_answer_as_described(asking)

    assert asking.noted[0].complaint.detail == at


def linked(**links: object) -> tuple[Change, ...]:
    """An invoice of three lines and two items, each with a link to itself; with more fields of the invoice."""
    lines = [{"uuid": key(number), "url": f"http://a/api/of/{key(number)}/"} for number in (1, 2, 3)]
    items = [{"uuid": key(number), "url": f"http://a/api/of/{key(number)}/"} for number in (4, 5)]
    bill = {"uuid": key(9), "items": lines, **links}
    return (
        answered(INVOICES, body=json.dumps([bill]).encode(), x_result_count="1"),
        answered(ITEMS, body=json.dumps(items).encode(), x_result_count="2"),
    )


def led(body: object, status: int = 200, media_type: str = "application/json") -> Change:
    """All links lead to this."""
    return answered("/api/of/.*", status, json.dumps(body).encode(), content_type=media_type)


def test_links_of_an_invoice_of_two_of_its_lines_and_of_an_item_are_followed() -> None:
    fields = {"customer": f"http://a/api/of/{key(7)}/", "number": 5, "page": "http://a/of/", "ftp": "ftp://a/api/of/"}

    found = judged(LINKS, *linked(**fields), led({}))

    assert found.said == "kept"
    asked = [one.path for one in found.sent if one.path.startswith("/api/of/")]
    assert {f"/api/of/{key(number)}/" for number in (1, 2, 7)} < set(asked)
    assert len(asked) == 4
    assert not [one for one in found.sent if one.path == "/of/"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (led({}, 404), "the link url must lead to an object"),
        (led({"uuid": "e" * 32}), "the link url must lead to what it names"),
        (led({"uuid": None}), "the link url must lead to what it names"),
        (led({"uuid": "no identifier"}), "the link url must lead to what it names"),
        (led([]), "the link url must lead to what it names"),
        (led({"uuid": "e" * 32}, media_type="text/html"), "the link url must lead to what it names"),
    ],
)
def test_links_that_lead_elsewhere_are_told(change: Change, what: str) -> None:
    assert said(LINKS, *linked(), change) == what
    noted = judged(LINKS, *linked(), change, forgives=True)
    assert (noted.said, set(noted.noted)) == ("kept", {what})
    asking, _ = context(*linked(), change, forgives=True)
    links_lead_to_what_they_name(asking)
    assert asking.noted[0].complaint.expected == (200 if "an object" in what else None)


def test_a_link_may_lead_to_the_object_in_another_spelling() -> None:
    def itself(request: Any, answer: Any) -> Any:
        digits = request.path.split("/")[-2]
        return led({"uuid": f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"})(
            request, answer
        )

    assert said(LINKS, *linked(), itself) == "kept"


def customers(role: str) -> list[str]:
    """The customers whose invoices a role sees."""
    asking, _ = context(role=role)
    return billing_data(asking).customers


def held(*roles: str) -> dict[str, Scope]:
    """Roles with the customers on which they are held."""
    return {role: Scope(frozenset(customers(role)[:1])) for role in roles}


def test_it_takes_a_role_of_which_it_is_known_on_what_it_is_held() -> None:
    assert said(MORE).startswith("not exercised: there is no role of which it is known on what it is held")
    assert said(MORE, scopes={"owner": Scope()}).startswith("not exercised: there is no role")
    assert said(MORE, scopes=held("owner")) == "kept"
    assert said(MORE, answered(OTHERS, 403), scopes=held("owner")) == NONE


def by_identifier(*roles: str) -> list[str]:
    found = judged(MORE, scopes=held(*roles))
    assert found.said == "kept"
    return [one.path.split("/")[3] for one in found.sent if one.path != CUSTOMERS and one.path.startswith(CUSTOMERS)]


def test_a_customer_of_another_role_is_asked_for_by_its_identifier() -> None:
    (own,), (other,) = customers("owner")[:1], customers("owner2")[:1]

    assert by_identifier("owner", "owner2") == [other, own]
    (asked,) = by_identifier("owner")
    assert asked in set(customers("staff")) - {own}


def test_what_is_shown_of_other_customers_is_told() -> None:
    (other,) = customers("owner2")[:1]
    listed = shown(CUSTOMERS, lambda value: [*value, {"uuid": other}], query="300")
    credits = shown("/api/customer-credits/", lambda value: [{"customer_uuid": other}, {}], query="300")
    alone = answered(f"{CUSTOMERS}[0-9a-f]+/", 200)

    assert (
        said(MORE, listed, scopes=held("owner")) == "owner must see nothing of other customers at GET /api/customers/"
    )
    assert said(MORE, credits, scopes=held("owner")).endswith("at GET /api/customer-credits/")
    assert said(MORE, alone, scopes=held("owner")) == "owner must not get another customer by its identifier"
    assert said(MORE, answered(CUSTOMERS, 500, query="300"), scopes=held("owner")) == "the status must be 200, not 500"
