"""What an item derives, and what may be written to it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.billing.builders import NOVEMBER, Builder, utc
from waldur_billing_mock.mock_server.billing.correction import correct, move, writable_fields
from waldur_billing_mock.mock_server.billing.faults import OutOfRange, Refused
from waldur_billing_mock.mock_server.billing.invoicing import pay
from waldur_billing_mock.mock_server.billing.marketplace import BillingType, ComponentUsage
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Json, Project
from waldur_billing_mock.mock_server.billing.views import View


def test_price_tax_and_total_follow_from_unit_price_and_quantity(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), "0.0000000001", "0.0000000001")

    assert str(item.price) == "0.01"
    assert (build.view(item).tax, build.view(item).total) == (Decimal("0.0022"), Decimal("0.0122"))


@pytest.mark.parametrize(
    ("unit", "quantity", "shown"),
    [
        ("hour", "1", "hour"),
        ("hour", "2", "hours"),
        ("day", "0.5", "day"),
        ("day", "30", "days"),
        ("half_month", "2", "percents from half a month"),
        ("month", "1", "percents from a month"),
        ("quarter", "1", "percents from a month"),
        ("quantity", "5", ""),
    ],
)
def test_the_billing_unit_is_put_into_words(build: Builder, unit: str, quantity: str, shown: str) -> None:
    item = build.add_item(build.add_invoice(), "1", quantity, unit=unit)

    assert (item.measured_unit, build.view(item).displayed_measured_unit) == ("", shown)


def test_a_stored_unit_is_shown_as_it_is(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), unit="day", measured_unit="GB")

    assert build.view(item).displayed_measured_unit == "GB"


def test_what_a_credit_paid_has_no_unit(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), "-1", "2", unit="day", credit=build.add_credit("1"))

    assert (item.credit, build.view(item).displayed_measured_unit) == (True, "")


def test_a_manual_item_belongs_to_no_resource(build: Builder) -> None:
    item = build.add_item(build.add_invoice())

    assert (
        build.view(item).resource,
        build.view(item).resource_name,
        build.view(item).offering_uuid,
        build.view(item).offering_name,
    ) == (None,) * 4
    assert (
        build.view(item).billing_type,
        build.view(item).offering_component_type,
        build.view(item).factor,
        item.backend_uuid,
    ) == (None,) * 4
    assert (build.view(item).project_name, item.project_uuid) == ("N/A", None)
    assert (build.view(item).customer_uuid, build.view(item).customer_name) == (build.customer.uuid, "University")


@pytest.mark.parametrize("detail", ["", 7, None, ["Virtual machine"]])
def test_a_detail_that_is_empty_or_no_text_says_nothing(build: Builder, detail: Json) -> None:
    item = replace(build.add_item(build.add_invoice()), details={"offering_name": detail})

    assert build.view(item).offering_name is None


def test_the_snapshot_of_the_project_wins_over_its_link(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), project=build.project)
    build.world.put(replace(build.project, name="Weather"))

    linked_only = replace(item, stored_project_name="", stored_project_uuid="")

    assert build.view(item).project_name == "Climate"
    assert (build.view(linked_only).project_name, linked_only.project_uuid) == ("Weather", build.project.uuid)


def test_the_details_stand_in_for_a_missing_link(build: Builder) -> None:
    component = build.add_component("cores", "fixed", "0.11")
    item = build.add_item(build.add_invoice())

    named = replace(item, details={"plan_component_id": component.id, "offering_name": "Old offering"})
    unknown = replace(item, details={"plan_component_id": 99, "offering_component_type": "gpu"})

    assert (build.view(named).billing_type, build.view(named).offering_component_type) == ("fixed", "cores")
    assert build.view(named).offering_name == "Old offering"
    assert (build.view(unknown).billing_type, build.view(unknown).offering_component_type) == (None, "gpu")


@pytest.mark.parametrize(
    ("billing_type", "fields"),
    [
        (None, ("article_code", "quantity", "unit_price", "start", "end")),
        ("fixed", ("article_code", "unit_price", "start", "end")),
        ("usage", ("article_code", "quantity", "unit_price")),
        ("limit", ("article_code", "quantity", "unit_price")),
        ("one", ("article_code", "quantity", "unit_price")),
        ("few", ("article_code", "quantity", "unit_price")),
    ],
)
def test_the_billing_type_says_what_is_writable(
    build: Builder, billing_type: BillingType | None, fields: tuple[str, ...]
) -> None:
    component = build.add_component("cores", billing_type, "1") if billing_type else None
    item = build.add_item(build.add_invoice(), component=component)

    assert writable_fields(build.world, item) == fields


def test_what_is_not_writable_is_ignored(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), component=build.add_component("seats", "limit", "1"))

    updated = correct(build.world, item, article_code="A-1", quantity=Decimal(-3), start=utc(2025, 11, 5))

    assert updated == replace(item, article_code="A-1", quantity=Decimal(-3))


def test_a_fixed_quantity_follows_from_the_dates(build: Builder) -> None:
    component = build.add_component("cores", "fixed", "1")
    item = build.add_item(build.add_invoice(), "2", "30", unit="day", component=component)

    updated = correct(build.world, item, start=utc(2025, 11, 21), quantity=Decimal(99))

    assert [updated.quantity, updated.price] == [10, Decimal("20.00")]
    assert build.world.invoice_items.get(item.uuid) is updated


def test_an_update_without_fields_changes_nothing(build: Builder) -> None:
    component = build.add_component("cores", "fixed", "1")
    item = build.add_item(build.add_invoice(), "2", "30", unit="day", component=component)

    assert correct(build.world, item) == item


def test_a_fixed_quantity_is_counted_anew_by_any_update(build: Builder) -> None:
    """Behaviour 6.4: after it was saved, whatever was sent."""
    component = build.add_component("cores", "fixed", "1")
    item = build.add_item(build.add_invoice(), "2", "7", unit="day", component=component)

    assert correct(build.world, item, article_code="A").quantity == 30


def test_an_item_may_end_before_it_starts(build: Builder) -> None:
    item = build.add_item(build.add_invoice())

    updated = correct(build.world, item, start=utc(2025, 11, 20), end=utc(2025, 11, 10))

    assert updated.start > updated.end


def test_the_items_of_a_paid_invoice_can_be_updated(build: Builder) -> None:
    invoice = build.finalized(build.add_invoice())
    item = build.add_item(invoice, "2", "3")
    paid = pay(build.world, invoice)

    correct(build.world, item, unit_price=Decimal(4))

    assert build.view(paid).price == Decimal("12.00")


def test_a_corrected_usage_is_corrected_where_it_was_reported(build: Builder) -> None:
    component, resource = build.add_component("cpu", "usage", "1"), build.add_resource()
    for id, day in ((1, 3), (2, 9), (3, 5)):
        build.world.put(
            ComponentUsage(
                id=id,
                uuid=build.world.new_uuid("usage"),
                resource_uuid=resource.uuid,
                component_type="cpu",
                year=2025,
                month=11,
                usage=Decimal(id),
                date=utc(2025, 11, day),
            )
        )
    item = build.add_item(build.add_invoice(), resource=resource, component=component)

    correct(build.world, item, quantity=Decimal("12.5"))

    assert [row.usage for row in build.world.component_usages] == [1, Decimal("12.5"), 3]


def test_a_usage_that_was_never_reported_can_be_corrected(build: Builder) -> None:
    item = build.add_item(build.add_invoice(), component=build.add_component("cpu", "usage", "1"))

    updated = correct(build.world, item, quantity=Decimal(5))

    assert updated.quantity == 5
    assert len(build.world.component_usages) == 0


def test_a_deleted_item_is_gone(build: Builder) -> None:
    invoice = build.add_invoice()
    item = build.add_item(invoice)

    build.world.remove(item)

    assert (build.items_of(invoice), build.world.invoice_items.get(item.uuid)) == ([], None)


def test_an_item_moves_between_invoices_of_one_customer(build: Builder) -> None:
    november, december = build.add_invoice(), build.add_invoice(NOVEMBER.plus(1))
    item = build.add_item(november, "5", "2")

    moved = move(build.world, item, december)

    assert moved == replace(item, invoice_uuid=december.uuid)
    assert [build.view(november).price, build.view(december).price] == [0, Decimal("10.00")]


def test_an_item_stays_with_its_customer(build: Builder) -> None:
    item = build.add_item(build.add_invoice())
    foreign = build.add_invoice(Month(2025, 11), build.provider)

    with pytest.raises(Refused, match="possible only between invoices of same the customer"):
        move(build.world, item, foreign)


def test_an_item_is_not_moved_to_where_it_is(build: Builder) -> None:
    item = build.add_item(build.add_invoice())

    with pytest.raises(Refused, match="Invoice item is already in the target invoice"):
        move(build.world, item, build.view(item).invoice)


@pytest.mark.parametrize(
    ("changes", "figure"),
    [
        ({"unit_price": Decimal(10) ** 10}, "The unit price of the invoice item"),
        ({"quantity": -(Decimal(10) ** 10)}, "The quantity of the invoice item"),
        ({"unit_price": Decimal(10) ** 9}, "The tax of the invoice item"),
    ],
)
def test_an_update_that_no_pattern_can_express_is_refused(
    build: Builder, changes: dict[str, Decimal], figure: str
) -> None:
    item = build.add_item(build.add_invoice())

    with pytest.raises(OutOfRange, match=figure):
        correct(build.world, item, **changes)  # type: ignore[arg-type]

    assert build.world.invoice_items.get(item.uuid) is item


def test_the_sums_of_an_invoice_stay_expressible(build: Builder) -> None:
    invoice = build.add_invoice(customer=build.provider)
    build.add_item(invoice, "9000000000", "60")
    item = build.add_item(invoice, "9000000000", "1")

    with pytest.raises(OutOfRange, match="sums of the invoice"):
        correct(build.world, item, quantity=Decimal(60))


@pytest.mark.parametrize(
    ("unit_price", "fits"), [("499999999.97", True), ("499999999.98", False), ("500000000", False)]
)
def test_the_tax_of_an_item_is_refused_where_its_cents_need_a_ninth_digit(
    build: Builder, unit_price: str, fits: bool
) -> None:
    invoice = build.world.put(replace(build.add_invoice(), tax_percent=Decimal(20)))
    item = build.add_item(invoice)

    with nullcontext() if fits else pytest.raises(OutOfRange, match="The tax of the invoice item"):
        correct(build.world, item, unit_price=Decimal(unit_price))


@pytest.mark.parametrize(("unit_price", "fits"), [("4999999999.99", True), ("5000000000", False)])
@pytest.mark.parametrize(
    ("month", "figure"), [(NOVEMBER, "The sums of the invoice"), (Month(2025, 10), "The total price of all")]
)
def test_sums_are_refused_from_the_first_value_of_thirteen_digits(
    build: Builder, unit_price: str, fits: bool, month: Month, figure: str
) -> None:
    invoice = build.add_invoice(customer=build.provider)
    build.add_item(invoice, "5000000000", "100")
    item = build.add_item(invoice if month == NOVEMBER else build.add_invoice(month, build.provider), quantity="100")

    with nullcontext() if fits else pytest.raises(OutOfRange, match=figure):
        correct(build.world, item, unit_price=Decimal(unit_price))


@pytest.mark.parametrize(("less", "fits"), [("0.00000000006", True), ("0.00000000005", False)])
def test_the_total_of_all_items_does_not_round_up_to_thirteen_digits(build: Builder, less: str, fits: bool) -> None:
    """It is printed with ten decimals."""
    build.add_item(build.add_invoice(customer=build.provider), "5000000000", "100")
    item = build.add_item(build.add_invoice(Month(2025, 10), build.provider), quantity="100")
    unit_price = (Decimal(500_000_000_000) - Decimal(less)) / 100

    with nullcontext() if fits else pytest.raises(OutOfRange, match="The total price of all"):
        correct(build.world, item, unit_price=unit_price)


def test_a_negative_item_makes_no_room_for_a_positive_one(build: Builder) -> None:
    """Deleting the negative item must never leave an invoice that cannot be printed."""
    invoice = build.add_invoice(customer=build.provider)
    build.add_item(invoice, "-9000000000", "60")
    item = build.add_item(invoice, "9000000000", "1")

    with pytest.raises(OutOfRange):
        correct(build.world, item, quantity=Decimal(60))


def test_the_total_of_all_items_stays_expressible(build: Builder) -> None:
    build.add_item(build.add_invoice(customer=build.provider), "9000000000", "60")
    item = build.add_item(build.add_invoice(Month(2025, 10), customer=build.provider), "9000000000", "1")

    with pytest.raises(OutOfRange, match="total price of all invoice items"):
        correct(build.world, item, quantity=Decimal(60))


def test_moving_to_a_taxed_invoice_keeps_the_tax_expressible(build: Builder) -> None:
    untaxed, taxed = build.add_invoice(), build.add_invoice(NOVEMBER.plus(1))
    build.world.put(replace(untaxed, tax_percent=Decimal(0)))
    item = build.add_item(untaxed, "1000000000", "1")

    with pytest.raises(OutOfRange, match="tax of the invoice item"):
        move(build.world, item, taxed)


def test_a_view_has_the_fields_of_its_row_and_what_it_defines_itself(build: Builder) -> None:
    class ShoutingView(View[Project]):
        """A project with a name in capitals."""

        __slots__ = ()

        @property
        def name(self) -> str:
            return self.row.name.upper()

    view = ShoutingView(build.world, build.project)

    assert (view.name, view.uuid) == ("CLIMATE", build.project.uuid)
    assert "uuid" in vars(ShoutingView)
