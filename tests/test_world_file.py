"""A world comes out of its file as it went in, and a file that is no world is refused with a sentence that helps."""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.billing.builders import NOW, Builder
from waldur_billing_mock.mock_server.billing.compensation import compensate
from waldur_billing_mock.mock_server.billing.credit import ProjectCredit
from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage
from waldur_billing_mock.mock_server.billing.payment import PaymentOrder
from waldur_billing_mock.mock_server.billing.table import Table
from waldur_billing_mock.mock_server.world_file import LINKS, TABLES, WorldFileError, dump, load, read

Change = Callable[[dict[str, Any]], object]


def told() -> Builder:
    """A small world in which every table has a row."""
    builder = Builder()
    component = builder.add_component("cores", "usage", "0.0123456789", article_code="C-1")
    resource = builder.add_resource(limits={"cores": 4})
    credit = builder.add_credit("12.50000", builder.offering)
    world = builder.world
    world.project_credits.put(
        ProjectCredit(world=world, id=1, uuid="c" * 32, project_uuid=builder.project.uuid, value=Decimal("3.00000"))
    )
    world.component_usages.put(
        ComponentUsage(
            world=world,
            id=1,
            uuid="d" * 32,
            resource_uuid=resource.uuid,
            component_type="cores",
            year=2025,
            month=11,
            usage=Decimal(3),
            date=NOW,
        )
    )
    builder.add_profile()
    builder.add_user("olga", "CUSTOMER.OWNER", builder.customer)
    invoice = builder.finalized(builder.add_invoice())
    builder.add_item(invoice, "-1.5", resource=resource, credit=credit)
    item = builder.add_item(invoice, "0.0123456789", "3", resource=resource, component=component)
    compensate(item, 'Kerne "õ"')
    invoice.send_notification()
    invoice.pay(PaymentOrder(date(2025, 12, 9), "proof.pdf", 10))
    return builder


def changed(change: Change) -> str:
    """The text of a small world's file after a change of its JSON."""
    content = json.loads(dump(told().world))
    change(content)
    return json.dumps(content)


def test_a_world_comes_out_of_its_file_as_it_went_in() -> None:
    text = dump(told().world)

    assert dump(load(text)) == text


def test_every_table_of_a_world_is_in_the_file() -> None:
    tables = {name: len(value) for name, value in vars(told().world).items() if isinstance(value, Table)}

    assert set(tables) == set(TABLES)
    assert all(tables.values())


def test_every_field_that_names_another_row_is_a_link() -> None:
    names = {field.name for row_type in TABLES.values() for field in fields(row_type)}

    plain = {"uuid", "backend_uuid", "stored_project_uuid"}
    assert {name for name in names if name.endswith(("uuid", "uuids"))} - plain == set(LINKS) - {"plan_component_id"}


def test_decimals_keep_their_scale_and_instants_their_microseconds() -> None:
    world = told().world
    item = next(iter(world.invoice_items))

    loaded = load(dump(world)).invoice_items.one(item.uuid)

    assert (str(loaded.unit_price), loaded.end) == (str(item.unit_price), item.end)


def test_decimals_in_free_form_details_stay_exact() -> None:
    text = changed(lambda content: content["invoice_items"][0].update(details={"rate": 0.1}))

    item = load(text).invoice_items.by_id(1)

    assert item is not None
    assert item.details == {"rate": Decimal("0.1")}


def test_a_loaded_world_makes_the_same_ids_and_uuids_next() -> None:
    world = told().world
    world.invoice_items.remove(list(world.invoice_items)[-1])
    loaded = load(dump(world))

    made = [(one.invoice_items.next_id, one.new_uuid("invoice_item")) for one in (world, loaded)]

    assert made[0] == made[1]


def test_a_field_with_a_default_may_be_left_out() -> None:
    text = changed(lambda content: content["customers"][0].pop("vat_code"))

    assert next(iter(load(text).customers)).vat_code == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.update(format=2), "The file says format 2; this version reads format 1 only."),
        (lambda content: content.pop("seed"), "The file: the field seed is missing; add an integer."),
        (lambda content: content.update(bills=[]), 'The file: "bills" is unknown; known are format, now, '),
        (lambda content: content.pop("plans"), "Table plans: found null; it must be a list of rows"),
        (lambda content: content["plans"].append(7), "Table plans, row 2: found 7; a row is an object of fields."),
        (
            lambda content: content["customers"][0].pop("name"),
            "Table customers, row 1: the field name is missing; add text.",
        ),
        (
            lambda content: content["customers"][0].update(nickname="x"),
            'Table customers, row 1: "nickname" is unknown; known are id, uuid, name, ',
        ),
        (
            lambda content: content["customers"][0].update(default_tax_percent=22),
            "Table customers, row 1, field default_tax_percent: found 22, where a decimal number as text",
        ),
        (
            lambda content: content["customers"][0].update(created="2025-06-01T00:00:00"),
            'field created: found "2025-06-01T00:00:00", where an instant with its offset',
        ),
        (
            lambda content: content["invoices"][0].update(month=13),
            "Table invoices, row 1, field month: found 13, where a month from 1 to 12 must stand.",
        ),
        (
            lambda content: content["invoices"][0].update(state="open"),
            'field state: found "open", where "pending" or ',
        ),
        (
            lambda content: content["invoices"][0].update(customer_uuid="0" * 32),
            f'Table invoices, the row with the id 1, field customer_uuid: the table customers has no row "{"0" * 32}"',
        ),
        (
            lambda content: content["invoice_items"][1].update(plan_component_id=99),
            "field plan_component_id: the table plan_components has no row 99",
        ),
        (
            lambda content: content["users"][0]["roles"][0].update(scope_uuid="0" * 32),
            "Table users, the row with the id 1, field roles: the table customers has no row ",
        ),
        (
            lambda content: content["customers"][1].update(id=1),
            "Table customers, row 2: another row has the same id (1); each row needs its own.",
        ),
        (
            lambda content: content["customers"][1].update(uuid=content["customers"][0]["uuid"]),
            "Table customers, row 2: another row has the same uuid ",
        ),
        (
            lambda content: content["invoices"].append({**content["invoices"][0], "id": 9, "uuid": "a" * 32}),
            "Table invoices, row 2: another row has the same customer_uuid and year and month ",
        ),
        (
            lambda content: content["last_ids"].update(customers=1),
            "The file, field last_ids: customers has 1, but a row with the id 2",
        ),
        (lambda content: content["last_ids"].update(bills=1), 'field last_ids: there is no table "bills".'),
    ],
)
def test_a_file_that_is_no_world_is_refused_with_place_and_remedy(change: Change, sentence: str) -> None:
    text = changed(change)

    with pytest.raises(WorldFileError) as refusal:
        load(text)

    assert sentence in str(refusal.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"format": NaN}', "[" * 100_000])
def test_a_text_that_is_no_object_of_json_is_refused(text: str) -> None:
    with pytest.raises(WorldFileError, match=r"^The file (is not JSON|holds) "):
        load(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError, match="cannot be read"):
        read(tmp_path / "world.json")
