"""The figures of an invoice, its states, and what may be done in which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.billing.builders import Builder, utc
from waldur_billing_mock.mock_server.billing.faults import Refused, WrongState
from waldur_billing_mock.mock_server.billing.figures import current_total
from waldur_billing_mock.mock_server.billing.history import versions_of
from waldur_billing_mock.mock_server.billing.invoice import State
from waldur_billing_mock.mock_server.billing.invoicing import PaymentOrder, announce, label, pay
from waldur_billing_mock.mock_server.billing.stats import stats_of


def test_the_price_sums_rounded_items_and_the_costs_do_not(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "0.001", "1")
    build.add_item(invoice, "0.002", "1")

    assert str(build.view(invoice).price) == "0.02"
    assert str(build.view(invoice).incurred_costs) == "0.003"
    assert (build.view(invoice).tax, build.view(invoice).total) == (Decimal("0.0044"), Decimal("0.0244"))


def test_an_invoice_without_items_costs_nothing(build: Builder) -> None:
    invoice = build.add_invoice()

    assert [build.view(invoice).price, build.view(invoice).tax, build.view(invoice).total] == [0, 0, 0]
    assert build.view(invoice).items == []
    assert (str(build.view(invoice).compensations), str(build.view(invoice).incurred_costs)) == ("0", "0")


def test_only_what_a_credit_paid_counts_as_compensation(build: Builder) -> None:
    invoice, credit = build.add_invoice(), build.add_credit("100")
    build.add_item(invoice, "10", "3")
    build.add_item(invoice, "-4", "1")
    build.add_item(invoice, "-5.5", "2", credit=credit)

    assert (build.view(invoice).compensations, build.view(invoice).incurred_costs) == (Decimal("-11"), Decimal("26"))


def test_items_show_in_order_of_project_and_name_and_hide_zeros(build: Builder) -> None:
    invoice = build.add_invoice()
    atmosphere = build.add_project(build.customer, "Atmosphere")
    build.add_item(invoice, name="b", project=build.project)
    build.add_item(invoice, name="a", project=build.project)
    build.add_item(invoice, name="z", project=atmosphere)
    build.add_item(invoice, "0", name="free", project=atmosphere)

    assert [item.row.name for item in build.view(invoice).items] == ["z", "a", "b"]
    assert [item.name for item in build.items_of(invoice)] == ["b", "a", "z", "free"]


def test_an_invoice_is_due_thirty_days_after_it_was_finalized(build: Builder) -> None:
    pending = build.add_invoice()

    created = build.finalized(pending)

    assert build.view(pending).due_date is None
    assert (created.invoice_date, build.view(created).due_date) == (date(2025, 12, 1), date(2025, 12, 31))


def test_the_number_follows_from_the_id(build: Builder) -> None:
    assert build.add_invoice().number == 100001


def test_details_of_both_sides_are_shown(build: Builder) -> None:
    invoice = build.add_invoice()

    assert (build.view(invoice).customer_details.name, build.view(invoice).customer_details.country_name) == (
        "University",
        "Estonia",
    )
    assert (build.view(invoice).issuer_details["name"], build.view(invoice).issuer_details["phone_number"]) == (
        "Issuer",
        "+372 5555",
    )
    assert replace(build.customer, country="").country_name is None


@pytest.mark.parametrize("state", ["pending", "paid", "canceled"])
def test_only_a_created_invoice_can_be_paid(build: Builder, state: State) -> None:
    invoice = build.world.put(replace(build.add_invoice(), state=state))

    with pytest.raises(WrongState) as refused:
        pay(build.world, invoice)

    assert refused.value.valid == ("Created",)


def test_a_paid_invoice_cannot_be_paid_again(build: Builder) -> None:
    paid = pay(build.world, build.finalized(build.add_invoice()))

    with pytest.raises(WrongState):
        pay(build.world, paid)


def test_without_an_order_no_payment_is_recorded(build: Builder) -> None:
    created = build.finalized(build.add_invoice())

    paid = pay(build.world, created)

    assert paid == replace(created, state="paid")
    assert build.world.invoices.get(created.uuid) is paid
    assert len(build.world.payments) == 0


def test_an_order_records_the_payment_of_the_current_total(build: Builder) -> None:
    profile, invoice = build.add_profile(), build.finalized(build.add_invoice())
    build.add_item(invoice, "10.125", "1")

    pay(build.world, invoice, PaymentOrder(date(2025, 12, 5), "proof.pdf", 1200))

    (payment,) = build.world.payments
    assert (payment.sum, payment.date_of_payment) == (Decimal("12.36"), date(2025, 12, 5))
    assert payment.profile_uuid == profile.uuid
    assert build.world.invoices.one(payment.invoice_uuid).state == "paid"
    assert (payment.proof_name, payment.proof_size) == ("proof.pdf", 1200)


def test_an_order_needs_an_active_profile(build: Builder) -> None:
    build.add_profile(is_active=False)
    invoice = build.finalized(build.add_invoice())

    with pytest.raises(Refused, match="The active profile for this customer does not exist"):
        pay(build.world, invoice, PaymentOrder(date(2025, 12, 5)))

    assert build.world.invoices.get(invoice.uuid) is invoice
    assert len(build.world.payments) == 0


def test_days_that_have_not_passed_are_not_in_the_current_total(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "1", "30", unit="day")
    build.add_item(invoice, "5", "2")

    assert build.view(invoice).total == Decimal("48.80")
    assert current_total(build.world, invoice) == Decimal("39.04")


def test_an_item_that_has_not_begun_is_not_in_the_current_total(build: Builder) -> None:
    invoice = build.add_invoice()
    build.add_item(invoice, "1", "5", unit="day", start=utc(2025, 11, 25))

    assert current_total(build.world, invoice) == 0


def test_owners_are_told_about_a_created_invoice(build: Builder) -> None:
    build.add_user("owner", "CUSTOMER.OWNER", build.customer)
    build.add_user("reader", "CUSTOMER.SUPPORT", build.customer)
    build.add_user("former", "CUSTOMER.OWNER", build.customer, is_active=False)
    build.add_user("seller", "CUSTOMER.OWNER", build.provider)
    invoice = build.finalized(build.add_invoice())

    notification = announce(build.world, invoice)

    assert list(build.world.notifications) == [notification]
    assert (notification.recipients, notification.invoice_uuid) == (("owner@example.org",), invoice.uuid)
    assert notification.sent_at == build.world.now


def test_nobody_is_told_about_a_pending_invoice(build: Builder) -> None:
    with pytest.raises(Refused, match="Notification only for the created invoice can be sent"):
        announce(build.world, build.add_invoice())

    assert len(build.world.notifications) == 0


def test_what_other_systems_say_changes_in_any_state(build: Builder) -> None:
    paid = pay(build.world, build.finalized(build.add_invoice()))

    labelled = label(build.world, paid, backend_id="B-1", reference_number="R-1")
    changed = label(build.world, labelled, reference_number="")

    assert changed == replace(paid, backend_id="B-1")


def test_stats_sum_each_offering_in_order_of_appearance(build: Builder) -> None:
    invoice = build.add_invoice()
    storage = build.add_plan(build.add_offering("Storage", build.customer), "Daily", "day")
    disk, web = build.add_resource("disk", plan=storage), build.add_resource("web-01")
    build.add_item(invoice, "0.25", resource=disk)
    build.add_item(invoice, "1", resource=web)
    build.add_item(invoice, "0.25", resource=disk)
    build.add_item(invoice, "9")

    first, second = stats_of(build.world, invoice)

    assert (first.offering_name, first.service_provider_name) == ("Storage", "University")
    assert first.service_provider_uuid is None
    assert (first.aggregated_price, first.aggregated_tax, first.aggregated_total) == (
        Decimal("0.50"),
        Decimal("0.11"),
        Decimal("0.61"),
    )
    assert (second.uuid, second.service_category_title) == (build.offering.uuid, "Private cloud")
    assert second.service_provider_uuid == build.service_provider.uuid
    assert stats_of(build.world, invoice, build.provider.uuid) == [second]
    assert stats_of(build.world, invoice, "0" * 32) == []


def test_versions_are_numbered_after_their_invoice(build: Builder) -> None:
    invoice = build.finalized(build.add_invoice())

    assert [version.id for version in versions_of(build.world, invoice)] == [1002, 1001]
