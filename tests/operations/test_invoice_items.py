"""What the operations of the page `invoice-items` do shows in every later read; what they refuse changes nothing."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.asgi import BASE, Api
from tests.operations.figures import (
    BACKUP,
    CREDIT,
    INVOICE,
    ITEMS,
    SERVER,
    TAKEN_BACK,
    UNKNOWN,
    bare,
    changes,
    dashed,
    item_path,
    sums,
    uuids,
)
from tests.sample import CUSTOMER
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.world_file import dump


def december(api: Api) -> str:
    """The uuid of the customer's invoice for the current month, which is opened for the purpose."""
    return api.open_invoice(CUSTOMER, Month(2025, 12))


def test_a_compensation_counts_wherever_costs_are_summed_up(november: Api) -> None:
    before = sums(november)

    reply = november.post(item_path(BACKUP, "create_compensation/"), {"offering_component_name": "Backup"})

    assert reply.status == 201
    assert changes(before, sums(november)) == {
        "price 2025-12": Decimal("-9.45"),
        "total 2025-12": Decimal("-11.718"),
        "incurred_costs 2025-12": Decimal("-9.45"),
        "Object storage 2025-12": Decimal("-9.45"),
        "growth 2025-12": Decimal("-11.72"),
        "total_price": Decimal("-9.45"),
        "costs 2025-12": Decimal("-9.45"),
        "customer costs": Decimal("-9.45"),
        "project costs": Decimal("-9.45"),
    }


def test_a_compensation_is_the_item_with_the_opposite_price_on_the_current_invoice(november: Api) -> None:
    original = november.get(item_path(BACKUP)).body

    made = november.post(item_path(BACKUP, "create_compensation/"), {"offering_component_name": " Goodwill "})

    copy = november.get(item_path(made.body["invoice_item_uuid"])).body
    (invoice,) = november.rows("/api/invoices/", month=12)
    assert november.get(item_path(BACKUP)).body == original
    assert copy == {
        **original,
        "uuid": made.body["invoice_item_uuid"],
        "invoice": invoice["url"],
        "unit_price": "-0.4500000000",
        "price": Decimal("-9.45"),
        "details": {
            **original["details"],
            "offering_component_name": "Goodwill",
            "original_invoice_item_uuid": copy["details"]["original_invoice_item_uuid"],
        },
    }
    assert bare(copy["details"]["original_invoice_item_uuid"]) == BACKUP
    assert (invoice["state"], uuids(invoice["items"])) == ("pending", uuids([copy]))


def test_an_item_can_be_compensated_again(november: Api) -> None:
    made = [
        november.post(item_path(SERVER, "create_compensation/"), {"offering_component_name": name}).body
        for name in ("once", "twice")
    ]

    (invoice,) = november.rows("/api/invoices/", month=12)
    assert sorted(uuids(invoice["items"])) == sorted(bare(body["invoice_item_uuid"]) for body in made)
    assert invoice["price"] == "-240.0000000000"


