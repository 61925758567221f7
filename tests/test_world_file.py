"""A world comes out of its file as it went in, and a file that is no world is refused with a sentence that helps."""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.billing.builders import NOW, Builder
from tests.views import view
from waldur_billing_mock.mock_server.billing.compensation import compensate
from waldur_billing_mock.mock_server.billing.credit import ProjectCredit
from waldur_billing_mock.mock_server.billing.history import record
from waldur_billing_mock.mock_server.billing.invoicing import PaymentOrder, announce, pay
from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.policy import CustomerCostPolicy, ProjectCostPolicy
from waldur_billing_mock.mock_server.billing.world import TABLES
from waldur_billing_mock.mock_server.tables import schema_of
from waldur_billing_mock.mock_server.world_file import dump, load, load_file, schema
from waldur_billing_mock.mock_server.world_tables import rows_of
from waldur_billing_mock.mock_server.world_text import WorldFileError

Change = Callable[[dict[str, Any]], object]


def small() -> Builder:
    """A small world in which every table has a row."""
    builder = Builder()
    component = builder.add_component("cores", "usage", "0.0123456789", article_code="C-1")
    resource = builder.add_resource(limits={"cores": 4})
    credit = builder.add_credit("12.50000", builder.offering)
    world = builder.world
    world.put(ProjectCredit(id=1, uuid="c" * 32, project_uuid=builder.project.uuid, value=Decimal("3.00000")))
    world.put(
        ComponentUsage(
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
    compensate(world, item, 'Kerne "õ"')
    announce(world, invoice)
    pay(world, invoice, PaymentOrder(date(2025, 12, 9), "proof.pdf", 10))
    record(world, invoice, next(iter(world.users)), "Paid.")
    world.put(CustomerCostPolicy(id=1, uuid="e" * 32, customer_uuid=builder.customer.uuid, limit_cost=10, created=NOW))
    world.put(ProjectCostPolicy(id=1, uuid="f" * 32, project_uuid=builder.project.uuid, limit_cost=5, created=NOW))
    return builder


def changed(change: Change) -> str:
    """The text of a small world's file after a change of its JSON."""
    content = json.loads(dump(small().world))
    change(content)
    return json.dumps(content)


def test_a_world_comes_out_of_its_file_as_it_went_in() -> None:
    text = dump(small().world)

    assert dump(load(text)) == text


def test_every_table_of_a_world_is_in_the_file() -> None:
    content = json.loads(dump(small().world))
    tables = {name: value for name, value in content.items() if isinstance(value, list)}

    assert set(tables) == set(TABLES)
    assert all(tables.values())


def test_every_field_that_names_another_row_is_a_link() -> None:
    names = {field.name for row_type in TABLES.values() for field in fields(row_type)}
    links = {name for row_type in TABLES.values() for name in schema_of(row_type).foreign_keys}

    plain = {"uuid", "backend_uuid", "stored_project_uuid"}
    assert {name for name in names if name.endswith(("uuid", "uuids"))} - plain == links - {"plan_component_id"}


def test_decimals_keep_their_scale_and_instants_their_microseconds() -> None:
    world = small().world
    item = next(iter(world.invoice_items))

    loaded = load(dump(world)).invoice_items.one(item.uuid)

    assert (str(loaded.unit_price), loaded.end) == (str(item.unit_price), item.end)


def test_decimals_in_free_form_details_stay_exact() -> None:
    text = changed(lambda content: content["invoice_items"][0].update(details={"rate": 0.1}))

    item = load(text).invoice_items.by_id(1)

    assert item is not None
    assert item.details == {"rate": Decimal("0.1")}


def test_a_loaded_world_makes_the_same_ids_and_uuids_next() -> None:
    world = small().world
    world.remove(list(world.invoice_items)[-1])
    loaded = load(dump(world))

    made = [(one.invoice_items.next_id, one.new_uuid("invoice_item")) for one in (world, loaded)]

    assert made[0] == made[1]


def test_a_field_with_a_default_may_be_left_out() -> None:
    text = changed(lambda content: content["customers"][0].pop("vat_code"))

    assert next(iter(load(text).customers)).vat_code == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.update(format=2), "/format: found 2; expected 1, the only version of the format."),
        (lambda content: content.update(format=True), "/format: found true; expected 1, "),
        (lambda content: content.update(bills=[]), 'line 1: "bills" is unknown; known are $schema, format, now, '),
        (lambda content: content.update(plans=None), "/plans: found null; expected a list of rows."),
        (lambda content: content["plans"].append(7), "/plans/1: found 7; a row is an object of fields."),
        (lambda content: content["customers"][0].pop("name"), "/customers/0: the field name is missing; add text."),
        (
            lambda content: content["customers"][0].update(nickname="x"),
            '/customers/0: "nickname" is unknown; known are id, uuid, name, ',
        ),
        (
            lambda content: content["customers"][0].update(default_tax_percent=22),
            "/customers/0/default_tax_percent: found 22; expected a percentage from 0 to 100 as text",
        ),
        (
            lambda content: content["customers"][0].update(created="2025-06-01T00:00:00"),
            '/customers/0/created: found "2025-06-01T00:00:00"; expected an instant with its offset',
        ),
        (lambda content: content["users"][0].update(token="to\u001b[2Jken"), r'/token: found "to\u001b[2Jken"; '),
        (lambda content: content["users"][0].update(token="\u202eabc"), r'/token: found "\u202eabc"; '),
        (
            lambda content: content["customers"][0].update(name="\ud800"),
            r'/customers/0/name: found "\ud800"; expected ',
        ),
        (
            lambda content: content["invoices"][0].update(month=13),
            "/invoices/0/month: found 13; expected a month from 1 to 12.",
        ),
        (
            lambda content: content["invoices"][0].update(state="open"),
            'found "open"; expected "pending" or ',
        ),
        (
            lambda content: content["invoices"][0].update(customer_uuid="0" * 32),
            f'/invoices/0/customer_uuid: the table customers has no row "{"0" * 32}"; add it there or name another.',
        ),
        (
            lambda content: content["invoice_items"][1].update(plan_component_id=99),
            "/invoice_items/1/plan_component_id: the table plan_components has no row 99",
        ),
        (
            lambda content: content["users"][0]["roles"][0].update(scope_uuid="0" * 32),
            "/users/0/roles/0/scope_uuid: the table customers has no row ",
        ),
        (
            lambda content: content["users"][0]["roles"][0].update(scope_type="planet"),
            '/users/0/roles/0/scope_type: found "planet"; expected "customer" or "project" or "offering".',
        ),
        (
            lambda content: content["customers"][1].update(id=1),
            "/customers/1: another row has the same id (1); each row needs its own.",
        ),
        (
            lambda content: content["customers"][1].update(uuid=content["customers"][0]["uuid"]),
            "/customers/1: another row has the same uuid ",
        ),
        (
            lambda content: content["invoices"].append({**content["invoices"][0], "id": 9, "uuid": "a" * 32}),
            "/invoices/1: another row has the same customer_uuid and year and month ",
        ),
        (
            lambda content: content["last_ids"].update(customers=1),
            "/last_ids/customers: found 1, but a row has the id 2; give the highest id ever used.",
        ),
        (lambda content: content["last_ids"].update(bills=1), '/last_ids: there is no table "bills".'),
        # Values of which no answer can be made.
        (lambda content: content.update(now="0001-01-01T00:00:00Z"), "/now: found "),
        (lambda content: content.update(now="9999-12-31T00:00:00Z"), "/now: found "),
        (lambda content: content.update(payment_interval_days=10**6), "expected a number of days from 0 to 1000."),
        (lambda content: content.update(payment_interval_days=10**12), "expected a number of days from 0 to 1000."),
        (lambda content: content.update(issuer_details={"phone": {}}), "/issuer_details/phone: found an object; "),
        (
            lambda content: content["invoices"][0].update(invoice_date="9999-12-31"),
            '/invoices/0/invoice_date: found "9999-12-31"; expected a date from 1800 to 9995',
        ),
        (
            lambda content: content["invoice_items"][0].update(end="9999-12-31T23:59:59-14:00"),
            "/invoice_items/0/end: found ",
        ),
        (
            lambda content: content["invoice_items"][0].update(unit_price="1" * 70),
            "/invoice_items/0/unit_price: found ",
        ),
        (
            lambda content: content["invoice_items"][0].update(details={"offering_uuid": 5}),
            "/invoice_items/0/details/offering_uuid: found 5; expected a uuid",
        ),
        (
            lambda content: content["invoice_items"][0].update(details={"offering_uuid": '"'}),
            "/invoice_items/0/details/offering_uuid: found ",
        ),
        (
            lambda content: content["invoice_items"][0].update(details={"resource_limit_periods": "none"}),
            '/invoice_items/0/details/resource_limit_periods: found "none"; expected a list.',
        ),
        (
            lambda content: content["invoice_items"][0].update(details={"deep": nested(330)}),
            "/invoice_items/0/details/deep: found a list; expected JSON nested at most 32 deep",
        ),
        (
            lambda content: content["invoice_items"][0].update(unit_price="9" * 10, quantity="9" * 10),
            "/invoice_items/0: The tax of the invoice item would have more than 8 digits",
        ),
    ],
)
def test_a_file_that_is_no_world_is_refused_with_place_and_reason(change: Change, sentence: str) -> None:
    text = changed(change)

    with pytest.raises(WorldFileError) as refusal:
        load(text, "world.json")

    assert str(refusal.value).startswith("world.json, line ")
    assert sentence in str(refusal.value)


