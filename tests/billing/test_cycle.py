"""The monthly job, from an open month to a finalized one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.billing.builders import NOVEMBER, Builder, utc
from waldur_billing_mock.mock_server.billing.cycle import (
    bill_plan_switch,
    close_month,
    open_month,
    report_usage,
    suspend,
)
from waldur_billing_mock.mock_server.billing.faults import InvalidFields, NotFound
from waldur_billing_mock.mock_server.billing.history import has_history, record, versions_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import find_invoice
from waldur_billing_mock.mock_server.billing.marketplace import LimitPeriod
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.registration import SharedTexts, billed_period, plan_lines
from waldur_billing_mock.mock_server.billing.structure import Customer


def invoice_of(build: Builder, customer: Customer) -> Invoice:
    invoice = find_invoice(build.world, customer.uuid, NOVEMBER)
    assert invoice is not None
    return invoice


def test_every_customer_that_is_not_archived_gets_a_pending_invoice(build: Builder) -> None:
    build.add_customer("Closed", archived=True)

    opened = open_month(build.world, NOVEMBER)

    assert [build.view(invoice).customer.name for invoice in opened] == ["University", "CloudWorks"]
    assert {(invoice.state, invoice.created) for invoice in opened} == {("pending", date(2025, 11, 1))}
    assert invoice_of(build, build.customer).tax_percent == 22


def test_a_month_that_is_opened_twice_bills_nothing_twice(build: Builder) -> None:
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource()
    open_month(build.world, NOVEMBER)

    again = open_month(build.world, NOVEMBER)

    assert again == []
    assert len(build.world.invoice_items) == 1


def test_a_fixed_price_is_billed_by_the_unit_of_the_plan(build: Builder) -> None:
    component = build.add_component("cores", "fixed", "0.11", 2, measured_unit="cores", article_code="VM-C")
    resource = build.add_resource(created=utc(2025, 11, 10, 12))

    open_month(build.world, NOVEMBER)

    (item,) = build.items_of(invoice_of(build, build.customer))
    assert item.name == "web-01 (Virtual machine / Small) / Cores"
    assert [item.unit_price, item.quantity] == [Decimal("0.22"), 21]
    assert (item.unit, item.measured_unit, item.article_code) == ("day", "cores", "VM-C")
    assert (item.start, item.end) == (resource.created, NOVEMBER.end)
    assert (build.view(item).billing_type, build.view(item).project_name) == ("fixed", "Climate")
    assert item.linked_project_uuid == build.project.uuid
    assert item.details == {
        "resource_name": "web-01",
        "resource_uuid": resource.uuid,
        "plan_name": "Small",
        "plan_uuid": build.plan.uuid,
        "offering_type": "Marketplace.Basic",
        "offering_name": "Virtual machine",
        "offering_uuid": build.offering.uuid,
        "service_provider_name": "CloudWorks",
        "service_provider_uuid": build.service_provider.uuid,
        "plan_component_id": component.id,
        "offering_component_type": "cores",
        "offering_component_name": "Cores",
    }


def test_a_terminated_resource_is_billed_until_then(build: Builder) -> None:
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource("gone", terminated=utc(2025, 10, 31))
    build.add_resource("going", terminated=utc(2025, 11, 5))
    build.add_resource("coming", created=utc(2025, 12, 1))

    open_month(build.world, NOVEMBER)

    assert [
        (build.view(item).resource_name, item.end) for item in build.items_of(invoice_of(build, build.customer))
    ] == [("going", utc(2025, 11, 5))]


@pytest.mark.parametrize(("unit", "quantity"), [("day", "15000"), ("month", "500"), ("hour", "500")])
def test_a_limit_is_billed_for_its_days_when_the_plan_is_daily(build: Builder, unit: str, quantity: str) -> None:
    plan = build.add_plan(build.offering, "Storage", unit)
    build.add_component("gb", "limit", "0.00133", plan=plan, limit_period="month")
    build.add_resource(plan=plan, limits={"gb": 500})

    open_month(build.world, NOVEMBER)

    (item,) = build.items_of(invoice_of(build, build.customer))
    assert (item.unit, item.quantity, item.article_code) == (unit, Decimal(quantity), "VM-S")
    assert item.details["resource_limit_periods"] == [
        {
            "start": "2025-11-01T00:00:00+00:00",
            "end": "2025-11-30T23:59:59.999999+00:00",
            "quantity": 500,
            "billing_periods": 30,
            "total": "15000",
        }
    ]


@pytest.mark.parametrize("limits", [{}, {"seats": 0}])
def test_a_limit_of_nothing_is_never_billed(build: Builder, limits: dict[str, int]) -> None:
    build.add_component("seats", "limit", "120")
    build.add_resource(limits=limits)

    open_month(build.world, NOVEMBER)

    assert list(build.world.invoice_items) == []


@pytest.mark.parametrize(
    ("limit_period", "months"),
    [
        ("month", [6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]),
        ("quarterly", [6, 7, 10, 1, 4]),
        ("annual", [6, 6]),
        ("total", [6]),
    ],
)
def test_the_limit_period_says_when_a_limit_is_due(
    build: Builder, limit_period: LimitPeriod, months: list[int]
) -> None:
    build.add_component("seats", "limit", "120", limit_period=limit_period)
    build.add_resource(limits={"seats": 10})

    for ahead in range(13):
        open_month(build.world, Month(2025, 6).plus(ahead))

    assert [build.view(item).invoice.month for item in build.world.invoice_items] == months
    assert {item.unit for item in build.world.invoice_items} == {"quantity" if limit_period == "total" else "day"}


def test_a_resource_that_ends_at_an_instant_of_a_month_is_billed_until_then(build: Builder) -> None:
    begins = build.add_resource(created=NOVEMBER.start, terminated=NOVEMBER.start)
    ended = build.add_resource(terminated=NOVEMBER.start)

    periods = [billed_period(build.world, resource, NOVEMBER) for resource in (begins, ended)]

    assert [(period.start, period.end) for period in periods if period] == [(NOVEMBER.start, NOVEMBER.start)] * 2


def test_a_resource_that_has_ended_at_a_time_that_nobody_knows_is_not_billed(build: Builder) -> None:
    gone = build.world.put(replace(build.add_resource(), state="Terminated"))
    known = build.world.put(replace(build.add_resource(terminated=utc(2025, 11, 5)), state="Terminated"))

    assert billed_period(build.world, gone, NOVEMBER) is None
    assert billed_period(build.world, known, NOVEMBER) is not None


def test_the_lines_of_a_plan_are_made_once_until_a_row_changes_that_they_show(build: Builder) -> None:
    component = build.add_component("cpu", "fixed", "1", 1)
    lines = plan_lines(build.world, build.plan)

    build.add_invoice()
    assert plan_lines(build.world, build.plan) is lines
    build.world.put(replace(component, price=Decimal(2)))
    assert [line.plan_component.price for line in plan_lines(build.world, build.plan)] == [2]


def test_what_items_of_a_resource_repeat_is_in_memory_once_and_follows_a_change(build: Builder) -> None:
    build.add_component("cpu", "fixed", "1", 1)
    resource = build.add_resource()
    (line,) = plan_lines(build.world, build.plan)
    shared = build.world.listener(SharedTexts)

    first = shared.of(resource, line, None)
    again = shared.of(resource, line, None)
    equal = shared.of(replace(resource, plan_uuid=None), line, None)

    assert again is first
    assert equal is not first
    assert (equal.name is first.name, equal.details is first.details) == (True, True)
    for changed, of_line, more, name, details in (
        (replace(resource, name="web-02"), line, None, "web-02 (Virtual machine / Small) / Cpu", first.details.keys()),
        (resource, replace(line, title="(Other)"), None, "web-01 (Other)", first.details.keys()),
        (resource, line, {"more": 1}, first.name, {*first.details, "more"}),
    ):
        shared.of(resource, line, None)
        texts = shared.of(changed, of_line, more)
        assert (texts.name, texts.details["resource_name"]) == (name, changed.name)
        assert texts.details.keys() == details


def test_a_setup_fee_is_billed_in_the_first_month(build: Builder) -> None:
    build.add_component("setup", "one", "15", 1)
    build.add_resource(created=utc(2025, 10, 15))

    for month in (10, 11):
        open_month(build.world, Month(2025, month))

    (item,) = build.world.invoice_items
    assert (build.view(item).invoice.month, item.unit, item.price) == (10, "quantity", Decimal("15.00"))


def test_a_plan_switch_is_billed_when_it_happens(build: Builder) -> None:
    build.add_component("switch", "few", "7.50", 1)
    resource = build.add_resource()
    open_month(build.world, NOVEMBER)

    bill_plan_switch(build.world, resource, NOVEMBER)

    (item,) = build.items_of(invoice_of(build, build.customer))
    assert (item.name, item.price) == ("web-01 (Virtual machine / Small) / Switch", Decimal("7.50"))


def test_reported_usage_is_billed_once_and_corrected(build: Builder) -> None:
    build.add_component("cpu", "usage", "9.25", measured_unit="k·h")
    resource = build.add_resource()

    for usage in ("10", "33.93"):
        report_usage(build.world, resource, "cpu", NOVEMBER, Decimal(usage))

    (item,) = build.items_of(invoice_of(build, build.customer))
    (kept,) = build.world.component_usages
    assert (item.name, item.unit, item.measured_unit) == ("web-01 / Cpu", "quantity", "k·h")
    assert [item.quantity, kept.usage] == [Decimal("33.93"), Decimal("33.93")]
    assert kept.resource_uuid == resource.uuid


@pytest.mark.parametrize("price", ["0", "0.5"])
def test_usage_may_be_nothing_and_is_corrected_whatever_it_costs(build: Builder, price: str) -> None:
    build.add_component("cpu", "usage", price)
    resource = build.add_resource()

    for usage in ("5", "0"):
        report_usage(build.world, resource, "cpu", NOVEMBER, Decimal(usage))

    assert [item.quantity for item in build.items_of(invoice_of(build, build.customer))] == [0]


def test_usage_that_was_reported_before_the_month_opened_is_billed(build: Builder) -> None:
    build.add_component("cpu", "usage", "1")
    resource = build.add_resource()
    report_usage(build.world, resource, "cpu", NOVEMBER, Decimal(5))
    build.world.remove(invoice_of(build, build.customer))
    for item in build.world.invoice_items:
        build.world.remove(item)

    open_month(build.world, NOVEMBER)

    assert [item.quantity for item in build.items_of(invoice_of(build, build.customer))] == [5]


@pytest.mark.parametrize(
    ("component_type", "month", "usage", "fault"),
    [
        ("cpu", 11, "-1", InvalidFields),
        ("cpu", 5, "1", InvalidFields),
        ("cores", 11, "1", NotFound),
        ("unknown", 11, "1", NotFound),
    ],
)
def test_usage_that_cannot_be_billed_leaves_no_trace(
    build: Builder, component_type: str, month: int, usage: str, fault: type[Exception]
) -> None:
    build.add_component("cpu", "usage", "1")
    build.add_component("cores", "fixed", "1")
    resource = build.add_resource()

    with pytest.raises(fault):
        report_usage(build.world, resource, component_type, Month(2025, month), Decimal(usage))

    assert len(build.world.invoices) + len(build.world.component_usages) == 0


def test_a_closed_month_is_created_on_the_first_of_the_next(build: Builder) -> None:
    open_month(build.world, Month(2025, 12))

    closed = close_month(build.world, Month(2025, 12))

    assert {(invoice.state, invoice.invoice_date) for invoice in closed} == {("created", date(2026, 1, 1))}
    assert close_month(build.world, Month(2025, 12)) == []


def test_a_fixed_price_customer_has_paid_at_once(build: Builder) -> None:
    build.add_profile("fixed_price")
    open_month(build.world, NOVEMBER)

    close_month(build.world, NOVEMBER)

    assert invoice_of(build, build.customer).state == "paid"
    assert invoice_of(build, build.provider).state == "created"


def test_credits_pay_when_a_month_is_closed(build: Builder) -> None:
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource()
    build.add_credit("1000")
    open_month(build.world, NOVEMBER)

    close_month(build.world, NOVEMBER)

    charged, covered = build.items_of(invoice_of(build, build.customer))
    assert covered.unit_price == Decimal("-36.6")
    assert (build.view(charged).total, covered.start) == (Decimal("36.6000"), utc(2025, 12, 1))
    assert [row.value for row in build.world.customer_credits] == [Decimal("963.40000")]


def test_only_pending_invoices_are_closed(build: Builder) -> None:
    invoice = build.add_invoice()
    canceled = build.world.put(replace(invoice, state="canceled"))

    assert close_month(build.world, NOVEMBER) == []
    assert build.world.invoices.get(invoice.uuid) is canceled


def test_that_an_invoice_waits_is_recorded_where_its_changes_are(build: Builder) -> None:
    recorded, other = build.add_invoice(), build.add_invoice(customer=build.provider)
    record(build.world, recorded, None, "Paid by mistake.")

    suspend(build.world, recorded)
    suspend(build.world, other)

    assert versions_of(build.world, recorded)[0].revision_comment == "Waiting to be finalized."
    assert not has_history(build.world, other)
