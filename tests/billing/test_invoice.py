"""The figures of an invoice, its states, and what may be done in which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.billing.builders import Builder, utc
from waldur_billing_mock.mock_server.billing.faults import Refused, WrongState
from waldur_billing_mock.mock_server.billing.invoice import State
from waldur_billing_mock.mock_server.billing.payment import PaymentOrder


def test_the_price_sums_rounded_items_and_the_costs_do_not(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "0.001", "1")
    build.add_item(invoice, "0.002", "1")

    assert str(invoice.price) == "0.02"
    assert str(invoice.incurred_costs) == "0.003"
    assert (invoice.tax, invoice.total) == (Decimal("0.0044"), Decimal("0.0244"))


def test_an_invoice_without_items_costs_nothing(build: Builder) -> None:
    invoice = build.add_invoice()

    assert [invoice.price, invoice.tax, invoice.total] == [0, 0, 0]
    assert invoice.items == []
    assert (str(invoice.compensations), str(invoice.incurred_costs)) == ("0", "0")


def test_only_what_a_credit_paid_counts_as_compensation(build: Builder) -> None:
    invoice, credit = build.add_invoice(), build.add_credit("100")
    build.add_item(invoice, "10", "3")
    build.add_item(invoice, "-4", "1")
    build.add_item(invoice, "-5.5", "2", credit=credit)

    assert (invoice.compensations, invoice.incurred_costs) == (Decimal("-11"), Decimal("26"))


def test_items_show_in_order_of_project_and_name_and_hide_zeros(build: Builder) -> None:
    invoice = build.add_invoice()
    atmosphere = build.add_project(build.customer, "Atmosphere")
    build.add_item(invoice, name="b", project=build.project)
    build.add_item(invoice, name="a", project=build.project)
    build.add_item(invoice, name="z", project=atmosphere)
    build.add_item(invoice, "0", name="free", project=atmosphere)

    assert [item.name for item in invoice.items] == ["z", "a", "b"]
    assert [item.name for item in invoice.all_items] == ["b", "a", "z", "free"]


def test_an_invoice_is_due_thirty_days_after_it_was_finalized(build: Builder) -> None:
    pending = build.add_invoice()

    created = build.finalized(pending)

    assert pending.due_date is None
    assert (created.invoice_date, created.due_date) == (date(2025, 12, 1), date(2025, 12, 31))


def test_the_number_follows_from_the_id(build: Builder) -> None:
    assert build.add_invoice().number == 100001


def test_details_of_both_sides_are_shown(build: Builder) -> None:
    invoice = build.add_invoice()

    assert (invoice.customer_details.name, invoice.customer_details.country_name) == ("University", "Estonia")
    assert (invoice.issuer_details["name"], invoice.issuer_details["phone_number"]) == ("Issuer", "+372 5555")
    assert replace(build.customer, country="").country_name is None


@pytest.mark.parametrize("state", ["pending", "paid", "canceled"])
def test_only_a_created_invoice_can_be_paid(build: Builder, state: State) -> None:
    invoice = build.world.invoices.put(replace(build.add_invoice(), state=state))

    with pytest.raises(WrongState) as refused:
        invoice.pay()

    assert refused.value.valid == ("Created",)


def test_a_paid_invoice_cannot_be_paid_again(build: Builder) -> None:
    paid = build.finalized(build.add_invoice()).pay()

    with pytest.raises(WrongState):
        paid.pay()


def test_without_an_order_no_payment_is_recorded(build: Builder) -> None:
    created = build.finalized(build.add_invoice())

    paid = created.pay()

    assert paid == replace(created, state="paid")
    assert build.world.invoices.get(created.uuid) is paid
    assert len(build.world.payments) == 0


def test_an_order_records_the_payment_of_the_current_total(build: Builder) -> None:
    profile, invoice = build.add_profile(), build.finalized(build.add_invoice())
    build.add_item(invoice, "10.125", "1")

    invoice.pay(PaymentOrder(date(2025, 12, 5), "proof.pdf", 1200))

    (payment,) = build.world.payments
    assert (payment.sum, payment.date_of_payment) == (Decimal("12.36"), date(2025, 12, 5))
    assert (payment.profile, payment.invoice.state) == (profile, "paid")
    assert (payment.proof_name, payment.proof_size) == ("proof.pdf", 1200)


def test_an_order_needs_an_active_profile(build: Builder) -> None:
    build.add_profile(is_active=False)
    invoice = build.finalized(build.add_invoice())

    with pytest.raises(Refused, match="The active profile for this customer does not exist"):
        invoice.pay(PaymentOrder(date(2025, 12, 5)))

    assert build.world.invoices.get(invoice.uuid) is invoice
    assert len(build.world.payments) == 0


def test_days_that_have_not_passed_are_not_in_the_current_total(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "1", "30", unit="day")
    build.add_item(invoice, "5", "2")

    assert invoice.total == Decimal("48.80")
    assert invoice.current_total == Decimal("39.04")


def test_an_item_that_has_not_begun_is_not_in_the_current_total(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "1", "5", unit="day", start=utc(2025, 11, 25))

    assert invoice.current_total == 0


def test_owners_are_told_about_a_created_invoice(build: Builder) -> None:
    build.add_user("owner", "CUSTOMER.OWNER", build.customer)
    build.add_user("reader", "CUSTOMER.SUPPORT", build.customer)
    build.add_user("former", "CUSTOMER.OWNER", build.customer, is_active=False)
    build.add_user("seller", "CUSTOMER.OWNER", build.provider)
    invoice = build.finalized(build.add_invoice())

    notification = invoice.send_notification()

    assert list(build.world.notifications) == [notification]
    assert (notification.recipients, notification.invoice) == (("owner@example.org",), invoice)
    assert notification.sent_at == build.world.now


def test_nobody_is_told_about_a_pending_invoice(build: Builder) -> None:
    with pytest.raises(Refused, match="Notification only for the created invoice can be sent"):
        build.add_invoice().send_notification()

    assert len(build.world.notifications) == 0


def test_what_other_systems_say_changes_in_any_state(build: Builder) -> None:
    paid = build.finalized(build.add_invoice()).pay()

    changed = paid.change(backend_id="B-1", reference_number="R-1").change(reference_number="")

    assert changed == replace(paid, backend_id="B-1")


def test_stats_sum_each_offering_in_order_of_appearance(build: Builder) -> None:
    invoice = build.add_invoice()
    storage = build.add_plan(build.add_offering("Storage", build.customer), "Daily", "day")
    disk, web = build.add_resource("disk", plan=storage), build.add_resource("web-01")
    build.add_item(invoice, "0.25", resource=disk)
    build.add_item(invoice, "1", resource=web)
    build.add_item(invoice, "0.25", resource=disk)
    build.add_item(invoice, "9")

    first, second = invoice.stats()

    assert (first.offering_name, first.service_provider_name) == ("Storage", "University")
    assert first.service_provider_uuid is None
    assert (first.aggregated_price, first.aggregated_tax, first.aggregated_total) == (
        Decimal("0.50"),
        Decimal("0.11"),
        Decimal("0.61"),
    )
    assert (second.uuid, second.service_category_title) == (build.offering.uuid, "Private cloud")
    assert second.service_provider_uuid == build.service_provider.uuid
    assert invoice.stats(build.provider.uuid) == [second]
    assert invoice.stats("0" * 32) == []
