"""Waldur's monthly job: invoices are opened and filled, usage comes in, and invoices are finalized."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.compensation import apply_credit
from waldur_billing_mock.mock_server.billing.faults import InvalidFields, NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice, find_invoice, open_invoice
from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage
from waldur_billing_mock.mock_server.billing.payment import active_profile
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.registration import (
    Line,
    Stay,
    lines_of,
    register,
    register_plan_switch,
    register_usage,
    stay_in,
)

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem
    from waldur_billing_mock.mock_server.billing.marketplace import PlanComponent, Resource
    from waldur_billing_mock.mock_server.billing.store import World


def open_month(world: World, year: int, month: int) -> list[Invoice]:
    """Every customer that is not archived has a pending invoice of the month, with all that is billable.

    Returned are the invoices that were opened; one that is there already is left as it is.
    """
    opened = []
    period = Month(year, month)
    for customer in world.customers:
        if customer.archived or find_invoice(customer, period) is not None:
            continue
        invoice = open_invoice(customer, period)
        opened.append(invoice)
        for project in customer.projects:
            for resource in world.resources.where("project", project.uuid):
                stay = stay_in(resource, period)
                if stay is not None:
                    register(stay, invoice)
    return opened


def report_usage(resource: Resource, component_type: str, year: int, month: int, usage: Decimal) -> ComponentUsage:
    """The usage of a component in a month is this, whatever was reported before, and it is billed."""
    return bill_usage(_stay(resource, Month(year, month)), component_type, usage)


def bill_usage(stay: Stay, component_type: str, usage: Decimal) -> ComponentUsage:
    """The same for who knows already that the resource is billed in the month."""
    line = _usage_line(stay, component_type)
    if usage < 0:
        raise InvalidFields({"usage": ["Ensure this value is greater than or equal to 0."]})
    invoice = _invoice_of(stay)
    billed = _billed_usage(invoice, stay.resource, line.plan_component)
    if billed is None:
        register_usage(stay, invoice, line, usage)
    else:
        stay.resource.world.invoice_items.put(replace(billed, quantity=usage))
    return _keep_usage(stay, component_type, usage)


def bill_plan_switch(resource: Resource, year: int, month: int) -> list[InvoiceItem]:
    """The fees of changing to the plan that the resource has now stand on the invoice of the month."""
    stay = _stay(resource, Month(year, month))
    return register_plan_switch(stay, _invoice_of(stay))


def close_month(world: World, year: int, month: int) -> list[Invoice]:
    """The pending invoices of the month are finalized on the first day of the next one.

    Credits are applied first. An invoice is `paid` at once if the customer has an active profile with a fixed
    price, and `created` otherwise.
    """
    day = Month(year, month).plus(1).first_day
    closed = []
    for invoice in world.invoices.where("month", (year, month)):
        if invoice.state != "pending":
            continue
        apply_credit(invoice, day)
        profile = active_profile(world, invoice.customer_uuid)
        paid = profile is not None and profile.payment_type == "fixed_price"
        closed.append(world.invoices.put(replace(invoice, state="paid" if paid else "created", invoice_date=day)))
    return closed


def _stay(resource: Resource, month: Month) -> Stay:
    stay = stay_in(resource, month)
    if stay is None:
        raise InvalidFields({"month": [f"The resource is not billed in {month.padded}."]})
    return stay


def _usage_line(stay: Stay, component_type: str) -> Line:
    for line in lines_of(stay.plan):
        if line.component.type == component_type and line.component.billing_type == "usage":
            return line
    raise NotFound("PlanComponent")


def _invoice_of(stay: Stay) -> Invoice:
    customer = stay.resource.customer
    return find_invoice(customer, stay.month) or open_invoice(customer, stay.month)


def _billed_usage(invoice: Invoice, resource: Resource, plan_component: PlanComponent) -> InvoiceItem | None:
    """The item that stands for the usage; compensations of it do not."""
    for item in invoice.all_items:
        same = item.plan_component_id == plan_component.id and item.resource_uuid == resource.uuid
        if same and item.unit_price >= 0:
            return item
    return None


def _keep_usage(stay: Stay, component_type: str, usage: Decimal) -> ComponentUsage:
    world = stay.resource.world
    usages = world.component_usages
    reported = usages.where("billing", (stay.resource.uuid, component_type, *stay.month))
    if reported:
        return usages.put(replace(reported[-1], usage=usage, date=world.now))
    return usages.put(
        ComponentUsage(
            world=world,
            id=usages.next_id,
            uuid=world.new_uuid("component_usage"),
            resource_uuid=stay.resource.uuid,
            component_type=component_type,
            year=stay.month.year,
            month=stay.month.month,
            usage=usage,
            date=world.now,
        )
    )