def nested(depth: int) -> list[Any]:
    """A list within lists."""
    outer: list[Any] = []
    for _ in range(depth):
        outer = [outer]
    return outer


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "world.json, line 1, column 1: the file is not JSON: "),
        ('{\n"now": ,}', "world.json, line 2, column 8: the file is not JSON: "),
        ("[]", "world.json, line 1: found a list; a world file holds one object."),
        ("7", "world.json, line 1: found 7; "),
        ('{"format": NaN}', "world.json: the file is not JSON: NaN is not a JSON number."),
        ("[" * 100_000, "world.json: the file is nested too deeply."),
        ('{"seed": 1, "seed": 2}', 'an object has two members "seed".'),
        ('{"a": 1e99999999999999999999}', "the exponent of a number is out of range."),
        ('{"seed": 1e99999}', "/seed: found 1E+99999; expected an integer of at most 15 digits."),
        ('{"issuer_details": {"n": 1e99999}}', "/issuer_details/n: found 1E+99999; expected JSON "),
    ],
)
def test_a_text_that_is_no_object_of_json_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(WorldFileError) as refusal:
        load(text, "world.json")

    assert sentence in str(refusal.value)


def test_the_line_of_a_fault_is_named() -> None:
    text = '{"customers": [\n  {"name": "a, \\"b\\" ]"},\n  {"name": "c",\n   "country": "Estonia"}\n]}'

    with pytest.raises(WorldFileError) as refusal:
        load(text, "world.json")

    assert str(refusal.value).startswith('world.json, line 4, /customers/1/country: found "Estonia"; ')


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "the file cannot be read: No such file or directory."), (b"\xff", "the file is not UTF-8: ")],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "world.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(WorldFileError) as refusal:
        load_file(path)

    assert str(refusal.value).startswith(f"{path}: {reason}")


