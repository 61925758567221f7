"""The list of invoice items keeps what its filters say, in its order."""

from collections.abc import Callable
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

import pytest

from tests.asgi import Api
from tests.operations.figures import INVOICE, ITEMS, dashed, item_path, total, uuids
from tests.views import month_of, view
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.world import World

Judge = Callable[[InvoiceItem], bool]


def filters_of(world: World) -> dict[str, tuple[str, Judge]]:
    """Queries with a parameter each, and by hand what they keep."""
    with_credit = next(item for item in world.invoice_items if item.credit_uuid)
    used = next(item for item in world.invoice_items if view(world, item).billing_type == "usage")
    project = world.projects.where(customer_uuid=view(world, with_credit).customer_uuid)[0]
    resource = view(world, used).resource
    assert resource is not None
    offering = resource.offering_uuid
    projects = {row.uuid for row in world.projects if row.customer_uuid == project.customer_uuid}
    return {
        "year": ("2025", lambda item: month_of(world, item).year == 2025),
        "month": ("11", lambda item: month_of(world, item).month == 11),
        "start_year": ("2024", lambda item: item.start.year == 2024),
        "start_month": ("10", lambda item: item.start.month == 10),
        "resource_uuid": (resource.uuid, lambda item: item.resource_uuid == resource.uuid),
        "offering_uuid": (
            dashed(offering),
            lambda item: view(world, item).offering_uuid == offering,
        ),
        "project_uuid": (dashed(project.uuid).upper(), lambda item: item.linked_project_uuid == project.uuid),
        "customer_uuid": (
            project.customer_uuid,
            lambda item: item.linked_project_uuid in projects,
        ),
        "credit_uuid": (str(with_credit.credit_uuid), lambda item: item.credit_uuid == with_credit.credit_uuid),
    }


FILTERS: Final = (
    "year",
    "month",
    "start_year",
    "start_month",
    "resource_uuid",
    "offering_uuid",
    "project_uuid",
    "customer_uuid",
    "credit_uuid",
)


@pytest.mark.parametrize("names", [*combinations(FILTERS, 1), *combinations(FILTERS, 2)], ids="+".join)
def test_filters_keep_what_filtering_by_hand_keeps(readable: Api, names: tuple[str, ...]) -> None:
    filters = filters_of(readable.world)
    query = {name: filters[name][0] for name in names}
    kept = [item for item in readable.world.invoice_items if all(filters[name][1](item) for name in names)]
    kept.sort(key=lambda item: (item.start, item.id))

    rows = readable.rows(ITEMS, **query)
    summed = readable.get(f"{ITEMS}total_price/", **query).body["total_price"]

    assert uuids(rows) == [item.uuid for item in kept]
    assert abs(Decimal(summed) - total(kept)) <= Decimal("0.5e-10")


def test_every_filter_alone_keeps_some_items_and_drops_others(readable: Api) -> None:
    for name, (_, keeps) in filters_of(readable.world).items():
        assert {keeps(item) for item in readable.world.invoice_items} == {True, False}, name


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"year": "x"}, {"year": ["Enter a number."]}),
        ({"month": "eleven"}, {"month": ["Enter a number."]}),
        ({"start_year": "NaN"}, {"start_year": ["Enter a number."]}),
        ({"start_month": "-"}, {"start_month": ["Enter a number."]}),
        ({"resource_uuid": "x"}, {"resource_uuid": ["Enter a valid UUID."]}),
        (
            {"credit_uuid": "1", "customer_uuid": "2", "offering_uuid": "3", "project_uuid": "4", "month": "5.x"},
            {
                "credit_uuid": ["Enter a valid UUID."],
                "customer_uuid": ["Enter a valid UUID."],
                "offering_uuid": ["Enter a valid UUID."],
                "project_uuid": ["Enter a valid UUID."],
                "month": ["Enter a number."],
            },
        ),
    ],
)
@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}total_price/", item_path(INVOICE, "consumptions/")])
def test_faulty_filters_are_named_all_at_once(
    readable: Api, path: str, query: dict[str, str], messages: object
) -> None:
    reply = readable.get(path, **query)

    assert (reply.status, reply.body) == (400, messages)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"year": "", "month": "", "project_uuid": "", "nonsense": "1", "o": "-start"}, 6),
        ({"year": "2025.9"}, 6),
        ({"year": " 2025 ", "month": "1.1e1"}, 6),
        ({"year": "2026"}, 0),
        ({"month": "13"}, 0),
        ({"month": "-11"}, 0),
        ({"start_month": "11.5"}, 0),
        ({"year": "1e49"}, 0),
        ({"start_year": "0"}, 0),
        ({"start_year": "10000"}, 0),
        ({"year": ["2024", "2025"]}, 6),
        ({"year": ["2025", "2024"]}, 0),
    ],
)
def test_unusual_numbers_are_read_as_servers_read_them(november: Api, query: dict[str, Any], count: int) -> None:
    assert len(november.rows(ITEMS, **query)) == count


def test_items_come_by_their_start_and_then_in_the_order_in_which_they_were_made(readable: Api) -> None:
    expected = sorted(readable.world.invoice_items, key=lambda item: (item.start, item.id))

    rows = readable.rows(ITEMS, page_size=97)

    assert uuids(rows) == [item.uuid for item in expected]


def test_items_without_a_price_are_listed(readable: Api) -> None:
    free = {item.uuid for item in readable.world.invoice_items if not item.price}

    rows = readable.rows(ITEMS)

    assert free
    assert free <= set(uuids(rows))
