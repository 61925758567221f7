"""Waldur's monthly job: invoices are opened and filled, usage comes in, and invoices are finalized."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.compensation import apply_credit
from waldur_billing_mock.mock_server.billing.faults import InvalidFields, NotFound
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.history import has_history, record
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import active_profile, find_invoice, open_invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage, Resource
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.registration import (
    BilledPeriod,
    PlanLine,
    billed_period,
    plan_lines,
    register,
    register_plan_switch,
    register_usage,
)
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import replace


def open_month(world: World, month: Month) -> list[Invoice]:
    """Every customer that is not archived has a pending invoice of the month, with all that is billable.

    Returned are the invoices that were opened; one that is there already is left as it is.
    """
    opened = []
    for customer in world.customers:
        if customer.archived or find_invoice(world, customer.uuid, month) is not None:
            continue
        invoice = open_invoice(world, customer, month)
        opened.append(invoice)
        for project in world.projects.where(customer_uuid=customer.uuid):
            for resource in world.resources.where(project_uuid=project.uuid):
                period = billed_period(world, resource, month)
                if period is not None:
                    register(world, period, invoice)
    return opened


def report_usage(world: World, resource: Resource, component_type: str, month: Month, usage: Decimal) -> ComponentUsage:
    """The usage of a component in a month is this, whatever was reported before, and it is billed."""
    return bill_usage(world, _billed(world, resource, month), component_type, usage)


def bill_usage(world: World, period: BilledPeriod, component_type: str, usage: Decimal) -> ComponentUsage:
    """The same for who knows already that the resource is billed in the month."""
    line = _usage_line(world, period, component_type)
    if usage < 0:
        raise InvalidFields({"usage": ["Ensure this value is greater than or equal to 0."]})
    invoice = _invoice_of(world, period)
    billed = _billed_usage(world, invoice, period.resource, line)
    if billed is None:
        register_usage(world, period, invoice, line, usage)
    else:
        world.put(replace(billed, quantity=usage))
    return _record_usage(world, period, component_type, usage)


def bill_plan_switch(world: World, resource: Resource, month: Month) -> list[InvoiceItem]:
    """The fees of changing to the plan that the resource has now are on the invoice of the month."""
    period = _billed(world, resource, month)
    return register_plan_switch(world, period, _invoice_of(world, period))


def close_month(world: World, month: Month) -> list[Invoice]:
    """The pending invoices of the month are finalized on the first day of the next one."""
    pending = (row for row in world.invoices.where(year=month.year, month=month.month) if row.state == "pending")
    return [finalize(world, invoice, month.plus(1).first_day)[0] for invoice in pending]


def suspend(world: World, invoice: Invoice) -> Invoice:
    """A pending invoice, whose month is over, waits for the end of the grace period; it can still be changed."""
    waiting = world.put(replace(invoice, state="pending_finalization"))
    if has_history(world, invoice):
        record(world, invoice, None, "Waiting to be finalized.")
    return waiting


def finalize(world: World, invoice: Invoice, day: date) -> tuple[Invoice, list[InvoiceItem]]:
    """An invoice that is pending, or waits to be finalized, gets its date and is open no more.

    Also returned are the items with which a credit pays. Credits are applied first. The invoice is `paid` at once if
    the customer has an active profile with a fixed price, and `created` otherwise.
    """
    credits = apply_credit(world, invoice, day)
    profile = active_profile(world, invoice.customer_uuid)
    paid = profile is not None and profile.payment_type == "fixed_price"
    finalized = world.put(replace(invoice, state="paid" if paid else "created", invoice_date=day))
    if has_history(world, invoice):
        record(world, invoice, None, "Finalized.")
    return finalized, credits


def _billed(world: World, resource: Resource, month: Month) -> BilledPeriod:
    period = billed_period(world, resource, month)
    if period is None:
        raise InvalidFields({"month": [f"The resource is not billed in {month.padded}."]})
    return period


def _usage_line(world: World, period: BilledPeriod, component_type: str) -> PlanLine:
    for line in plan_lines(world, period.plan):
        if line.component.type == component_type and line.component.billing_type == "usage":
            return line
    raise NotFound("PlanComponent")


def _invoice_of(world: World, period: BilledPeriod) -> Invoice:
    customer_uuid = world.projects.one(period.resource.project_uuid).customer_uuid
    found = find_invoice(world, customer_uuid, period.month)
    return found or open_invoice(world, world.customers.one(customer_uuid), period.month)


def _billed_usage(world: World, invoice: Invoice, resource: Resource, line: PlanLine) -> InvoiceItem | None:
    """The item of the usage; its compensations do not count."""
    for item in items_of(world, invoice):
        same = item.plan_component_id == line.plan_component.id and item.resource_uuid == resource.uuid
        if same and item.unit_price >= 0:
            return item
    return None


def _record_usage(world: World, period: BilledPeriod, component_type: str, usage: Decimal) -> ComponentUsage:
    reported = world.component_usages.where(
        resource_uuid=period.resource.uuid,
        component_type=component_type,
        year=period.month.year,
        month=period.month.month,
    )
    if reported:
        return world.put(replace(reported[-1], usage=usage, date=world.now))
    return world.put(
        ComponentUsage(
            id=world.component_usages.next_id,
            uuid=world.new_uuid("component_usage"),
            resource_uuid=period.resource.uuid,
            component_type=component_type,
            year=period.month.year,
            month=period.month.month,
            usage=usage,
            date=world.now,
        )
    )
