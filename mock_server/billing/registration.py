"""How a resource comes onto an invoice: an item for each component of its plan, by its billing type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from mock_server.billing.item import InvoiceItem
from mock_server.billing.money import multiply
from mock_server.billing.period import Month, quantity_for

if TYPE_CHECKING:
    from mock_server.billing.invoice import Invoice
    from mock_server.billing.marketplace import OfferingComponent, Plan, PlanComponent, Resource
    from mock_server.billing.store import Json

_FIRST_MONTHS_OF_QUARTERS = (1, 4, 7, 10)


@dataclass(frozen=True, slots=True)
class Stay:
    """A resource within one month: from its creation or the first instant, to its termination or the last."""

    resource: Resource
    plan: Plan
    month: Month
    start: datetime
    end: datetime

    @property
    def begins(self) -> bool:
        """Whether the resource was created in this month."""
        return Month.of(self.resource.created) == self.month


def stay_in(resource: Resource, month: Month) -> Stay | None:
    """The part of the month that is billed, if any: none without a plan, and outside the resource's life."""
    start = max(resource.created, month.start)
    end = min(resource.terminated or month.end, month.end)
    gone = resource.state == "Terminated" and resource.terminated is None
    if resource.plan is None or start > end or gone or resource.state == "Creating":
        return None
    return Stay(resource, resource.plan, month, start, end)


def register(stay: Stay, invoice: Invoice) -> list[InvoiceItem]:
    """The items of the resource for the month: fixed prices, limits, usage reported so far, one-time fees."""
    items = []
    for plan_component in stay.plan.components:
        match plan_component.component.billing_type:
            case "fixed":
                items.append(_fixed(stay, invoice, plan_component))
            case "limit" if _limit_is_due(stay, plan_component.component):
                items.append(_limit(stay, invoice, plan_component))
            case "usage":
                for usage in _reported(stay, plan_component.component):
                    items.append(register_usage(stay, invoice, plan_component, usage))
            case "one" if stay.begins:
                items.append(_once(stay, invoice, plan_component))
    return items


def register_usage(stay: Stay, invoice: Invoice, plan_component: PlanComponent, usage: Decimal) -> InvoiceItem:
    """The item of a reported usage."""
    name = f"{stay.resource.name} / {plan_component.component.name}"
    return _put(stay, invoice, plan_component, unit="quantity", quantity=usage, name=name)


def register_plan_switch(stay: Stay, invoice: Invoice) -> list[InvoiceItem]:
    """The fees of changing to the plan that the resource has now."""
    return [
        _once(stay, invoice, plan_component)
        for plan_component in stay.plan.components
        if plan_component.component.billing_type == "few"
    ]


def _fixed(stay: Stay, invoice: Invoice, plan_component: PlanComponent) -> InvoiceItem:
    return _put(
        stay,
        invoice,
        plan_component,
        unit=stay.plan.unit,
        quantity=quantity_for(stay.plan.unit, stay.start, stay.end),
        unit_price=multiply(plan_component.price, Decimal(plan_component.amount)),
    )


def _limit_is_due(stay: Stay, component: OfferingComponent) -> bool:
    """A limit of nothing is never billed; a total once, an annual each year, a quarterly each quarter."""
    if not stay.resource.limits.get(component.type):
        return False
    match component.limit_period:
        case "total":
            return stay.begins
        case "annual":
            return stay.month.month == stay.resource.created.month
        case "quarterly":
            return stay.begins or stay.month.month in _FIRST_MONTHS_OF_QUARTERS
        case _:
            return True


def _limit(stay: Stay, invoice: Invoice, plan_component: PlanComponent) -> InvoiceItem:
    component = plan_component.component
    limit = stay.resource.limits[component.type]
    days = int(quantity_for("day", stay.start, stay.end))
    unit = "quantity" if component.limit_period == "total" else stay.plan.unit
    period: Mapping[str, Json] = {
        "start": stay.start.isoformat(),
        "end": stay.end.isoformat(),
        "quantity": limit,
        "billing_periods": days,
        "total": str(limit * days),
    }
    return _put(
        stay,
        invoice,
        plan_component,
        unit=unit,
        quantity=Decimal(limit * days if unit == "day" else limit),
        more_details={"resource_limit_periods": [period]},
    )


def _once(stay: Stay, invoice: Invoice, plan_component: PlanComponent) -> InvoiceItem:
    return _put(stay, invoice, plan_component, unit="quantity", quantity=Decimal(1))


def _reported(stay: Stay, component: OfferingComponent) -> list[Decimal]:
    key = (stay.resource.uuid, component.type, *stay.month)
    return [row.usage for row in stay.resource.world.component_usages.where("billing", key)]


def _put(
    stay: Stay,
    invoice: Invoice,
    plan_component: PlanComponent,
    *,
    unit: str,
    quantity: Decimal,
    unit_price: Decimal | None = None,
    name: str | None = None,
    more_details: Mapping[str, Json] | None = None,
) -> InvoiceItem:
    world, resource, component = invoice.world, stay.resource, plan_component.component
    return world.invoice_items.put(
        InvoiceItem(
            world=world,
            id=world.new_id(world.invoice_items),
            uuid=world.new_uuid("invoice_item"),
            invoice_uuid=invoice.uuid,
            start=stay.start,
            end=stay.end,
            name=name or f"{resource.name} ({resource.offering.name} / {stay.plan.name}) / {component.name}",
            unit_price=plan_component.price if unit_price is None else unit_price,
            quantity=quantity,
            unit=unit,
            measured_unit=component.measured_unit,
            article_code=component.article_code or stay.plan.article_code,
            details=world.shared(
                (resource.uuid, plan_component.id), {**_details(stay, plan_component), **(more_details or {})}
            ),
            resource_uuid=resource.uuid,
            linked_project_uuid=resource.project_uuid,
            plan_component_id=plan_component.id,
            stored_project_name=resource.project.name,
            stored_project_uuid=resource.project_uuid,
        )
    )


def _details(stay: Stay, plan_component: PlanComponent) -> Mapping[str, Json]:
    """What the item keeps of resource, plan and offering, should they change or vanish later."""
    resource, plan, component = stay.resource, stay.plan, plan_component.component
    offering, provider = resource.offering, resource.offering.service_provider
    return {
        "resource_name": resource.name,
        "resource_uuid": resource.uuid,
        "plan_name": plan.name,
        "plan_uuid": plan.uuid,
        "offering_type": offering.type,
        "offering_name": offering.name,
        "offering_uuid": offering.uuid,
        "service_provider_name": offering.customer.name,
        "service_provider_uuid": provider.uuid if provider else "",
        "plan_component_id": plan_component.id,
        "offering_component_type": component.type,
        "offering_component_name": component.name,
    }
