"""How a resource gets onto an invoice: an item for each component of its plan, by its billing type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import (
    Offering,
    OfferingComponent,
    Plan,
    PlanComponent,
    Resource,
    ServiceProvider,
)
from waldur_billing_mock.mock_server.billing.money import multiply, whole
from waldur_billing_mock.mock_server.billing.period import Month, quantity_for
from waldur_billing_mock.mock_server.billing.structure import Customer, Json
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Cache, Row

_FIRST_MONTHS_OF_QUARTERS = (1, 4, 7, 10)
_SHOWN_BY_PLAN_LINES = (Customer, ServiceProvider, Offering, OfferingComponent, Plan, PlanComponent)


@dataclass(frozen=True, slots=True)
class BilledPeriod:
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


def billed_period(world: World, resource: Resource, month: Month) -> BilledPeriod | None:
    """The part of the month that is billed, if any: none without a plan, and outside the resource's life."""
    plan = world.plans.get(resource.plan_uuid)
    start = max(resource.created, month.start)
    end = month.end if resource.terminated is None else min(resource.terminated, month.end)
    gone = resource.state == "Terminated" and resource.terminated is None
    if plan is None or start > end or gone or resource.state == "Creating":
        return None
    return BilledPeriod(resource, plan, month, start, end)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What all items of one component of a plan have in common; `details` are those that do not name a resource."""

    plan_component: PlanComponent
    component: OfferingComponent
    title: str
    article_code: str
    fixed_price: Decimal
    details: Mapping[str, Json]


_READ_BY_LINES: Final = frozenset((Customer, ServiceProvider, Offering, OfferingComponent, Plan, PlanComponent))


class PlanLines(Cache[str, Sequence[PlanLine]]):
    """The lines of plans by uuid. All are dropped when a row changes from which they follow."""

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        if type(after or before) in _READ_BY_LINES:
            super().clear()

    def clear(self) -> None:
        """Lines depend on rows only."""


@dataclass(frozen=True, slots=True)
class ItemTexts:
    """What the items of a plan line of a resource repeat from month to month; `more` are details of some months."""

    resource: Resource
    line: PlanLine
    more: Mapping[str, Json] | None
    name: str
    details: Mapping[str, Json]


class SharedTexts(Cache[tuple[str, int], ItemTexts]):
    """The latest names and details by resource and plan component, so that equal ones are held in memory once."""

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        """The rows that texts are made of are compared before the texts are shared."""

    def clear(self) -> None:
        """See `changed`."""

    def of(self, resource: Resource, line: PlanLine, more: Mapping[str, Json] | None) -> ItemTexts:
        key = (resource.uuid, line.plan_component.id)
        known = self.get(key)
        if known is not None and known.resource is resource and known.line is line and known.more is more:
            return known
        name, details = _name(resource, line), _details(resource, line, more)
        if known is not None:
            name = known.name if known.name == name else name
            details = known.details if known.details == details else details
        return self.set(key, ItemTexts(resource, line, more, name, details))


def _name(resource: Resource, line: PlanLine) -> str:
    if line.component.billing_type == "usage":
        return f"{resource.name} / {line.component.name}"
    return f"{resource.name} {line.title}"


def _details(resource: Resource, line: PlanLine, more: Mapping[str, Json] | None) -> Mapping[str, Json]:
    return {"resource_name": resource.name, "resource_uuid": resource.uuid, **line.details, **(more or {})}


def plan_lines(world: World, plan: Plan) -> Sequence[PlanLine]:
    """A line for each component of the plan."""
    cache = world.listener(PlanLines)
    found = cache.get(plan.uuid)
    if found is None:
        components = world.plan_components.where(plan_uuid=plan.uuid)
        found = cache.set(plan.uuid, tuple(_plan_line(world, plan, component) for component in components))
    return found


def register(world: World, period: BilledPeriod, invoice: Invoice) -> list[InvoiceItem]:
    """The items of the resource for the month: fixed prices, limits, usage reported so far, one-time fees."""
    items = []
    for line in plan_lines(world, period.plan):
        match line.component.billing_type:
            case "fixed":
                items.append(_fixed(world, period, invoice, line))
            case "limit" if _limit_is_due(period, line.component):
                items.append(_limit(world, period, invoice, line))
            case "usage":
                for usage in _reported(world, period, line.component):
                    items.append(register_usage(world, period, invoice, line, usage))
            case "one" if period.begins:
                items.append(_once(world, period, invoice, line))
    return items


def register_usage(world: World, period: BilledPeriod, invoice: Invoice, line: PlanLine, usage: Decimal) -> InvoiceItem:
    """The item of a reported usage."""
    return _put(world, period, invoice, line, unit="quantity", quantity=usage)


def register_plan_switch(world: World, period: BilledPeriod, invoice: Invoice) -> list[InvoiceItem]:
    """The fees of changing to the plan that the resource has now."""
    lines = plan_lines(world, period.plan)
    return [_once(world, period, invoice, line) for line in lines if line.component.billing_type == "few"]


def _fixed(world: World, period: BilledPeriod, invoice: Invoice, line: PlanLine) -> InvoiceItem:
    return _put(
        world,
        period,
        invoice,
        line,
        unit=period.plan.unit,
        quantity=quantity_for(period.plan.unit, period.start, period.end),
        unit_price=line.fixed_price,
    )


def _limit_is_due(period: BilledPeriod, component: OfferingComponent) -> bool:
    """A limit of nothing is never billed; a total once, an annual each year, a quarterly each quarter."""
    if not period.resource.limits.get(component.type):
        return False
    match component.limit_period:
        case "total":
            return period.begins
        case "annual":
            return period.month.month == period.resource.created.month
        case "quarterly":
            return period.begins or period.month.month in _FIRST_MONTHS_OF_QUARTERS
        case _:
            return True


def _limit(world: World, period: BilledPeriod, invoice: Invoice, line: PlanLine) -> InvoiceItem:
    component = line.component
    limit = period.resource.limits[component.type]
    days = int(quantity_for("day", period.start, period.end))
    unit = "quantity" if component.limit_period == "total" else period.plan.unit
    return _put(
        world,
        period,
        invoice,
        line,
        unit=unit,
        quantity=whole(limit * days if unit == "day" else limit),
        more_details=_limit_details(period.start, period.end, limit, days),
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


def _once(world: World, period: BilledPeriod, invoice: Invoice, line: PlanLine) -> InvoiceItem:
    return _put(world, period, invoice, line, unit="quantity", quantity=whole(1))


def _reported(world: World, period: BilledPeriod, component: OfferingComponent) -> list[Decimal]:
    usages = world.component_usages.where(
        resource_uuid=period.resource.uuid,
        component_type=component.type,
        year=period.month.year,
        month=period.month.month,
    )
    return [row.usage for row in usages]


def _put(
    world: World,
    period: BilledPeriod,
    invoice: Invoice,
    line: PlanLine,
    *,
    unit: str,
    quantity: Decimal,
    unit_price: Decimal | None = None,
    more_details: Mapping[str, Json] | None = None,
) -> InvoiceItem:
    resource, component = period.resource, line.component
    texts = world.listener(SharedTexts).of(resource, line, more_details)
    return world.put(
        InvoiceItem(
            id=world.invoice_items.next_id,
            uuid=world.new_uuid("invoice_item"),
            invoice_uuid=invoice.uuid,
            start=period.start,
            end=period.end,
            name=texts.name,
            unit_price=line.plan_component.price if unit_price is None else unit_price,
            quantity=quantity,
            unit=unit,
            measured_unit=component.measured_unit,
            article_code=line.article_code,
            details=texts.details,
            resource_uuid=resource.uuid,
            linked_project_uuid=resource.project_uuid,
            plan_component_id=line.plan_component.id,
            stored_project_name=world.projects.one(resource.project_uuid).name,
            stored_project_uuid=resource.project_uuid,
        )
    )


def _plan_line(world: World, plan: Plan, plan_component: PlanComponent) -> PlanLine:
    component = world.offering_components.one(plan_component.component_uuid)
    offering = world.offerings.one(plan.offering_uuid)
    provider = world.service_providers.first(customer_uuid=offering.customer_uuid)
    return PlanLine(
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
            "service_provider_name": world.customers.one(offering.customer_uuid).name,
            "service_provider_uuid": provider.uuid if provider else "",
            "plan_component_id": plan_component.id,
            "offering_component_type": component.type,
            "offering_component_name": component.name,
        },
    )
