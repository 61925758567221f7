"""The lines of one invoice, filtered and sorted, and what they add up to for each offering."""

from collections.abc import Callable, Mapping
from decimal import ROUND_UP, Decimal
from functools import partial
from itertools import combinations
from typing import Any, Final

import pytest

from tests.asgi import Api
from tests.operations.figures import CREDIT, INVOICE, TAKEN_BACK, UNKNOWN, dashed, invoice_path, uuids
from tests.views import offering_of, seller_of, view
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.world import World

LINES: Final = invoice_path(INVOICE, "items/")
STATS: Final = invoice_path(INVOICE, "stats/")
Judge = Callable[[InvoiceItem], bool]


def shown(world: World) -> list[InvoiceItem]:
    """By hand: the lines whose total is not zero, in the order in which they were made."""
    return [item for item in world.invoice_items if item.invoice_uuid == INVOICE and item.price]


def filters_of(world: World) -> dict[str, tuple[str, Judge]]:
    """Queries with a parameter each, and by hand what they keep."""
    sold = next(item for item in shown(world) if item.resource_uuid and item.details)
    provider, offering = sold.details["service_provider_uuid"], sold.details["offering_uuid"]
    return {
        "query": (" TIDE ", lambda item: "tide" in (view(world, item).resource_name or "").lower()),
        "provider_uuid": (str(provider), lambda item: item.details.get("service_provider_uuid") == provider),
        "project_uuid": (dashed(str(sold.project_uuid)), lambda item: item.project_uuid == sold.project_uuid),
        "offering_uuid": (dashed(str(offering)).upper(), lambda item: item.details.get("offering_uuid") == offering),
        "conceal_compensation_items": ("true", lambda item: item.credit_uuid is None),
    }


NAMES: Final = ("query", "provider_uuid", "project_uuid", "offering_uuid", "conceal_compensation_items")


@pytest.mark.parametrize("names", [(), *combinations(NAMES, 1), *combinations(NAMES, 2), NAMES], ids="+".join)
def test_filters_keep_what_filtering_by_hand_keeps(readable: Api, names: tuple[str, ...]) -> None:
    filters = filters_of(readable.world)
    kept = [item for item in shown(readable.world) if all(filters[name][1](item) for name in names)]

    reply = readable.get(LINES, **{name: filters[name][0] for name in names})

    assert (reply.status, uuids(reply.body)) == (200, [item.uuid for item in kept])
    assert "x-result-count" not in reply.headers


def test_every_filter_alone_keeps_some_lines_and_drops_others(readable: Api) -> None:
    for name, (_, keeps) in filters_of(readable.world).items():
        assert {keeps(item) for item in shown(readable.world)} == {True, False}, name


def test_lines_without_a_total_are_not_shown(readable: Api) -> None:
    free = {item.uuid for item in readable.world.invoice_items if not item.price}
    invoices = {item.invoice_uuid for item in readable.world.invoice_items if item.uuid in free}

    assert invoices
    for invoice in invoices:
        assert not free.intersection(uuids(readable.get(invoice_path(invoice, "items/")).body))
        assert not free.intersection(uuids(readable.get(invoice_path(invoice)).body["items"]))


@pytest.mark.parametrize("name", ["provider_uuid", "project_uuid", "offering_uuid"])
@pytest.mark.parametrize("value", [UNKNOWN, "nonsense"])
def test_what_is_no_uuid_and_what_is_unknown_match_nothing(november: Api, name: str, value: str) -> None:
    reply = november.get(LINES, **{name: value})

    assert (reply.status, reply.body) == (200, [])


def test_empty_filters_count_as_not_sent(november: Api) -> None:
    reply = november.get(LINES, **dict.fromkeys([*NAMES, "o"], ""))

    assert reply.body == november.get(LINES).body


@pytest.mark.parametrize(("value", "hides"), [("true", True), ("false", False), ("True", False), ("1", False)])
def test_only_the_word_true_hides_what_a_credit_paid(november: Api, value: str, hides: bool) -> None:
    found = uuids(november.get(LINES, conceal_compensation_items=value).body)

    assert (CREDIT not in found) == hides
    assert TAKEN_BACK in found


