"""How a resource comes onto an invoice: an item for each component of its plan, by its billing type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.money import multiply, whole
from waldur_billing_mock.mock_server.billing.period import Month, quantity_for

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.marketplace import OfferingComponent, Plan, PlanComponent, Resource
    from waldur_billing_mock.mock_server.billing.store import Json

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
    plan, last = resource.plan, month.end
    start = max(resource.created, month.start)
    end = min(resource.terminated or last, last)
    gone = resource.state == "Terminated" and resource.terminated is None
    if plan is None or start > end or gone or resource.state == "Creating":
        return None
    return Stay(resource, plan, month, start, end)


@dataclass(frozen=True, slots=True)
class Line:
    """What all items of one component of a plan have in common; `details` are those that tell of no resource."""

    plan_component: PlanComponent
    component: OfferingComponent
    title: str
    article_code: str
    fixed_price: Decimal
    details: Mapping[str, Json]


def lines_of(plan: Plan) -> Sequence[Line]:
    """A line for each component of the plan. The world keeps them until a row changes from which they follow."""
    kept = plan.world.lines.get(plan.uuid)
    if kept is None:
        kept = plan.world.lines[plan.uuid] = tuple(_line(plan, found, found.component) for found in plan.components)
    return kept


def register(stay: Stay, invoice: Invoice) -> list[InvoiceItem]:
    """The items of the resource for the month: fixed prices, limits, usage reported so far, one-time fees."""
    items = []
    for line in lines_of(stay.plan):
        match line.component.billing_type:
            case "fixed":
                items.append(_fixed(stay, invoice, line))
            case "limit" if _limit_is_due(stay, line.component):
                items.append(_limit(stay, invoice, line))
            case "usage":
                for usage in _reported(stay, line.component):
                    items.append(register_usage(stay, invoice, line, usage))
            case "one" if stay.begins:
                items.append(_once(stay, invoice, line))
    return items


def register_usage(stay: Stay, invoice: Invoice, line: Line, usage: Decimal) -> InvoiceItem:
    """The item of a reported usage."""
    name = f"{stay.resource.name} / {line.component.name}"
    return _put(stay, invoice, line, unit="quantity", quantity=usage, name=name)


def register_plan_switch(stay: Stay, invoice: Invoice) -> list[InvoiceItem]:
    """The fees of changing to the plan that the resource has now."""
    return [_once(stay, invoice, line) for line in lines_of(stay.plan) if line.component.billing_type == "few"]


def _fixed(stay: Stay, invoice: Invoice, line: Line) -> InvoiceItem:
    return _put(
        stay,
        invoice,
        line,
        unit=stay.plan.unit,
        quantity=quantity_for(stay.plan.unit, stay.start, stay.end),
        unit_price=line.fixed_price,
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


def _limit(stay: Stay, invoice: Invoice, line: Line) -> InvoiceItem:
    component = line.component
    limit = stay.resource.limits[component.type]
    days = int(quantity_for("day", stay.start, stay.end))
    unit = "quantity" if component.limit_period == "total" else stay.plan.unit
    return _put(
        stay,
        invoice,
        line,
        unit=unit,
        quantity=whole(limit * days if unit == "day" else limit),
        more_details=_limit_details(stay.start, stay.end, limit, days),
    )


@lru_cache(maxsize=1024)
def _limit_details(start: datetime, end: datetime, limit: int, days: int) -> Mapping[str, Json]:
    """Those of the same limit in the same month are one and the same value."""
    period: Mapping[str, Json] = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "quantity": limit,
        "billing_periods": days,
        "total": str(limit * days),
    }
    return {"resource_limit_periods": [period]}


def _once(stay: Stay, invoice: Invoice, line: Line) -> InvoiceItem:
    return _put(stay, invoice, line, unit="quantity", quantity=whole(1))


def _reported(stay: Stay, component: OfferingComponent) -> list[Decimal]:
    key = (stay.resource.uuid, component.type, *stay.month)
    return [row.usage for row in stay.resource.world.component_usages.where("billing", key)]


def _put(
    stay: Stay,
    invoice: Invoice,
    line: Line,
    *,
    unit: str,
    quantity: Decimal,
    unit_price: Decimal | None = None,
    name: str | None = None,
    more_details: Mapping[str, Json] | None = None,
) -> InvoiceItem:
    world, resource, component = invoice.world, stay.resource, line.component
    details = {"resource_name": resource.name, "resource_uuid": resource.uuid, **line.details, **(more_details or {})}
    return world.invoice_items.put(
        InvoiceItem(
            world=world,
            id=world.invoice_items.next_id,
            uuid=world.new_uuid("invoice_item"),
            invoice_uuid=invoice.uuid,
            start=stay.start,
            end=stay.end,
            # The same every month, and so held in memory once.
            name=intern(name or f"{resource.name} {line.title}"),
            unit_price=line.plan_component.price if unit_price is None else unit_price,
            quantity=quantity,
            unit=unit,
            measured_unit=component.measured_unit,
            article_code=line.article_code,
            details=world.shared((resource.uuid, line.plan_component.id), details),
            resource_uuid=resource.uuid,
            linked_project_uuid=resource.project_uuid,
            plan_component_id=line.plan_component.id,
            stored_project_name=resource.project.name,
            stored_project_uuid=resource.project_uuid,
        )
    )


def _line(plan: Plan, plan_component: PlanComponent, component: OfferingComponent) -> Line:
    offering = plan.offering
    provider = offering.service_provider
    return Line(
        plan_component=plan_component,
        component=component,
        title=f"({offering.name} / {plan.name}) / {component.name}",
        article_code=component.article_code or plan.article_code,
        fixed_price=multiply(plan_component.price, Decimal(plan_component.amount)),
        # What the item keeps of plan and offering, should they change or vanish later.
        details={
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
        },
    )
