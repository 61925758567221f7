"""Sums over months, and growth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.billing.builders import NOVEMBER, NOW, Builder, utc
from waldur_billing_mock.mock_server.billing.costs import costs, costs_for_period, total_price
from waldur_billing_mock.mock_server.billing.growth import growth
from waldur_billing_mock.mock_server.billing.period import Month, documented_period


def test_costs_are_one_row_a_month_with_the_newest_first(build: Builder) -> None:
    october, november = build.add_invoice(NOVEMBER.plus(-1)), build.add_invoice()
    build.add_item(october, "0.125")
    build.add_item(november, "0.001", name="one")
    build.add_item(november, "0.0039", name="two", measured_unit="GB")
    build.add_item(november, "-1", name="minus")
    build.add_item(november, "0", name="nothing")

    newest, oldest = costs(build.world, build.world.invoice_items.ordered("start"))

    assert (newest.year, newest.month, newest.price) == (2025, 11, Decimal("-1.00"))
    assert (newest.compensation, newest.incurred) == (Decimal("-1.00"), Decimal("0.00"))
    assert newest.items is not None
    assert [(item.name, item.price, item.measured_unit) for item in newest.items] == [
        ("one", Decimal("0.01"), ""),
        ("two", Decimal("0.01"), "GB"),
    ]
    assert (str(oldest.price), oldest.items) == ("0.12", None)


def test_equal_items_of_a_month_are_counted_each(build: Builder) -> None:
    october, november = build.add_invoice(NOVEMBER.plus(-1)), build.add_invoice()
    for price, quantity in (("10", "2"), ("10", "2"), ("5", "1")):
        build.add_item(november, price, quantity)
    build.add_item(october, "10", "2")

    items = build.world.invoice_items.ordered("start")

    assert costs_for_period(items, documented_period(3, NOW).months) == Decimal("65.00")
    assert costs_for_period(items, documented_period(1, NOW).months) == Decimal("45.00")
    assert costs_for_period(items, None) == Decimal("65.00")
    assert str(costs_for_period(items.picked([]), None)) == "0.00"


def test_the_total_price_is_not_rounded(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "0.001")
    build.add_item(invoice, "61.6990000001")

    assert total_price(build.world.invoice_items.ordered("start")) == Decimal("61.7000000001")


def test_growth_labels_thirteen_months_without_padding(build: Builder) -> None:
    build.world.now = utc(2025, 2, 28)

    result = growth(build.world, None)

    assert result.periods[0] == "2024-2"
    assert result.periods[-2:] == ("2025-1", "2025-2")
    assert len(result.periods) == 13
    assert set(result.total_periods) == set(result.other_periods) == {Decimal(0)}
    assert result.customer_periods == ()


def test_growth_tells_the_majors_from_the_others(build: Builder) -> None:
    small, large = build.add_customer("Alpha", "0"), build.add_customer("Zeta", "0")
    for customer, price in ((build.customer, "10"), (small, "5"), (large, "100")):
        build.add_item(build.add_invoice(NOVEMBER, customer), price)
    build.add_item(build.add_invoice(NOVEMBER.plus(-12), large), "7")
    build.add_item(build.add_invoice(NOVEMBER.plus(-13), large), "9")

    result = growth(build.world, None, customers_count=2)

    assert [row.name for row in result.customer_periods] == ["University", "Zeta"]
    assert [row.periods[-1] for row in result.customer_periods] == [Decimal("12.20"), Decimal(100)]
    assert (result.total_periods[0], result.total_periods[-1]) == (Decimal(7), Decimal("117.20"))
    assert (result.other_periods[0], result.other_periods[-1]) == (Decimal(0), Decimal(5))


def test_growth_of_some_customers_counts_these_alone_and_names_those_with_a_recent_invoice(build: Builder) -> None:
    gone, silent = build.add_customer("Gone", "0"), build.add_customer("Silent", "0")
    for customer, month in ((build.customer, NOVEMBER), (build.provider, NOVEMBER), (gone, NOVEMBER.plus(-12))):
        build.add_item(build.add_invoice(month, customer), "10")

    result = growth(build.world, [gone.uuid, silent.uuid, build.customer.uuid])

    assert [row.name for row in result.customer_periods] == ["University"]
    assert (result.total_periods[0], result.total_periods[-1]) == (Decimal(10), Decimal("12.20"))
    assert (result.other_periods[0], result.other_periods[-1]) == (Decimal(10), Decimal(0))


def test_an_invoice_grows_by_what_a_server_would_have_stored(build: Builder) -> None:
    """Seen on a real server: a price of 12.25 with 22 percent of tax counts as 14.95."""
    build.add_item(build.add_invoice(), "12.25")

    result = growth(build.world, None)

    assert str(result.total_periods[-1]) == "14.95"


def test_majors_are_ranked_with_tax_even_when_prices_are_shown(build: Builder) -> None:
    untaxed = build.add_customer("Untaxed", "0")
    build.add_item(build.add_invoice(), "100")
    build.add_item(build.add_invoice(NOVEMBER, untaxed), "110")

    result = growth(build.world, None, customers_count=1, accounting_mode="accounting")

    assert [(row.name, row.periods[-1]) for row in result.customer_periods] == [("University", Decimal(100))]
    assert result.other_periods[-1] == Decimal(110)


def test_only_invoices_created_within_a_year_make_a_major(build: Builder) -> None:
    november_2024 = build.add_invoice(NOVEMBER.plus(-12))
    build.add_item(november_2024, "100")

    before = growth(build.world, None)
    build.world.put(replace(november_2024, created=date(2024, 11, 22)))
    since = growth(build.world, None)

    assert [row.name for row in before.customer_periods] == []
    assert [row.name for row in since.customer_periods] == ["University"]
    assert before.total_periods == since.total_periods


def test_growth_looks_back_from_a_leap_day(build: Builder) -> None:
    invoice = build.add_invoice(Month(2023, 2))
    build.world.put(replace(invoice, created=date(2023, 2, 28)))
    build.world.now = utc(2024, 2, 29)

    result = growth(build.world, None)

    assert [row.name for row in result.customer_periods] == ["University"]


def test_no_majors_may_be_asked_for(build: Builder) -> None:
    build.add_item(build.add_invoice(), "1")

    result = growth(build.world, None, customers_count=0)

    assert (result.customer_periods, result.other_periods) == ((), result.total_periods)