ORDERS: Final[Mapping[str, Callable[[World, InvoiceItem], str]]] = {
    "project_name": lambda world, item: view(world, item).project_name,
    "resource_name": lambda world, item: view(world, item).resource_name or "",
    "provider_name": lambda world, item: seller_of(world, item) or "",
    "name": lambda world, item: item.name,
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_order_sorts_and_puts_lines_without_a_value_first_when_ascending(
    readable: Api, name: str, sign: str
) -> None:
    invoices = {item.invoice_uuid for item in readable.world.invoice_items if item.resource_uuid is None}
    for invoice in [*invoices, INVOICE]:
        lines = [item for item in readable.world.invoice_items if item.invoice_uuid == invoice and item.price]

        reply = readable.get(invoice_path(invoice, "items/"), o=sign + name)

        expected = sorted(lines, key=partial(ORDERS[name], readable.world), reverse=sign == "-")
        assert uuids(reply.body) == [item.uuid for item in expected]


@pytest.mark.parametrize("order", ["nonsense", "price", "name,project_name", "--name"])
def test_an_unknown_order_has_no_effect(readable: Api, order: str) -> None:
    assert readable.get(LINES, o=order).body == readable.get(LINES).body


def test_the_invoice_shows_its_lines_by_project_and_name(readable: Api) -> None:
    expected = sorted(
        shown(readable.world), key=lambda item: (view(readable.world, item).project_name, item.name, item.id)
    )

    reply = readable.get(invoice_path(INVOICE))

    assert uuids(reply.body["items"]) == [item.uuid for item in expected]


# Statistics.


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_UP)


def stats_by_hand(world: World, seller_uuid: str | None = None) -> list[dict[str, Any]]:
    """One row for each offering, in the order in which the lines first name it."""
    rows: dict[str, dict[str, Any]] = {}
    for item in world.invoice_items:
        if item.invoice_uuid != INVOICE or item.resource_uuid is None:
            continue
        offering = offering_of(world, item)
        assert offering is not None
        if seller_uuid not in (None, offering.customer_uuid):
            continue
        (provider,) = world.service_providers.where(customer_uuid=offering.customer_uuid)
        row = rows.setdefault(
            offering.uuid,
            {
                "offering_name": offering.name,
                "aggregated_price": Decimal(0),
                "aggregated_tax": Decimal(0),
                "aggregated_total": Decimal(0),
                "service_category_title": offering.category_title,
                "service_provider_name": seller_of(world, item),
                "service_provider_uuid": dashed(provider.uuid),
            },
        )
        row["aggregated_price"] += item.price
        row["aggregated_tax"] += view(world, item).tax
        row["aggregated_total"] += view(world, item).total
    sums = ("aggregated_price", "aggregated_tax", "aggregated_total")
    return [{**row, **{name: cents(row[name]) for name in sums}} for row in rows.values()]


def test_statistics_are_what_adding_up_by_hand_gives(readable: Api) -> None:
    rows = readable.rows(STATS)

    assert len(rows) > 2
    assert rows == stats_by_hand(readable.world)


def test_statistics_come_in_pages(readable: Api) -> None:
    pages = [readable.get(STATS, page_size=2, page=number) for number in (1, 2)]

    assert [row for page in pages for row in page.body] == stats_by_hand(readable.world)[:4]
    assert {page.headers["x-result-count"] for page in pages} == {str(len(stats_by_hand(readable.world)))}


@pytest.mark.parametrize("own", [True, False], ids=["of the organization", "of the service provider"])
def test_statistics_of_a_provider_are_asked_for_by_either_of_its_identifiers(readable: Api, own: bool) -> None:
    for provider in readable.world.service_providers:
        uuid = provider.customer_uuid if own else dashed(provider.uuid)

        assert readable.rows(STATS, provider_uuid=uuid) == stats_by_hand(readable.world, provider.customer_uuid)


@pytest.mark.parametrize("value", [UNKNOWN, "nonsense"])
def test_statistics_of_no_provider_are_empty(readable: Api, value: str) -> None:
    reply = readable.get(STATS, provider_uuid=value)

    assert (reply.status, reply.body) == (200, [])


@pytest.mark.parametrize(
    ("query", "fits"),
    [({"state": "created"}, True), ({"state": "paid"}, False), ({"year": "2025"}, True), ({"month": "1"}, False)],
)
def test_an_invoice_that_does_not_fit_the_filters_has_no_statistics(
    readable: Api, query: dict[str, str], fits: bool
) -> None:
    assert readable.rows(STATS, o="-year", **query) == (stats_by_hand(readable.world) if fits else [])
