"""Rows as replies show them, for tests that look at derived attributes."""

from typing import overload

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Offering
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView
from waldur_billing_mock.mock_server.billing.world import World


@overload
def view(world: World, row: Invoice) -> InvoiceView: ...
@overload
def view(world: World, row: InvoiceItem) -> ItemView: ...
def view(world: World, row: Invoice | InvoiceItem) -> InvoiceView | ItemView:
    """The row, read in a world."""
    return InvoiceView(world, row) if isinstance(row, Invoice) else ItemView(world, row)


def offering_of(world: World, item: InvoiceItem) -> Offering | None:
    """The offering of the item's resource."""
    resource = world.resources.get(item.resource_uuid)
    return world.offerings.one(resource.offering_uuid) if resource else None


def seller_of(world: World, item: InvoiceItem) -> str | None:
    """The name of the customer that sells the item's resource."""
    offering = offering_of(world, item)
    return world.customers.one(offering.customer_uuid).name if offering else None


def month_of(world: World, item: InvoiceItem) -> Month:
    """The month of the item's invoice."""
    return world.invoices.one(item.invoice_uuid).billed_month
