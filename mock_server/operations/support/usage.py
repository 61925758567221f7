"""What resources are made of and what was used of them, as the neighbours show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage, Offering, OfferingComponent, Resource
from waldur_billing_mock.mock_server.billing.money import ZERO, add, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStats:
    """One component of an offering over several resources; figures are cut to whole numbers."""

    type: str
    name: str
    offering_name: str
    offering_uuid: str
    measured_unit: str
    billing_type: str
    usage: int
    limit: int
    limit_usage: int
    usage_terminated: int
    limit_usage_terminated: int
    description: str = ""


def component_stats(
    world: World, resources: Iterable[Resource], *, for_current_month: bool, include_terminated: bool
) -> list[ComponentStats]:
    """A row for each component of what the resources are of; ended ones count where they are included."""
    of_offerings: dict[str, list[Resource]] = {}
    for resource in resources:
        if include_terminated or resource.state != "Terminated":
            of_offerings.setdefault(resource.offering_uuid, []).append(resource)
    month = Month.of(world.now) if for_current_month else None
    return [
        _stats(world, world.offerings.one(uuid), component, rows, month)
        for uuid, rows in of_offerings.items()
        for component in world.offering_components.where(offering_uuid=uuid)
    ]


def _stats(
    world: World, offering: Offering, component: OfferingComponent, resources: list[Resource], month: Month | None
) -> ComponentStats:
    ended = [resource for resource in resources if resource.state == "Terminated"]
    return ComponentStats(
        type=component.type,
        name=component.name,
        offering_name=offering.name,
        offering_uuid=offering.uuid,
        measured_unit=component.measured_unit,
        billing_type=component.billing_type,
        usage=int(_used(world, resources, component, month)),
        limit=_limit(resources, component),
        limit_usage=_limit(resources, component),
        usage_terminated=int(_used(world, ended, component, month)),
        limit_usage_terminated=_limit(ended, component),
    )


def _limit(resources: Iterable[Resource], component: OfferingComponent) -> int:
    return sum(resource.limits.get(component.type, 0) for resource in resources)


def _used(world: World, resources: Iterable[Resource], component: OfferingComponent, month: Month | None) -> Decimal:
    """What was used of the component in the month, or ever."""
    uuids = {resource.uuid for resource in resources}
    if month is not None:
        return total(row.usage for uuid in uuids for row in _reported(world, uuid, component, month))
    rows = (row for row in world.component_usages if row.component_type == component.type)
    return total(row.usage for row in rows if row.resource_uuid in uuids)


def _reported(world: World, resource_uuid: str, component: OfferingComponent, month: Month) -> list[ComponentUsage]:
    """What was reported of a component of the resource for the month."""
    return world.component_usages.where(
        resource_uuid=resource_uuid, component_type=component.type, year=month.year, month=month.month
    )


class ComponentUsageView(View[ComponentUsage]):
    """What was used of a component of a resource in one month."""

    description = ""
    recurring = False

    @property
    def created(self) -> datetime:
        return self.row.date

    @property
    def billing_period(self) -> date:
        return Month(self.row.year, self.row.month).first_day

    @property
    def type(self) -> str:
        return self.row.component_type

    @property
    def component(self) -> OfferingComponent | None:
        """The component of the offering, unless it was sold with the resource and is no more."""
        components = self.world.offering_components.where(offering_uuid=self.resource.offering_uuid)
        return next((found for found in components if found.type == self.row.component_type), None)

    @property
    def name(self) -> str:
        return self.component.name if self.component else self.row.component_type

    @property
    def measured_unit(self) -> str:
        return self.component.measured_unit if self.component else ""

    @property
    def resource(self) -> Resource:
        return self.world.resources.one(self.row.resource_uuid)

    @property
    def project(self) -> Project:
        return self.world.projects.one(self.resource.project_uuid)

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.project.customer_uuid)

    @property
    def resource_name(self) -> str:
        return self.resource.name

    @property
    def offering_uuid(self) -> str:
        return self.resource.offering_uuid

    @property
    def offering_name(self) -> str:
        return self.world.offerings.one(self.resource.offering_uuid).name

    @property
    def project_uuid(self) -> str:
        return self.project.uuid

    @property
    def project_name(self) -> str:
        return self.project.name

    @property
    def customer_uuid(self) -> str:
        return self.customer.uuid

    @property
    def customer_name(self) -> str:
        return self.customer.name


def usages_of_month(world: World, resource: Resource, month: Month) -> dict[str, Decimal]:
    """What was used of the resource in the month, by component."""
    used: dict[str, Decimal] = {}
    for component in world.offering_components.where(offering_uuid=resource.offering_uuid):
        for row in _reported(world, resource.uuid, component, month):
            used[component.type] = add(used.get(component.type, ZERO), row.usage)
    return used