@pytest.mark.parametrize("uuid", [TAKEN_BACK, CREDIT])
def test_a_compensation_cannot_be_compensated(november: Api, uuid: str) -> None:
    before = dump(november.world)

    reply = november.post(item_path(uuid, "create_compensation/"), {"offering_component_name": "x"})

    sentence = "Can not create compensation for invoice item with negative unit price."
    assert (reply.status, reply.body) == (400, sentence)
    assert dump(november.world) == before


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, {"offering_component_name": ["This field is required."]}),
        (None, {"offering_component_name": ["This field is required."]}),
        ({"offering_component_name": None}, {"offering_component_name": ["This field may not be null."]}),
        ({"offering_component_name": "  "}, {"offering_component_name": ["This field may not be blank."]}),
        ({"offering_component_name": True}, {"offering_component_name": ["Not a valid string."]}),
        ({"offering_component_name": []}, {"offering_component_name": ["Not a valid string."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("text", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
    ],
)
def test_a_compensation_needs_a_name(november: Api, body: object, messages: object) -> None:
    before = dump(november.world)

    reply = november.post(item_path(TAKEN_BACK, "create_compensation/"), body)

    assert (reply.status, reply.body) == (400, messages)
    assert dump(november.world) == before


# Moves.


def test_a_moved_item_counts_on_its_new_invoice(november: Api) -> None:
    target = december(november)
    before = sums(november)

    reply = november.post(item_path(BACKUP, "migrate_to/"), {"invoice": f"{BASE}/api/invoices/{target}/"})

    assert (reply.status, reply.body) == (200, {"invoice_item_uuid": dashed(BACKUP)})
    assert changes(before, sums(november)) == {
        "price 2025-12": Decimal("9.45"),
        "total 2025-12": Decimal("11.718"),
        "incurred_costs 2025-12": Decimal("9.45"),
        "Object storage 2025-12": Decimal("9.45"),
        "growth 2025-12": Decimal("11.72"),
        "costs 2025-12": Decimal("9.45"),
        "price 2025-11": Decimal("-9.45"),
        "total 2025-11": Decimal("-11.718"),
        "incurred_costs 2025-11": Decimal("-9.45"),
        "Object storage 2025-11": Decimal("-9.45"),
        "growth 2025-11": Decimal("-11.72"),
        "costs 2025-11": Decimal("-9.45"),
    }


def test_a_moved_item_shows_its_new_invoice_only(november: Api) -> None:
    target = december(november)
    item = november.get(item_path(CREDIT)).body

    november.post(item_path(CREDIT, "migrate_to/"), {"invoice": f"/api/invoices/{target}/"})

    moved = november.get(item_path(CREDIT)).body
    assert moved == {**item, "invoice": f"{BASE}/api/invoices/{dashed(target)}/"}
    assert CREDIT not in uuids(november.get(f"/api/invoices/{INVOICE}/items/").body)
    assert uuids(november.get(f"/api/invoices/{target}/items/").body) == [CREDIT]
    assert uuids(november.rows(ITEMS, month=12)) == [CREDIT]
    assert CREDIT not in uuids(november.rows(ITEMS, month=11))


def test_moving_there_and_back_leaves_no_trace(november: Api) -> None:
    target = december(november)
    before = dump(november.world)

    for uuid in (target, dashed(INVOICE).upper()):
        reply = november.post(item_path(SERVER, "migrate_to/"), {"invoice": f"https://elsewhere/api/invoices/{uuid}/"})
        assert reply.status == 200

    assert dump(november.world) == before


def other_invoice(api: Api) -> str:
    customer = next(customer for customer in api.world.customers if customer.uuid != CUSTOMER)
    return api.open_invoice(customer.uuid, Month(2025, 11))


NO_MATCH: Final = {"invoice": ["Invalid hyperlink - No URL match."]}
WRONG_MATCH: Final = {"invoice": ["Invalid hyperlink - Incorrect URL match."]}
NO_OBJECT: Final = {"invoice": ["Invalid hyperlink - Object does not exist."]}


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, {"invoice": ["This field is required."]}),
        ({"invoice": None}, {"invoice": ["This field may not be null."]}),
        ({"invoice": ""}, {"invoice": ["This field may not be null."]}),
        ({"invoice": 7}, {"invoice": ["Incorrect type. Expected URL string, received int."]}),
        ({"invoice": []}, {"invoice": ["Incorrect type. Expected URL string, received list."]}),
        ({"invoice": "nonsense"}, NO_MATCH),
        ({"invoice": INVOICE}, NO_MATCH),
        ({"invoice": f"/api/nothing/{INVOICE}/"}, NO_MATCH),
        ({"invoice": f"/api/invoice-items/{SERVER}/"}, WRONG_MATCH),
        ({"invoice": f"/api/customers/{CUSTOMER}/"}, WRONG_MATCH),
        ({"invoice": f"/api/invoices/{UNKNOWN}/"}, NO_OBJECT),
        ({"invoice": "/api/invoices/nonsense/"}, NO_OBJECT),
        (
            {"invoice": "/api/invoices/{other}/"},
            ["Moving of items is possible only between invoices of same the customer."],
        ),
        ({"invoice": f"/api/invoices/{INVOICE}/"}, ["Invoice item is already in the target invoice."]),
    ],
)
def test_an_item_moves_to_another_invoice_of_its_customer_only(
    november: Api, body: dict[str, Any], messages: object
) -> None:
    other = other_invoice(november)
    link = body.get("invoice")
    sent = {"invoice": link.format(other=other)} if isinstance(link, str) else body
    before = dump(november.world)

    reply = november.post(item_path(SERVER, "migrate_to/"), sent)

    assert (reply.status, reply.body) == (400, messages)
    assert dump(november.world) == before
