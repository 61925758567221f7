"""What is sold and what was bought, as the neighbours show it. A link that the caller may not follow is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from waldur_billing_mock.mock_server.billing.marketplace import (
    Offering,
    OfferingComponent,
    Plan,
    Resource,
    ServiceProvider,
)
from waldur_billing_mock.mock_server.billing.money import ZERO, add, multiply, total
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.visibility import can_see_customer, can_see_project, sees_everything
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.support.common import derived_uuid, slug
from waldur_billing_mock.mock_server.operations.support.usage import usages_of_month

S = TypeVar("S", Offering, ServiceProvider)

_SELLERS = ("CUSTOMER.OWNER", "CUSTOMER.MANAGER")


@dataclass(frozen=True)
class Category:
    """A kind of offerings. It is no row: offerings have its title."""

    title: str
    offering_count: int = 0

    description = ""
    icon = group = None

    @property
    def uuid(self) -> str:
        return derived_uuid("category", self.title)

    @property
    def available_offerings_count(self) -> int:
        return self.offering_count


def categories(world: World) -> list[Category]:
    """Every category, by its title."""
    titles = [offering.category_title for offering in world.offerings if offering.category_title]
    return [Category(title, titles.count(title)) for title in sorted(set(titles))]


class ComponentView(View[OfferingComponent]):
    """A billable part of an offering."""

    description = ""
    factor = None


class PlanView(View[Plan]):
    """A price list of an offering."""

    description = ""
    archived = False

    @property
    def components(self) -> Sequence[tuple[OfferingComponent, Decimal, int]]:
        """Each component with its price and the amount that is included."""
        rows = self.world.plan_components.where(plan_uuid=self.row.uuid)
        return [(self.world.offering_components.one(row.component_uuid), row.price, row.amount) for row in rows]

    @property
    def unit_price(self) -> Decimal:
        """What the fixed components cost in one unit of time."""
        fixed = (found for found in self.components if found[0].billing_type == "fixed")
        return total(multiply(price, Decimal(amount)) for _, price, amount in fixed)

    @property
    def prices(self) -> Mapping[str, str]:
        return {component.type: str(price) for component, price, _ in self.components}

    @property
    def quotas(self) -> Mapping[str, int]:
        return {component.type: amount for component, _, amount in self.components}


@dataclass(eq=False)
class _SellerView(View[S]):
    """A row of a customer that sells, as the user sees it."""

    user: User

    @property
    def seller(self) -> Customer:
        return self.world.customers.one(self.row.customer_uuid)

    @property
    def shown_customer(self) -> Customer | None:
        return self.seller if can_see_customer(self.world, self.user, self.seller) else None

    @property
    def created(self) -> datetime:
        """The registration of the seller, as the world has no dates of offerings and service providers."""
        return self.seller.created

    @property
    def customer_name(self) -> str:
        return self.seller.name


class OfferingView(_SellerView[Offering]):
    """An offering as the user sees it."""

    description = ""
    state = "Active"
    shared = billable = True

    @property
    def slug(self) -> str:
        return slug(self.row.name)

    @property
    def kind(self) -> Category | None:
        return Category(self.row.category_title) if self.row.category_title else None

    @property
    def category_uuid(self) -> str | None:
        return self.kind.uuid if self.kind else None

    @property
    def category_title(self) -> str | None:
        return self.row.category_title or None

    @property
    def components(self) -> Sequence[ComponentView]:
        rows = self.world.offering_components.where(offering_uuid=self.row.uuid)
        return [ComponentView(self.world, row) for row in rows]

    @property
    def plans(self) -> Sequence[PlanView]:
        return [PlanView(self.world, row) for row in self.world.plans.where(offering_uuid=self.row.uuid)]


class ServiceProviderView(_SellerView[ServiceProvider]):
    """A customer that sells, as the user sees it."""

    description = customer_native_name = customer_abbreviation = ""
    organization_groups: Sequence[object] = ()

    @property
    def customer_slug(self) -> str:
        return slug(self.seller.name)

    @property
    def customer_country(self) -> str:
        return self.seller.country

    @property
    def offerings(self) -> Sequence[Offering]:
        return self.world.offerings.where(customer_uuid=self.row.customer_uuid)

    @property
    def offering_count(self) -> int:
        return len(self.offerings)

    @property
    def sold(self) -> Sequence[Resource]:
        """The resources of all offerings."""
        return [row for found in self.offerings for row in self.world.resources.where(offering_uuid=found.uuid)]


@dataclass(eq=False)
class ResourceView(View[Resource]):
    """A resource as the user sees it."""

    user: User

    offering_billable = True

    @property
    def slug(self) -> str:
        return slug(self.row.name)

    @property
    def modified(self) -> datetime:
        return self.row.terminated or self.row.created

    @property
    def current_usages(self) -> Mapping[str, str]:
        used = usages_of_month(self.world, self.row, Month.of(self.world.now))
        return {component: str(usage) for component, usage in used.items()}

    @property
    def project(self) -> Project:
        return self.world.projects.one(self.row.project_uuid)

    @property
    def shown_project(self) -> Project | None:
        return self.project if can_see_project(self.user, self.project) else None

    @property
    def project_name(self) -> str:
        return self.project.name

    @property
    def customer_uuid(self) -> str:
        return self.project.customer_uuid

    @property
    def customer_name(self) -> str:
        return self.world.customers.one(self.project.customer_uuid).name

    @property
    def offering(self) -> OfferingView:
        return OfferingView(self.world, self.world.offerings.one(self.row.offering_uuid), self.user)

    @property
    def offering_name(self) -> str:
        return self.offering.row.name

    @property
    def offering_type(self) -> str:
        return self.offering.row.type

    @property
    def category_uuid(self) -> str | None:
        return self.offering.category_uuid

    @property
    def category_title(self) -> str | None:
        return self.offering.category_title

    @property
    def provider_uuid(self) -> str:
        return self.offering.row.customer_uuid

    @property
    def provider_name(self) -> str:
        return self.offering.customer_name

    @property
    def plan(self) -> Plan | None:
        return self.world.plans.get(self.row.plan_uuid)

    @property
    def plan_name(self) -> str | None:
        return self.plan.name if self.plan else None

    @property
    def plan_unit(self) -> str | None:
        return self.plan.unit if self.plan else None


def sells(user: User, customer_uuid: str) -> bool:
    """Whether the user may act for the customer as a seller."""
    return user.is_staff or customer_uuid in user.scopes("customer", *_SELLERS)


def can_see_resource(world: World, user: User, resource: Resource) -> bool:
    """Those who see the project that bought it, those who act for the seller, and managers of the offering."""
    if sees_everything(user) or can_see_project(user, world.projects.one(resource.project_uuid)):
        return True
    offering = world.offerings.one(resource.offering_uuid)
    return sells(user, offering.customer_uuid) or offering.uuid in user.scopes("offering")


def revenue_of(world: World, provider: ServiceProviderView, months: Sequence[Month]) -> Mapping[Month, Decimal]:
    """What the items of the provider's resources cost on the invoices of the months; months without an item are out."""
    sums: dict[Month, Decimal] = {}
    for resource in provider.sold:
        for item in world.invoice_items.where(resource_uuid=resource.uuid):
            month = world.invoices.one(item.invoice_uuid).billed_month
            if month in months:
                sums[month] = add(sums.get(month, ZERO), item.value)
    return dict(sorted(sums.items()))
