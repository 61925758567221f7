"""What is sold, at which price, and what was bought: offerings, plans, resources and reported usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.tables import ForeignKey, Options, row_class

BillingType = Literal["fixed", "usage", "limit", "one", "few"]
LimitPeriod = Literal["month", "quarterly", "annual", "total"]


@row_class(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """A customer in its part as a seller. Its uuid is its own, not the customer's."""

    id: int
    uuid: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]

    table: ClassVar[Options] = Options(unique=(("customer_uuid",),))


@row_class(frozen=True, slots=True, kw_only=True)
class Offering:
    """What a customer sells."""

    id: int
    uuid: str
    name: str
    type: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]
    category_title: str = ""


@row_class(frozen=True, slots=True, kw_only=True)
class OfferingComponent:
    """A billable part of an offering."""

    id: int
    uuid: str
    offering_uuid: Annotated[str, ForeignKey(Offering)]
    type: str
    name: str
    billing_type: BillingType
    measured_unit: str = ""
    limit_period: LimitPeriod | None = None
    article_code: str = ""


@row_class(frozen=True, slots=True, kw_only=True)
class Plan:
    """A price list of an offering."""

    id: int
    uuid: str
    offering_uuid: Annotated[str, ForeignKey(Offering)]
    name: str
    unit: str
    article_code: str = ""


@row_class(frozen=True, slots=True, kw_only=True)
class PlanComponent:
    """The price of one component in one plan. Items refer to it by its integer id."""

    id: int
    uuid: str
    plan_uuid: Annotated[str, ForeignKey(Plan)]
    component_uuid: Annotated[str, ForeignKey(OfferingComponent)]
    price: Decimal
    amount: int = 0


@row_class(frozen=True, slots=True, kw_only=True)
class Resource:
    """The purchased instance. `limits` maps the types of components to what was agreed on."""

    id: int
    uuid: str
    name: str
    project_uuid: Annotated[str, ForeignKey(Project)]
    offering_uuid: Annotated[str, ForeignKey(Offering)]
    plan_uuid: Annotated[str | None, ForeignKey(Plan)]
    created: datetime
    terminated: datetime | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    state: str = "OK"


@row_class(frozen=True, slots=True, kw_only=True)
class ComponentUsage:
    """What was used of a component of a resource in one month, as it was last reported."""

    id: int
    uuid: str
    resource_uuid: Annotated[str, ForeignKey(Resource)]
    component_type: str
    year: int
    month: int
    usage: Decimal
    date: datetime

    table: ClassVar[Options] = Options(keys=("component_type", "year", "month"))
