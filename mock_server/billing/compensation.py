"""Items that offset others: by a decision of staff, or paid from a customer's credit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.credit import VALUE_PLACES, CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.faults import Refused
from waldur_billing_mock.mock_server.billing.invoice import find_invoice, open_invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import ZERO, add, as_stored, negative, subtract
from waldur_billing_mock.mock_server.billing.period import Month

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.marketplace import Resource


def compensate(item: InvoiceItem, offering_component_name: str) -> InvoiceItem:
    """A copy with the negative unit price stands on the customer's invoice of the current month.

    The invoice is opened if it is missing, and its state is not asked. The item itself stays as it is, and
    nothing keeps a caller from compensating it again.
    """
    if item.unit_price < 0:
        raise Refused("Can not create compensation for invoice item with negative unit price.", bare=True)
    world, customer, month = item.world, item.customer, Month.of(item.world.now)
    invoice = find_invoice(customer, month)
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
    tax_percent = invoice.tax_percent if invoice else customer.default_tax_percent
    must_fit(copy, tax_percent, invoice.all_items if invoice else ())
    invoice = invoice or open_invoice(customer, month)
    return world.invoice_items.put(replace(copy, uuid=world.new_uuid("invoice_item"), invoice_uuid=invoice.uuid))


def apply_credit(invoice: Invoice, day: date) -> list[InvoiceItem]:
    """The customer's credit pays for items until it is used up: the rule of 2025.

    The cheapest item comes first. Covered is the total with tax, as far as the credit goes, and that of the
    project, if there is one. The new items lie in the month of the day on which the credit is applied.
    """
    credit = next(iter(invoice.world.customer_credits.where("customer", invoice.customer_uuid)), None)
    if credit is None or (credit.end_date is not None and credit.end_date < day):
        return []
    created = []
    for item, resource in _creditable(invoice, credit):
        project_credit = _project_credit(resource)
        cover = min(item.total, credit.value)
        if project_credit is not None:
            cover = min(cover, project_credit.value)
        if cover <= 0:
            continue
        created.append(_cover(item, resource, credit, cover, day))
        credit = item.world.customer_credits.put(replace(credit, value=_left(credit.value, cover)))
        if project_credit is not None:
            left = _left(project_credit.value, cover)
            item.world.project_credits.put(replace(project_credit, value=left))
    return created


@dataclass(frozen=True, slots=True)
class CustomerCreditConsumptionByMonth:
    """What a credit has paid on the invoices of one month (`YYYY-MM`): a negative price, two places."""

    month: str
    price: Decimal


def consumptions(items: Iterable[InvoiceItem]) -> list[CustomerCreditConsumptionByMonth]:
    """Month by month, what a credit has paid by these items of it."""
    sums: dict[Month, Decimal] = {}
    for paid in items:
        if paid.price < 0:
            month = Month(paid.invoice.year, paid.invoice.month)
            sums[month] = add(sums.get(month, ZERO), paid.price)
    return [CustomerCreditConsumptionByMonth(month.padded, sums[month]) for month in sorted(sums)]


def _creditable(invoice: Invoice, credit: CustomerCredit) -> Iterator[tuple[InvoiceItem, Resource]]:
    for item in sorted(invoice.all_items, key=lambda item: (item.price, item.id)):
        resource = item.resource
        if resource is not None and item.total > 0 and credit.covers(resource.offering_uuid):
            yield item, resource


def _project_credit(resource: Resource) -> ProjectCredit | None:
    return next(iter(resource.world.project_credits.where("project", resource.project_uuid)), None)


def _cover(item: InvoiceItem, resource: Resource, credit: CustomerCredit, cover: Decimal, day: date) -> InvoiceItem:
    """The details and the snapshots of the project stay empty: the rule of 2025."""
    world, month = item.world, Month.of(day)
    return world.invoice_items.put(
        InvoiceItem(
            world=world,
            id=world.invoice_items.next_id,
            uuid=world.new_uuid("invoice_item"),
            invoice_uuid=item.invoice_uuid,
            start=month.start,
            end=month.end,
            name=f"Credit compensation. {item.name}",
            unit_price=negative(cover),
            quantity=Decimal(1),
            unit="quantity",
            resource_uuid=resource.uuid,
            linked_project_uuid=resource.project_uuid,
            credit_uuid=credit.uuid,
        )
    )


def _left(value: Decimal, cover: Decimal) -> Decimal:
    """What remains, to the places in which a credit is kept, and never less than nothing."""
    return max(as_stored(subtract(value, cover), VALUE_PLACES), as_stored(ZERO, VALUE_PLACES))
