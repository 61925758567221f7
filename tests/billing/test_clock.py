"""The clock moves, and at each month's start that it passes Waldur's monthly job runs (behaviour 3.6, 3.7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.billing.builders import NOVEMBER, NOW, Builder, utc
from tests.operations.writes import small_world
from waldur_billing_mock.mock_server.billing.clock import BillingEvent, advance
from waldur_billing_mock.mock_server.billing.cycle import open_month, report_usage
from waldur_billing_mock.mock_server.billing.figures import due_date, items_of, sums_of
from waldur_billing_mock.mock_server.billing.growth import growth
from waldur_billing_mock.mock_server.billing.history import record, versions_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import find_invoice
from waldur_billing_mock.mock_server.billing.money import total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.world_file import dump

DECEMBER = Month(2025, 12)


def invoice_of(build: Builder, month: Month) -> Invoice:
    found = find_invoice(build.world, build.customer.uuid, month)
    assert found is not None
    return found


def types(events: list[BillingEvent]) -> dict[str, int]:
    return dict(Counter(event.type for event in events))


@pytest.mark.parametrize("to", [NOW, NOVEMBER.end])
def test_within_a_month_only_the_clock_moves(build: Builder, to: datetime) -> None:
    open_month(build.world, NOVEMBER)
    before = dump(build.world)

    assert advance(build.world, to) == []

    assert build.world.now == to
    build.world.now = NOW
    assert dump(build.world) == before


def test_the_first_instant_of_a_month_finalizes_the_one_before_and_opens_the_next(build: Builder) -> None:
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource()
    open_month(build.world, NOVEMBER)

    events = advance(build.world, DECEMBER.start)

    closed, opened = invoice_of(build, NOVEMBER), invoice_of(build, DECEMBER)
    assert (closed.state, closed.invoice_date) == ("created", date(2025, 12, 1))
    assert due_date(build.world, closed) == date(2025, 12, 31)
    assert (opened.state, opened.invoice_date, opened.created) == ("pending", None, date(2025, 12, 1))
    assert [item.price for item in build.items_of(opened)] == [Decimal("31.00")]
    assert types(events) == {"invoice_created": 2, "month_closed": 1, "invoice_opened": 2}
    assert {event.at for event in events} == {DECEMBER.start}
    assert [event.month for event in events] == [NOVEMBER] * 3 + [DECEMBER] * 2


def test_a_credit_pays_and_a_fixed_price_customer_has_paid_at_once(build: Builder) -> None:
    build.add_profile("fixed_price")
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource()
    build.add_credit("10")
    open_month(build.world, NOVEMBER)

    events = advance(build.world, utc(2025, 12, 5))

    assert types(events) == {"credit_applied": 1, "invoice_paid": 1, "invoice_created": 1, "month_closed": 1} | {
        "invoice_opened": 2
    }
    (applied,) = (event for event in events if event.type == "credit_applied")
    assert applied.item is not None
    assert (applied.item.unit_price, applied.item.invoice_uuid) == (Decimal(-10), invoice_of(build, NOVEMBER).uuid)
    assert applied.invoice == invoice_of(build, NOVEMBER)


def test_pending_invoices_of_all_earlier_months_are_finalized_on_the_day_of_the_job(build: Builder) -> None:
    late = build.add_invoice(Month(2025, 9))

    advance(build.world, utc(2026, 1, 1))

    found = build.world.invoices.one(late.uuid)
    assert (found.state, found.invoice_date) == ("created", date(2025, 12, 1))


def test_other_states_stay_as_they_are(build: Builder) -> None:
    canceled = build.world.put(replace(build.add_invoice(), state="canceled"))

    advance(build.world, utc(2026, 1, 1))

    assert build.world.invoices.one(canceled.uuid) is canceled


def test_the_job_of_a_month_that_is_open_already_opens_nothing_twice(build: Builder) -> None:
    advance(build.world, DECEMBER.start)
    build.world.now = NOW

    assert types(advance(build.world, DECEMBER.start)) == {"month_closed": 1}


def test_the_clock_does_not_move_back(build: Builder) -> None:
    with pytest.raises(ValueError, match=r"2025-11-01T00:00:00\+00:00 is before the clock"):
        advance(build.world, NOVEMBER.start)

    assert build.world.now == NOW


def test_usage_changes_the_pending_invoice_of_the_month_that_the_clock_has_come_to(build: Builder) -> None:
    build.add_component("cpu", "usage", "2")
    resource = build.add_resource()
    advance(build.world, utc(2026, 1, 15))
    january = invoice_of(build, Month(2026, 1))
    assert sums_of(build.world, january).price == 0

    for usage in ("10", "12.5"):
        report_usage(build.world, resource, "cpu", Month(2026, 1), Decimal(usage))
        assert sums_of(build.world, january).price == Decimal(usage) * 2
    advance(build.world, utc(2026, 2, 1))

    assert [item.quantity for item in build.items_of(january)] == [Decimal("12.5")]
    assert invoice_of(build, Month(2026, 1)).state == "created"
    assert sums_of(build.world, invoice_of(build, Month(2026, 2))).price == 0


def test_a_recorded_history_tells_that_an_invoice_was_finalized(build: Builder) -> None:
    user = build.add_user("staff", is_staff=True)
    invoice = build.add_invoice()
    record(build.world, invoice, user, "Changed.")

    advance(build.world, DECEMBER.start)

    newest = versions_of(build.world, invoice)[0]
    assert (newest.revision_comment, newest.user, newest.row.state) == ("Finalized.", None, "created")


def must_agree(world: World) -> None:
    """Every figure that is derived follows from the items."""
    totals: dict[str, Decimal] = {}
    for invoice in world.invoices:
        items = [item for item in world.invoice_items if item.invoice_uuid == invoice.uuid]
        assert items_of(world, invoice) == items
        assert sums_of(world, invoice).price == total(item.price for item in items)
        gross = sums_of(world, invoice).price * (1 + invoice.tax_percent / 100)
        totals[invoice.billed_month.label] = totals.get(invoice.billed_month.label, Decimal(0)) + gross
    figures = growth(world, None)
    for label, figure in zip(figures.periods, figures.total_periods, strict=True):
        assert abs(figure - totals.get(label, Decimal(0))) < Decimal("0.01") * len(world.customers)


def test_a_year_in_one_move_is_a_year_in_twelve() -> None:
    at_once, by_month = small_world(), small_world()
    month = Month.of(at_once.now)

    events = advance(at_once, month.plus(12).start)
    one_by_one = []
    for ahead in range(1, 13):
        one_by_one += advance(by_month, month.plus(ahead).start)
        must_agree(by_month)

    must_agree(at_once)
    assert dump(at_once) == dump(by_month)
    assert events == one_by_one
    assert types(events)["month_closed"] == 12


@pytest.fixture
def waiting(build: Builder) -> Builder:
    """November is billed, with a credit, where invoices wait for 36 hours."""
    build.world.settings = replace(build.world.settings, grace_period=timedelta(hours=36))
    build.add_component("cores", "fixed", "1", 1)
    build.add_resource()
    build.add_credit("10")
    open_month(build.world, NOVEMBER)
    return build


def test_in_the_grace_period_invoices_wait_and_the_next_month_is_open(waiting: Builder) -> None:
    events = advance(waiting.world, utc(2025, 12, 2, 11, 59))

    closed = invoice_of(waiting, NOVEMBER)
    assert (closed.state, closed.invoice_date, due_date(waiting.world, closed)) == ("pending_finalization", None, None)
    assert invoice_of(waiting, DECEMBER).state == "pending"
    assert types(events) == {"invoice_pending_finalization": 2, "month_closed": 1, "invoice_opened": 2}
    assert not any(item.credit_uuid for item in items_of(waiting.world, closed))


def test_what_waits_is_finalized_when_the_grace_period_is_over(waiting: Builder) -> None:
    advance(waiting.world, DECEMBER.start)

    events = advance(waiting.world, utc(2025, 12, 2, 12))

    closed = invoice_of(waiting, NOVEMBER)
    assert (closed.state, closed.invoice_date) == ("created", date(2025, 12, 2))
    assert types(events) == {"credit_applied": 1, "invoice_created": 2}
    assert {event.at for event in events} == {utc(2025, 12, 2, 12)}


def test_usage_that_is_late_is_billed_while_the_invoice_waits(waiting: Builder) -> None:
    waiting.add_component("cpu", "usage", "2")
    resource = next(iter(waiting.world.resources))
    advance(waiting.world, DECEMBER.start)

    report_usage(waiting.world, resource, "cpu", NOVEMBER, Decimal(100))

    advance(waiting.world, utc(2025, 12, 3))
    closed = invoice_of(waiting, NOVEMBER)
    assert Decimal(200) in [item.price for item in items_of(waiting.world, closed)]


@pytest.mark.parametrize("steps", [1, 24 * 62])
def test_a_grace_period_is_passed_in_one_move_as_in_many(waiting: Builder, steps: int) -> None:
    way = utc(2026, 1, 31) - NOW

    events = [event for step in range(1, steps + 1) for event in advance(waiting.world, NOW + way * step / steps)]

    assert [(event.type, event.at.day, event.at.hour) for event in events if event.invoice is not None] == [
        *[("invoice_pending_finalization", 1, 0)] * 2,
        *[("invoice_opened", 1, 0)] * 2,
        ("credit_applied", 2, 12),
        *[("invoice_created", 2, 12)] * 2,
        *[("invoice_pending_finalization", 1, 0)] * 2,
        *[("invoice_opened", 1, 0)] * 2,
        *[("invoice_created", 2, 12)] * 2,
    ]
    assert {invoice.state for invoice in waiting.world.invoices} == {"pending", "created"}


def test_an_invoice_that_waits_where_there_is_no_grace_period_is_finalized_with_the_next_month(
    build: Builder,
) -> None:
    late = build.world.put(replace(build.add_invoice(Month(2025, 10)), state="pending_finalization"))

    advance(build.world, DECEMBER.start)

    assert build.world.invoices.one(late.uuid).state == "created"


def test_the_history_says_since_when_an_invoice_waits(waiting: Builder) -> None:
    advance(waiting.world, utc(2025, 12, 1, 6))

    versions = versions_of(waiting.world, invoice_of(waiting, NOVEMBER))

    assert [(version.row.state, version.revision_date) for version in versions] == [
        ("pending_finalization", DECEMBER.start),
        ("pending", NOVEMBER.start),
    ]
