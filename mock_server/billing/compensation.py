"""Items that offset others: by a decision of staff, or paid from a customer's credit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.credit import VALUE_PLACES, CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.faults import Refused
from waldur_billing_mock.mock_server.billing.figures import item_total, items_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import find_invoice, open_invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Resource
from waldur_billing_mock.mock_server.billing.money import ZERO, add, half_up, negative, subtract
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Json
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import replace


def compensate(world: World, item: InvoiceItem, offering_component_name: str) -> InvoiceItem:
    """A copy with the negative unit price is on the customer's invoice of the current month.

    The invoice is opened if it is missing, and may be in any state. The item itself does not change, and nothing keeps
    a caller from compensating it again.
    """
    if item.unit_price < 0:
        raise Refused("Can not create compensation for invoice item with negative unit price.", bare=True)
    customer = world.customers.one(world.invoices.one(item.invoice_uuid).customer_uuid)
    month = Month.of(world.now)
    invoice = find_invoice(world, customer.uuid, month)
    copy = replace(
        item,
        id=world.invoice_items.next_id,
        unit_price=negative(item.unit_price),
        details={
            **item.details,
            "original_invoice_item_uuid": item.uuid,
            "offering_component_name": offering_component_name,
        },
    )
    must_fit(world, copy, invoice, customer.default_tax_percent)
    invoice = invoice or open_invoice(world, customer, month)
    return world.put(replace(copy, uuid=world.new_uuid("invoice_item"), invoice_uuid=invoice.uuid))


def apply_credit(world: World, invoice: Invoice, day: date) -> list[InvoiceItem]:
    """The customer's credit pays for items until it is used up: the rule of 2025.

    The cheapest item comes first. Covered is the total with tax, as far as the credit goes, and that of the
    project, if there is one. The new items are in the month of the day on which the credit is applied.
    """
    credit = world.customer_credits.first(customer_uuid=invoice.customer_uuid)
    if credit is None or (credit.end_date is not None and credit.end_date < day):
        return []
    created = []
    for item, resource in _creditable(world, invoice, credit):
        project_credit = _project_credit(world, resource)
        cover = min(item_total(world, item), credit.value)
        if project_credit is not None:
            cover = min(cover, project_credit.value)
        if cover <= 0:  # the item costs nothing, or a credit is used up
            continue
        created.append(_cover(world, item, resource, credit, cover, day))
        credit = world.put(replace(credit, value=_left(credit.value, cover)))
        if project_credit is not None:
            world.put(replace(project_credit, value=_left(project_credit.value, cover)))
    return created


@dataclass(frozen=True, slots=True)
class CustomerCreditConsumptionByMonth:
    """What a credit has paid on the invoices of one month (`YYYY-MM`): a negative price, two places."""

    month: str
    price: Decimal


def consumptions(world: World, items: Iterable[InvoiceItem]) -> list[CustomerCreditConsumptionByMonth]:
    """Month by month, what a credit has paid by these items of it."""
    return [CustomerCreditConsumptionByMonth(month.padded, paid) for month, paid in paid_by_month(world, items).items()]


def paid_by_month(world: World, items: Iterable[InvoiceItem]) -> dict[Month, Decimal]:
    """What a credit has paid by these items of it, a negative price for each month, the earliest first."""
    sums: dict[Month, Decimal] = {}
    for paid in items:
        if paid.price < 0:
            month = world.invoices.one(paid.invoice_uuid).billed_month
            sums[month] = add(sums.get(month, ZERO), paid.price)
    return dict(sorted(sums.items()))


def credited_items(world: World, item: InvoiceItem) -> list[InvoiceItem]:
    """Every item of the credit behind this one, itself included; none without a credit."""
    return world.invoice_items.where(credit_uuid=item.credit_uuid) if item.credit else []


def _creditable(world: World, invoice: Invoice, credit: CustomerCredit) -> Iterator[tuple[InvoiceItem, Resource]]:
    for item in sorted(items_of(world, invoice), key=lambda item: (item.price, item.id)):
        resource = world.resources.get(item.resource_uuid)
        if resource is not None and credit.covers(resource.offering_uuid):
            yield item, resource


def _project_credit(world: World, resource: Resource) -> ProjectCredit | None:
    return world.project_credits.first(project_uuid=resource.project_uuid)


def _cover(
    world: World, item: InvoiceItem, resource: Resource, credit: CustomerCredit, cover: Decimal, day: date
) -> InvoiceItem:
    """The snapshots of the project are empty."""
    month = Month.of(day)
    return world.put(
        InvoiceItem(
            id=world.invoice_items.next_id,
            uuid=world.new_uuid("invoice_item"),
            invoice_uuid=item.invoice_uuid,
            start=month.start,
            end=month.end,
            name=f"Credit compensation. {item.name}",
            unit_price=negative(cover),
            quantity=Decimal(1),
            unit="quantity",
            details=_details(world, item),
            resource_uuid=resource.uuid,
            linked_project_uuid=resource.project_uuid,
            credit_uuid=credit.uuid,
        )
    )


def _details(world: World, item: InvoiceItem) -> Mapping[str, Json]:
    """Empty by the rule of 2025; by that of 2026 (see `Settings`) those of the item, and which item it is."""
    if not world.settings.credit_details_copied:
        return {}
    return {**item.details, "is_compensation": True, "compensation_of_item": item.uuid}


def _left(value: Decimal, cover: Decimal) -> Decimal:
    """What remains, to the places in which a credit is kept, and never less than nothing."""
    return max(half_up(subtract(value, cover), VALUE_PLACES), half_up(ZERO, VALUE_PLACES))
