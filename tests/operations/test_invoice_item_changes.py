"""What PUT, PATCH and DELETE do to an invoice item shows in every later read; what they refuse changes nothing."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.asgi import Api
from tests.operations.figures import (
    BACKUP,
    CREDIT,
    INVOICE,
    ITEMS,
    SERVER,
    STORAGE,
    TAKEN_BACK,
    TRAFFIC,
    UNKNOWN,
    changes,
    item_path,
    sums,
    uuids,
)
from tests.sample import TIDE_VM
from waldur_billing_mock.mock_server.world_file import dump

NOT_AN_INSTANT: Final = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_new_price_counts_wherever_costs_are_summed_up(november: Api, method: str) -> None:
    before = sums(november)

    reply = november.ask(method, item_path(SERVER), body={"unit_price": "121.005"})

    assert (reply.status, reply.body["unit_price"]) == (200, "121.0050000000")
    assert changes(before, sums(november)) == {
        "price 2025-11": Decimal("1.01"),
        "total 2025-11": Decimal("1.2524"),
        "incurred_costs 2025-11": Decimal("1.005"),
        "Virtual machine 2025-11": Decimal("1.01"),
        "growth 2025-11": Decimal("1.25"),
        "total_price": Decimal("1.005"),
        "costs 2025-11": Decimal("1.00"),
        "customer costs": Decimal("1.00"),
        "project costs": Decimal("1.00"),
    }


def test_a_new_quantity_of_a_usage_corrects_what_was_reported(november: Api) -> None:
    reply = november.ask("PATCH", item_path(TRAFFIC), body={"quantity": 200})

    (usage,) = november.world.component_usages.where(
        resource_uuid=TIDE_VM, component_type="traffic", year=2025, month=11
    )
    assert reply.body == {"article_code": "VM-OUT", "quantity": "200.0000000000", "unit_price": "0.0370000000"}
    assert usage.usage == 200
    assert november.get(item_path(TRAFFIC)).body["price"] == Decimal("7.4")


def test_new_dates_of_a_fixed_price_count_its_quantity_anew(november: Api) -> None:
    sent = {"start": "2025-11-21T00:00:00Z", "end": "2025-11-25T12:00:00+02:00", "quantity": "99"}

    reply = november.ask("PATCH", item_path(BACKUP), body=sent)

    item = november.get(item_path(BACKUP)).body
    assert "quantity" not in reply.body
    assert (reply.body["start"], reply.body["end"]) == ("2025-11-21T00:00:00Z", "2025-11-25T10:00:00Z")
    assert (item["start"], item["end"], item["quantity"]) == (*map(reply.body.get, ("start", "end")), "5.0000000000")


@pytest.mark.parametrize(
    ("uuid", "names"),
    [
        (SERVER, ["article_code", "unit_price", "start", "end"]),
        (TRAFFIC, ["article_code", "quantity", "unit_price"]),
        (STORAGE, ["article_code", "quantity", "unit_price"]),
        (CREDIT, ["article_code", "quantity", "unit_price", "start", "end"]),
    ],
    ids=["fixed", "usage", "limit", "unknown"],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_billing_type_decides_what_may_be_written(november: Api, uuid: str, names: list[str], method: str) -> None:
    before = dump(november.world)

    reply = november.ask(method, item_path(uuid), body={"name": "other", "uuid": UNKNOWN, "details": {}})

    assert (reply.status, sorted(reply.body)) == (200, sorted(names))
    assert dump(november.world) == before


@pytest.mark.parametrize(
    ("uuid", "body", "messages"),
    [
        (CREDIT, {"unit_price": "-1"}, {"unit_price": ["Ensure this value is greater than or equal to 0."]}),
        (CREDIT, {"unit_price": "NaN"}, {"unit_price": ["A valid number is required."]}),
        (CREDIT, {"quantity": ""}, {"quantity": ["A valid number is required."]}),
        (CREDIT, {"quantity": True}, {"quantity": ["A valid number is required."]}),
        (CREDIT, {"quantity": None}, {"quantity": ["This field may not be null."]}),
        (CREDIT, {"quantity": "1" * 23}, {"quantity": ["Ensure that there are no more than 22 digits in total."]}),
        (
            CREDIT,
            {"quantity": "0." + "1" * 11},
            {"quantity": ["Ensure that there are no more than 10 decimal places."]},
        ),
        (
            CREDIT,
            {"quantity": "1" * 13},
            {"quantity": ["Ensure that there are no more than 12 digits before the decimal point."]},
        ),
        (SERVER, {"article_code": "x" * 31}, {"article_code": ["Ensure this field has no more than 30 characters."]}),
        (SERVER, {"start": None}, {"start": ["This field may not be null."]}),
        (
            SERVER,
            {"end": "tomorrow"},
            {"end": [NOT_AN_INSTANT]},
        ),
        (
            CREDIT,
            {"article_code": [], "unit_price": "one", "quantity": {}},
            {
                "article_code": ["Not a valid string."],
                "unit_price": ["A valid number is required."],
                "quantity": ["A valid number is required."],
            },
        ),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_with_a_fault_changes_nothing(
    november: Api, method: str, uuid: str, body: dict[str, Any], messages: object
) -> None:
    before = dump(november.world)

    reply = november.ask(method, item_path(uuid), body=body)

    assert (reply.status, reply.body) == (400, messages)
    assert dump(november.world) == before


def test_a_change_that_no_answer_could_show_is_refused(november: Api) -> None:
    before = dump(november.world)

    reply = november.ask("PATCH", item_path(CREDIT), body={"unit_price": "99999999999"})

    assert reply.status == 409
    assert set(reply.body) == {"detail"}
    assert dump(november.world) == before


# Deletion.


def test_a_deleted_item_is_gone_everywhere(november: Api) -> None:
    before = sums(november)
    shown = uuids(november.rows(ITEMS))

    reply = november.ask("DELETE", item_path(STORAGE))

    assert (reply.status, reply.text) == (204, "")
    assert november.get(item_path(STORAGE)).status == 404
    assert uuids(november.rows(ITEMS)) == [uuid for uuid in shown if uuid != STORAGE]
    assert STORAGE not in uuids(november.get(f"/api/invoices/{INVOICE}/").body["items"])
    assert STORAGE not in uuids(november.get(f"/api/invoices/{INVOICE}/items/").body)
    assert STORAGE not in uuids(november.rows("/api/provider-invoice-items/"))
    assert november.get("/api/provider-invoice-items/125/").status == 404
    assert november.ask("DELETE", item_path(STORAGE)).status == 404
    assert changes(before, sums(november)) == {
        "price 2025-11": Decimal("-10.5"),
        "total 2025-11": Decimal("-13.02"),
        "incurred_costs 2025-11": Decimal("-10.5"),
        "Object storage 2025-11": Decimal("-10.5"),
        "growth 2025-11": Decimal("-13.02"),
        "total_price": Decimal("-10.5"),
        "costs 2025-11": Decimal("-10.5"),
        "customer costs": Decimal("-10.5"),
        "project costs": Decimal("-10.5"),
    }


def test_compensations_of_a_deleted_item_stay(november: Api) -> None:
    november.ask("DELETE", item_path(BACKUP))

    assert november.get(item_path(TAKEN_BACK)).status == 200
