"""Pseudonyms hide every private text of a world, keep its links and its money, and a scan finds what would be left."""

import json
import re
from dataclasses import fields, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recording.targets import served
from tests.recording.test_commands import run
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.figures import sums_of, total_of
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.recording.anonymizing import anonymize, left_in, texts
from waldur_billing_mock.mock_server.recording.commands import anonymized
from waldur_billing_mock.mock_server.recording.originals import Originals
from waldur_billing_mock.mock_server.recording.private_fields import FREE_FORM, KEPT, PRIVATE
from waldur_billing_mock.mock_server.recording.pseudonyms import Pseudonyms, script_of
from waldur_billing_mock.mock_server.world_file import dump
from waldur_billing_mock.mock_server.world_tables import rows_of
from waldur_billing_mock.mock_server.world_text import WorldText

SECRET: Final = b"a secret of these tests" * 2
MONEY: Final = ("price", "tax", "total", "compensations", "incurred_costs")


@cache
def world() -> World:
    """A world with names in many scripts, and texts that name people and places."""
    made = build("default", size=Size(11, 2, None))
    item = next(row for row in made.invoice_items if row.details)
    details = {**item.details, "contact": {"name": "Žofie Nováčková", "notes": ["call +420 777 123 456"]}}
    made.put(replace(item, details=details, name=f"{item.name} for Žofie Nováčková"))
    customer = next(iter(made.customers))
    made.put(replace(customer, name="🚀 <b>Æther</b> & 東京 Co", address="1\u202eevil\nLane"))
    return made


def content(one: World) -> dict[str, Any]:
    return dict(WorldText("the world", dump(one)).parsed())


@cache
def made() -> tuple[World, Any]:
    return anonymized(world(), SECRET)


def test_every_field_of_every_table_is_private_or_kept_on_purpose() -> None:
    unclear = [
        f"{table}.{field.name}"
        for table, row in TABLES.items()
        for field in fields(row)
        if re.search(r"\bstr\b|Mapping|Sequence|tuple", str(field.type))
        and not field.name.endswith(("uuid", "uuids"))
        and field.name not in (*PRIVATE.get(table, ()), *KEPT.get(table, ()), FREE_FORM.get(table))
    ]

    assert unclear == []


def test_no_original_of_three_characters_is_left() -> None:
    found, replaced = made()
    before = {
        text.value for text in texts(content(world())) if len(text.value) >= 3 and text.kind not in ("term", "text")
    }

    assert replaced.left == []
    assert replaced.originals > 300
    after = [text.value for text in texts(content(found))]
    assert before & {*after} == set()
    assert "Nováčková" not in dump(found)
    assert "777 123" not in dump(found)


def test_an_original_that_is_planted_is_found_with_its_field() -> None:
    found, _ = made()
    customer = next(iter(world().customers))
    spoilt = content(found)
    planted = {"invoice_uuid": "0" * 32, "recipients": [], "subject": "", "text": f"of {customer.name}!"}
    spoilt["notifications"] = [planted]
    spoilt["projects"][0]["name"] = next(iter(world().projects)).name.upper()
    originals = frozenset(text.value for text in texts(content(world())) if text.kind != "term")

    assert {"notifications.text", "projects.name"} <= {*left_in(spoilt, originals)}


def test_money_is_the_same_to_the_cent_and_links_lead_to_the_same_rows() -> None:
    found, _ = made()
    for table in TABLES:
        for one, other in zip(rows_of(world(), table), rows_of(found, table), strict=True):
            assert one.id == other.id
    for one, other in zip(world().invoices, found.invoices, strict=True):
        assert sums_of(world(), one) == sums_of(found, other)
        assert world().customers.one(one.customer_uuid).id == found.customers.one(other.customer_uuid).id
    for one, other in zip(world().invoice_items, found.invoice_items, strict=True):
        resources = [of.resources.get(row.resource_uuid) for of, row in ((world(), one), (found, other))]
        assert [row and row.id for row in resources] == [resources[0] and resources[0].id] * 2


def test_the_served_pseudonyms_give_the_same_figures() -> None:
    found, _ = made()
    rows = []
    for one in (world(), found):
        asked = served(one, "8.1.3", wire=True)
        listed = asked.guard.send(Request("GET", "/api/invoices/?page_size=300"), asked.main).json
        figures = {row["number"]: [row[name] for name in MONEY] for row in listed}
        lines = {row["number"]: sorted(line["total"] for line in row["items"]) for row in listed}
        rows.append((figures, lines))

    assert rows[0] == rows[1]