# Defaults.

TEN_LINES: Final = """{
  "users": [{"username": "staff", "token": "secret", "is_staff": true}],
  "customers": [{"uuid": "c0000000-0000-0000-0000-000000000001", "name": "University"}],
  "invoices": [
    {"uuid": "10000000-0000-0000-0000-000000000001", "customer_uuid": "c0000000-0000-0000-0000-000000000001"}
  ],
  "invoice_items": [
    {"invoice_uuid": "10000000-0000-0000-0000-000000000001", "name": "Advice", "unit_price": "50", "quantity": "2"}
  ]
}"""


def test_a_world_of_a_customer_an_invoice_and_an_item_takes_ten_lines() -> None:
    world = load(TEN_LINES)

    (invoice,), (item,) = world.invoices, world.invoice_items
    assert len(TEN_LINES.splitlines()) == 10
    assert (invoice.id, invoice.year, invoice.month, str(invoice.created), str(view(world, invoice).total)) == (
        1,
        2025,
        11,
        "2025-11-01",
        "100.0000",
    )
    assert (item.start, item.end) == (Month(2025, 11).start, Month(2025, 11).end)
    assert world.invoices.get("1" + "0" * 30 + "1") == invoice


def test_every_field_that_may_be_left_out_has_a_value() -> None:
    content = json.loads(dump(small().world))
    shortest = {
        name: [
            {field: row[field] for field in row if field in needed(name) or field == "uuid"} for row in content[name]
        ]
        for name in TABLES
    }

    world = load(json.dumps(shortest))

    assert [len(rows_of(world, name)) for name in TABLES] == [len(content[name]) for name in TABLES]


