"""Providers see what they sold: filtered, ordered and found by its number."""

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any, Final

import pytest

from tests.asgi import Api
from tests.operations.figures import dashed, uuids
from tests.views import month_of, offering_of, view
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.billing.world import World

SALES: Final = "/api/provider-invoice-items/"
NAMES: Final = ("customer_uuid", "project_uuid", "offering_uuid", "invoice_year", "invoice_month")
Judge = Callable[[InvoiceItem], bool]


def filters_of(world: World) -> dict[str, tuple[str, Judge]]:
    """Queries with a parameter each, and by hand what they keep."""
    sold = next(item for item in world.invoice_items if item.resource_uuid and item.linked_project_uuid)
    offering = offering_of(world, sold)
    assert offering is not None
    customer_uuid = view(world, sold).customer_uuid
    return {
        "customer_uuid": (customer_uuid, lambda item: view(world, item).customer_uuid == customer_uuid),
        "project_uuid": (
            dashed(sold.linked_project_uuid or ""),
            lambda item: item.linked_project_uuid == sold.linked_project_uuid,
        ),
        "offering_uuid": (
            offering.uuid.upper(),
            lambda item: offering_of(world, item) == offering,
        ),
        "invoice_year": ("2025", lambda item: month_of(world, item).year == 2025),
        "invoice_month": ("11", lambda item: month_of(world, item).month == 11),
    }


def by_default(world: World, items: Iterable[InvoiceItem]) -> list[ItemView]:
    """By hand: the newest invoices first, ties by id."""
    views = [view(world, item) for item in items]
    return sorted(views, key=lambda item: (-item.invoice.created.toordinal(), item.row.id))


@pytest.mark.parametrize("names", [*combinations(NAMES, 1), *combinations(NAMES, 2), NAMES], ids="+".join)
def test_filters_keep_what_filtering_by_hand_keeps(readable: Api, names: tuple[str, ...]) -> None:
    filters = filters_of(readable.world)
    kept = [item for item in readable.world.invoice_items if all(filters[name][1](item) for name in names)]

    rows = readable.rows(SALES, **{name: filters[name][0] for name in names})

    assert uuids(rows) == [item.row.uuid for item in by_default(readable.world, kept)]


def test_items_without_a_total_are_shown(readable: Api) -> None:
    free = {item.uuid for item in readable.world.invoice_items if not item.price}

    assert free
    assert free <= set(uuids(readable.rows(SALES)))


ORDERS: Final[Mapping[str, Callable[[ItemView], Any]]] = {
    "unit_price": lambda item: item.row.unit_price,
    "resource_offering_name": lambda item: (item.offering_name or "") if item.resource else "",
    "invoice_customer_name": lambda item: item.customer_name,
    "project_name": lambda item: item.row.stored_project_name,
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_order_sorts_and_keeps_equal_items_as_they_were(readable: Api, name: str, sign: str) -> None:
    expected = sorted(by_default(readable.world, readable.world.invoice_items), key=ORDERS[name], reverse=sign == "-")

    rows = readable.rows(SALES, o=sign + name)

    assert uuids(rows) == [item.row.uuid for item in expected]


@pytest.mark.parametrize(
    "query",
    [{"o": "invoice_customer_name,-unit_price"}, {"o": ["invoice_customer_name", "-unit_price"]}],
    ids=["comma", "repeated"],
)
def test_the_second_order_breaks_the_ties_of_the_first(readable: Api, query: dict[str, Any]) -> None:
    expected = sorted(by_default(readable.world, readable.world.invoice_items), key=ORDERS["unit_price"], reverse=True)
    expected.sort(key=ORDERS["invoice_customer_name"])

    rows = readable.rows(SALES, **query)

    assert uuids(rows) == [item.row.uuid for item in expected]


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"o": "name"}, {"o": ["Select a valid choice. name is not one of the available choices."]}),
        ({"o": "-unit_price,"}, {"o": ["Select a valid choice.  is not one of the available choices."]}),
        (
            {
                "customer_uuid": "1",
                "project_uuid": "2",
                "offering_uuid": "3",
                "invoice_year": "x",
                "invoice_month": "y",
            },
            {
                "customer_uuid": ["Enter a valid UUID."],
                "project_uuid": ["Enter a valid UUID."],
                "offering_uuid": ["Enter a valid UUID."],
                "invoice_year": ["Enter a number."],
                "invoice_month": ["Enter a number."],
            },
        ),
    ],
)
def test_faulty_parameters_are_named_all_at_once(readable: Api, query: dict[str, str], messages: object) -> None:
    reply = readable.get(SALES, **query)

    assert (reply.status, reply.body) == (400, messages)


def test_empty_parameters_count_as_not_sent(readable: Api) -> None:
    reply = readable.get(SALES, **dict.fromkeys([*NAMES, "o"], ""))

    assert reply.body == readable.get(SALES).body


def test_an_item_is_found_by_the_number_that_the_control_plane_tells(readable: Api) -> None:
    listed = readable.get("/_mock/provider-invoice-items").body
    rows = {row["uuid"]: row for row in readable.rows(SALES)}

    for entry in listed[::40]:
        reply = readable.get(f"{SALES}{entry['id']}/")
        assert (reply.status, reply.body) == (200, rows[entry["uuid"]])


@pytest.mark.parametrize("number", ["0123", "+123"])
def test_a_number_is_read_as_an_integer(november: Api, number: str) -> None:
    reply = november.get(f"{SALES}{number}/")

    assert (reply.status, reply.body) == (200, november.get(f"{SALES}123/").body)


@pytest.mark.parametrize("number", ["-1", "0", "99999999999999999999999999"])
def test_a_number_of_no_item_is_not_found(november: Api, number: str) -> None:
    reply = november.get(f"{SALES}{number}/")

    assert (reply.status, reply.body) == (404, {"detail": "No InvoiceItem matches the given query."})


@pytest.mark.parametrize("number", ["1e2", "12x", "a1b2c3d4e5f67890abcdef1234567890"])
def test_what_is_no_integer_is_not_found(november: Api, number: str) -> None:
    reply = november.get(f"{SALES}{number}/")

    assert (reply.status, reply.body) == (404, {"detail": "Not found."})
