"""What is sold, at which price, and what was bought: offerings, plans, resources and reported usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.store import World
    from waldur_billing_mock.mock_server.billing.structure import Customer, Project

BillingType = Literal["fixed", "usage", "limit", "one", "few"]
LimitPeriod = Literal["month", "quarterly", "annual", "total"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """A customer in its part as a seller. Its uuid is its own, not the customer's."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    customer_uuid: str

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.customer_uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What a customer sells."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    name: str
    type: str
    customer_uuid: str
    category_title: str = ""

    @property
    def customer(self) -> Customer:
        """The customer that sells."""
        return self.world.customers.one(self.customer_uuid)

    @property
    def service_provider(self) -> ServiceProvider | None:
        """The selling customer's record as a service provider; not every customer that sells has one."""
        return next(iter(self.world.service_providers.where("customer", self.customer_uuid)), None)

    @property
    def components(self) -> list[OfferingComponent]:
        return self.world.offering_components.where("offering", self.uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferingComponent:
    """A billable part of an offering."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    offering_uuid: str
    type: str
    name: str
    billing_type: BillingType
    measured_unit: str = ""
    limit_period: LimitPeriod | None = None
    article_code: str = ""

    @property
    def offering(self) -> Offering:
        return self.world.offerings.one(self.offering_uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A price list of an offering."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    offering_uuid: str
    name: str
    unit: str
    article_code: str = ""

    @property
    def offering(self) -> Offering:
        return self.world.offerings.one(self.offering_uuid)

    @property
    def components(self) -> list[PlanComponent]:
        return self.world.plan_components.where("plan", self.uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanComponent:
    """The price of one component in one plan. Items refer to it by its integer id."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    plan_uuid: str
    component_uuid: str
    price: Decimal
    amount: int = 0

    @property
    def plan(self) -> Plan:
        return self.world.plans.one(self.plan_uuid)

    @property
    def component(self) -> OfferingComponent:
        return self.world.offering_components.one(self.component_uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The purchased instance. `limits` maps the types of components to what was agreed on."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    name: str
    project_uuid: str
    offering_uuid: str
    plan_uuid: str | None
    created: datetime
    terminated: datetime | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    state: str = "OK"

    @property
    def project(self) -> Project:
        return self.world.projects.one(self.project_uuid)

    @property
    def customer_uuid(self) -> str:
        return self.project.customer_uuid

    @property
    def customer(self) -> Customer:
        """The customer that bought the resource."""
        return self.project.customer

    @property
    def offering(self) -> Offering:
        return self.world.offerings.one(self.offering_uuid)

    @property
    def plan(self) -> Plan | None:
        return self.world.plans.get(self.plan_uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentUsage:
    """What was used of a component of a resource in one month, as it was last reported."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    resource_uuid: str
    component_type: str
    year: int
    month: int
    usage: Decimal
    date: datetime

    @property
    def resource(self) -> Resource:
        return self.world.resources.one(self.resource_uuid)