def test_the_same_original_is_the_same_pseudonym_wherever_it_stands() -> None:
    found, _ = made()
    names = {row.uuid: row.name for row in found.projects}
    for item in found.invoice_items:
        if item.stored_project_uuid and item.stored_project_name:
            assert item.stored_project_name == names[item.stored_project_uuid]
        resource = found.resources.get(item.resource_uuid)
        if resource is not None and "resource_name" in item.details:
            assert item.details["resource_name"] == resource.name
            assert item.details["resource_uuid"] == resource.uuid


def test_a_secret_decides_all_pseudonyms() -> None:
    assert dump(anonymized(world(), SECRET)[0]) == dump(made()[0])
    assert dump(anonymized(world(), SECRET + b"!")[0]) != dump(made()[0])


def test_scaled_amounts_add_up_and_hide_the_original_ones() -> None:
    found, _ = anonymized(world(), SECRET, scale=True)
    factors = set()
    for one, other in zip(world().invoices, found.invoices, strict=True):
        before, after = total_of(world(), one), total_of(found, other)
        assert bool(before) == bool(after)
        if before > 100:
            factors.add(round(after / before, 1))
        paid = [row.sum for row in world().payments.where(invoice_uuid=one.uuid)]
        if paid and sum(paid) == round(before, 2):
            sums = [row.sum for row in found.payments.where(invoice_uuid=other.uuid)]
            assert sum(sums) == after.quantize(Decimal("0.01"))
    assert len(factors) == 1
    assert factors != {Decimal(1)}


@settings(max_examples=60)
@given(st.text(min_size=3, max_size=40))
def test_any_text_becomes_another_one_of_the_same_shape(text: str) -> None:
    pseudonyms = Pseudonyms(SECRET, Originals({text: "name"}))

    found = pseudonyms.of("name", text)

    assert found != text or len(text.strip()) < 3
    runs = [re.findall(r"[^\W\d_]+|\d+", one) for one in (text, found)]
    assert len(runs[0]) <= len(runs[1])


@pytest.mark.parametrize(
    "name", ["Левко Єсипенко", "Λύκειο", "見本茶園", "قافلة المثال", "שלום רב", "ქართული", "ᚠᚢᚦ ᚨᚱᚲ"]
)
def test_a_name_keeps_its_script(name: str) -> None:
    found = Pseudonyms(SECRET, Originals({name: "name"})).of("name", name)

    scripts = [{script_of(run) for run in re.findall(r"[^\W\d_]+", text)} for text in (name, found)]
    assert scripts[0] & scripts[1]
    assert found != name


def test_an_account_has_the_check_digits_of_its_country() -> None:
    found = Pseudonyms(SECRET, Originals({})).of("account", "EE38 2200 2210 2014 5685")
    digits = "".join(str(int(sign, 36)) for sign in (found[4:] + found[:4]).replace(" ", ""))

    assert found[:2] == "EE"
    assert int(digits) % 97 == 1


def test_the_command_writes_pseudonyms_and_reports_them(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text(dump(world()), encoding="utf-8")
    words = ("anonymize", str(tmp_path / "world.json"), "--scale", "--secret-file", str(tmp_path / "secret"))

    done = [
        run(*words, "-o", str(tmp_path / name), "--report", str(tmp_path / "report")) for name in ("a.yaml", "b.yaml")
    ]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    told = {row["field"] for row in json.loads((tmp_path / "report").read_text())["fields"]}
    assert {"customers.name", "invoice_items.name", "users.email", "issuer_details.account"} <= told
    assert "none is left" in done[0].stderr
    assert next(iter(world().projects)).name not in done[0].stderr


def test_what_is_kept_is_seen_by_nobody_as_an_original() -> None:
    """A customer whose name is a word of billing: the word is replaced in all texts, and nothing is left."""
    other = world().fork()
    customer = next(iter(other.customers))
    other.put(replace(customer, name="Storage"))

    found, replaced = anonymize(content(other), SECRET)

    assert replaced.left == []
    assert "storage" not in {row["type"] for row in found["offering_components"]}


def test_short_codes_that_occur_in_random_digits_keep_nothing_from_being_written() -> None:
    """Identifiers by the hundred contain `B12` and the like by chance; long originals are still found in them."""
    other = world().fork()
    codes = [f"B{number}" for number in range(10, 100)]
    for invoice, code in zip(list(other.invoices), codes, strict=False):
        other.put(replace(invoice, backend_id=code))

    found, replaced = anonymize(content(other), SECRET)

    assert replaced.left == []
    assert left_in(found, frozenset({str(found["invoices"][0]["uuid"])})) != []