def needed(name: str) -> set[str]:
    """The fields without which a row is refused."""
    return set(schema()["properties"][name]["items"].get("required", ()))


def test_ids_and_uuids_that_are_left_out_are_new_ones() -> None:
    rows = [{"name": "a"}, {"name": "b", "id": 7}, {"name": "c"}]
    first = load(json.dumps({"customers": rows}))
    uuids = [row.uuid for row in first.customers]

    second = load(json.dumps({"customers": [*rows, {"name": "d", "uuid": uuids[0]}]}))

    assert [row.id for row in first.customers] == [7, 8, 9]
    assert len({row.uuid for row in second.customers}) == 4
    assert second.new_uuid("customer") not in {row.uuid for row in second.customers}


def test_a_dump_without_its_counters_makes_no_uuid_twice() -> None:
    content = json.loads(dump(small().world))
    del content["uuids_made"], content["last_ids"]

    world = load(json.dumps(content))

    assert world.invoice_items.get(world.new_uuid("invoice_item")) is None
    assert world.payments.get(world.new_uuid("payment")) is None


# YAML.


def test_a_world_may_be_written_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(
        """
        now: 2025-11-22T09:00:00Z
        customers:
          - &university {uuid: c0000000-0000-0000-0000-000000000001, name: University, country: NO}
        users:
          - username: staff
            token: yes
        invoices:
          - customer_uuid: c0000000-0000-0000-0000-000000000001
            created: 2025-11-03
            tax_percent: "22"
        """
    )

    world = load_file(path)

    ((customer,), (user,), (invoice,)) = world.customers, world.users, world.invoices
    assert (customer.country, user.token, str(invoice.created)) == ("NO", "yes", "2025-11-03")
    assert dump(load(dump(world))) == dump(world)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ": the file is empty."),
        ("customers: [1", "the file is not YAML: "),
        ("now: !!python/object/apply:os.getcwd []", "line 1: the tag tag:yaml.org,2002:python/object/apply:os.getcwd"),
        ("now: !mine x", "line 1: the tag !mine is not allowed; remove it."),
        ("seed: 1\nseed: 2", "line 2: a key must be text, and each key may be there once."),
        ("1: 2", "line 1: a key must be text"),
        ("a: &a [x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]", "aliases make more of the file "),
        ("a: &a [*a]", "aliases make more of the file than it has characters"),
        ("[" * 200 + "]" * 200, "the file is nested more than 100 deep."),
        ("customers:\n  - name: a\n    country: Estonia", 'line 3, /customers/0/country: found "Estonia"; '),
        ("plans: 5", "line 1, /plans: found 5; expected a list of rows."),
        ("users:\n  - {username: a, token: x}\n  - {username: b}", "line 3, /users/1: the field token is missing; "),
    ],
)
def test_yaml_that_is_no_world_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "world.yml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(WorldFileError) as refusal:
        load_file(path)

    assert reason in str(refusal.value)
    assert str(refusal.value).startswith(str(path))
