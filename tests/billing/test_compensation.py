"""Compensations by staff, and credits that pay at finalization."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.billing.builders import NOVEMBER, Builder
from waldur_billing_mock.mock_server.billing.compensation import apply_credit, compensate, consumptions, credited_items
from waldur_billing_mock.mock_server.billing.credit import ProjectCredit
from waldur_billing_mock.mock_server.billing.faults import OutOfRange, Refused
from waldur_billing_mock.mock_server.billing.invoicing import find_invoice

DAY = date(2025, 12, 1)


def test_a_compensation_copies_everything_but_the_sign(build: Builder) -> None:
    october = build.add_invoice(NOVEMBER.plus(-1))
    item = build.add_item(october, "2.5", "4", resource=build.add_resource(), unit="day")
    item = build.world.put(replace(item, details={"plan_name": "Small", "other": "kept"}))
    november = build.finalized(build.add_invoice())

    copy = compensate(build.world, item, "Cores")

    assert copy == replace(
        item,
        id=copy.id,
        uuid=copy.uuid,
        invoice_uuid=november.uuid,
        unit_price=Decimal("-2.5"),
        details={
            "plan_name": "Small",
            "other": "kept",
            "original_invoice_item_uuid": item.uuid,
            "offering_component_name": "Cores",
        },
    )
    assert (build.view(november).price, build.view(october).price) == (Decimal("-10.00"), Decimal("10.00"))
    assert not copy.credit


def test_a_missing_invoice_is_opened_for_the_current_month(build: Builder) -> None:
    item = build.add_item(build.add_invoice(NOVEMBER.plus(-1)))

    copy = compensate(build.world, item, "Cores")

    opened = find_invoice(build.world, build.customer.uuid, NOVEMBER)
    assert opened is not None
    assert copy.invoice_uuid == opened.uuid
    assert opened.state == "pending"
    assert opened.tax_percent == 22
    assert opened.created == date(2025, 11, 1)


def test_an_item_can_be_compensated_twice(build: Builder) -> None:
    item = build.add_item(build.add_invoice())

    first, second = compensate(build.world, item, "Cores"), compensate(build.world, item, "Cores")

    assert first.uuid != second.uuid
    assert build.view(build.view(item).invoice).price == Decimal("-1.00")


def test_a_negative_item_cannot_be_compensated(build: Builder) -> None:
    item = build.add_item(build.add_invoice(NOVEMBER.plus(-1)), "-1")

    with pytest.raises(Refused, match="invoice item with negative unit price") as refused:
        compensate(build.world, item, "Cores")

    assert refused.value.bare
    assert find_invoice(build.world, build.customer.uuid, NOVEMBER) is None


def test_a_free_item_can_be_compensated(build: Builder) -> None:
    copy = compensate(build.world, build.add_item(build.add_invoice(), "0"), "Cores")

    assert str(copy.unit_price) == "0"


def test_a_refused_compensation_leaves_no_trace(build: Builder) -> None:
    untaxed = build.world.put(replace(build.add_invoice(NOVEMBER.plus(-1)), tax_percent=Decimal(0)))
    item = build.add_item(untaxed, "9000000000", "1")
    twin = Builder()
    twin.add_item(twin.add_invoice(NOVEMBER.plus(-1)))

    with pytest.raises(OutOfRange):
        compensate(build.world, item, "Cores")

    assert find_invoice(build.world, build.customer.uuid, NOVEMBER) is None
    assert build.world.new_uuid("invoice") == twin.world.new_uuid("invoice")
    assert build.world.new_uuid("invoice_item") == twin.world.new_uuid("invoice_item")


def test_a_credit_pays_the_cheapest_totals_first_until_it_is_used_up(build: Builder) -> None:
    invoice, resource, credit = build.add_invoice(), build.add_resource(), build.add_credit("20.00000")
    build.add_item(invoice, "30", name="dear", resource=resource)
    build.add_item(invoice, "10", name="cheap", resource=resource)
    build.add_item(invoice, "1", name="manual")

    created = apply_credit(build.world, invoice, DAY)

    assert [(item.name, item.unit_price) for item in created] == [
        ("Credit compensation. cheap", Decimal("-12.2")),
        ("Credit compensation. dear", Decimal("-7.8")),
    ]
    assert {item.unit for item in created} == {"quantity"}
    assert {item.quantity for item in created} == {1}
    assert {item.credit_uuid for item in created} == {credit.uuid}
    assert all(item.details == {} and item.stored_project_uuid == "" for item in created)
    assert {item.project_uuid for item in created} == {build.project.uuid}
    assert [row.value for row in build.world.customer_credits] == [0]


def test_since_2026_what_a_credit_pays_has_the_details_of_the_item(build: Builder) -> None:
    build.world.settings = replace(build.world.settings, credit_details_copied=True)
    invoice = build.add_invoice()
    item = build.add_item(invoice, "10", resource=build.add_resource())
    item = build.world.put(replace(item, details={"plan_name": "Small"}))
    build.add_credit("5")

    (created,) = apply_credit(build.world, invoice, DAY)

    assert created.details == {"plan_name": "Small", "is_compensation": True, "compensation_of_item": item.uuid}


def test_a_restricted_credit_pays_for_its_offerings_only(build: Builder) -> None:
    storage = build.add_offering("Storage", build.provider)
    disk = build.add_resource("disk", plan=build.add_plan(storage, "Daily", "day"))
    invoice = build.add_invoice()
    build.add_item(invoice, "5", name="disk", resource=disk)
    build.add_item(invoice, "5", name="web", resource=build.add_resource())
    build.add_credit("100", storage)

    created = apply_credit(build.world, invoice, DAY)

    assert [item.name for item in created] == ["Credit compensation. disk"]


def test_the_credit_of_a_project_bounds_what_is_paid_for_it(build: Builder) -> None:
    weather = build.add_project(build.customer, "Weather")
    invoice = build.add_invoice()
    build.add_item(invoice, "10", name="web", resource=build.add_resource())
    build.add_item(invoice, "20", name="radar", resource=build.add_resource("radar", project=weather))
    build.add_credit("100")
    build.world.put(
        ProjectCredit(
            id=1,
            uuid=build.world.new_uuid("project_credit"),
            project_uuid=build.project.uuid,
            value=Decimal(5),
        )
    )

    created = apply_credit(build.world, invoice, DAY)

    assert [item.unit_price for item in created] == [Decimal(-5), Decimal("-24.4")]
    assert [row.value for row in build.world.project_credits] == [0]
    assert [row.value for row in build.world.customer_credits] == [Decimal("70.6")]


def test_an_expired_credit_pays_nothing(build: Builder) -> None:
    build.world.put(replace(build.add_credit("100"), end_date=date(2025, 11, 30)))
    invoice = build.add_invoice()
    build.add_item(invoice, resource=build.add_resource())

    assert apply_credit(build.world, invoice, DAY) == []


def test_a_credit_pays_on_its_last_day(build: Builder) -> None:
    build.world.put(replace(build.add_credit("100"), end_date=DAY))
    invoice = build.add_invoice()
    build.add_item(invoice, resource=build.add_resource())

    assert [item.unit_price for item in apply_credit(build.world, invoice, DAY)] == [Decimal("-1.22")]


def test_a_credit_pays_for_cents_and_for_nothing_that_costs_nothing(build: Builder) -> None:
    build.add_credit("0.1")
    invoice, resource = build.add_invoice(), build.add_resource()
    for price in ("-1", "0", "0.05", "1"):
        build.add_item(invoice, price, name=price, resource=resource)

    created = apply_credit(build.world, invoice, DAY)

    assert [(item.name, item.unit_price) for item in created] == [
        ("Credit compensation. 0.05", Decimal("-0.061")),
        ("Credit compensation. 1", Decimal("-0.039")),
    ]


def test_a_month_in_which_a_credit_has_paid_nothing_is_not_shown(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), "0", credit=build.add_credit("1"))

    assert consumptions(build.world, credited_items(build.world, item)) == []


def test_consumptions_are_summed_by_month(build: Builder) -> None:
    credit, december = build.add_credit("1"), build.add_invoice(NOVEMBER.plus(1))
    item = build.add_item(december, "-3", credit=credit)
    november = build.add_invoice()
    build.add_item(november, "-1.001", credit=credit)
    build.add_item(november, "-2", credit=credit)
    build.add_item(november, "-9")

    rows = consumptions(build.world, credited_items(build.world, item))

    assert [(row.month, str(row.price)) for row in rows] == [("2025-11", "-3.01"), ("2025-12", "-3.00")]


def test_an_item_without_a_credit_has_consumed_nothing(build: Builder) -> None:
    assert credited_items(build.world, build.add_item(build.add_invoice())) == []
