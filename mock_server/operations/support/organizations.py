"""Customers and projects as the neighbours show them, with what they cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.figures import current_price, items_of, tax_percent_of
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Resource, ServiceProvider
from waldur_billing_mock.mock_server.billing.money import percent, subtract, total
from waldur_billing_mock.mock_server.billing.payment import PaymentProfile
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.visibility import sees_everything
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.support.common import derived_uuid, slug
from waldur_billing_mock.mock_server.operations.support.users import Grant, grants_on, registered

_PAYMENT_TYPES = {
    "fixed_price": "Fixed-price contract",
    "invoices": "Monthly invoices",
    "payment_gw_monthly": "Payment gateways (monthly)",
}


@dataclass(frozen=True, slots=True)
class NestedPriceEstimate:
    """What the items of one month cost; `current` and `tax_current` as far as the month has passed."""

    total: Decimal
    current: Decimal
    tax: Decimal
    tax_current: Decimal


def estimate(world: World, items: Iterable[InvoiceItem]) -> NestedPriceEstimate:
    """The sums of the items."""
    rows = [(item.price, current_price(item, world.now), tax_percent_of(world, item)) for item in items]
    return NestedPriceEstimate(
        total=total(price for price, _, _ in rows),
        current=total(current for _, current, _ in rows),
        tax=total(percent(price, rate) for price, _, rate in rows),
        tax_current=total(percent(current, rate) for _, current, rate in rows),
    )


class PaymentProfileView(View[PaymentProfile]):
    """A payment profile."""

    attributes: Mapping[str, object] = {}

    @property
    def organization_uuid(self) -> str:
        return self.row.customer_uuid

    @property
    def payment_type_display(self) -> str:
        return _PAYMENT_TYPES[self.row.payment_type]


def profiles_shown(world: World, user: User, customer: Customer) -> Sequence[PaymentProfileView] | None:
    """All of a customer's profiles for staff and support, the active ones for owners; None for others."""
    rows = [PaymentProfileView(world, row) for row in world.payment_profiles.where(customer_uuid=customer.uuid)]
    if sees_everything(user):
        return rows
    if customer.uuid in user.scopes("customer", "CUSTOMER.OWNER"):
        return [profile for profile in rows if profile.row.is_active]
    return None


@dataclass(eq=False)
class CustomerView(View[Customer]):
    """A customer as the user sees it, with the costs of a month."""

    user: User
    month: Month

    abbreviation = native_name = backend_id = registration_code = agreement_number = homepage = ""
    organization_groups: Sequence[object] = ()
    blocked = False
    display_billing_info_in_projects = True

    @property
    def slug(self) -> str:
        return slug(self.row.name)

    @property
    def display_name(self) -> str:
        return self.row.name

    @property
    def payment_profiles(self) -> Sequence[PaymentProfileView] | None:
        return profiles_shown(self.world, self.user, self.row)

    @property
    def billing_price_estimate(self) -> NestedPriceEstimate:
        year, month = self.month
        invoice = self.world.invoices.first(customer_uuid=self.row.uuid, year=year, month=month)
        return estimate(self.world, items_of(self.world, invoice) if invoice else ())

    @property
    def credit(self) -> Decimal | None:
        found = self.world.customer_credits.first(customer_uuid=self.row.uuid)
        return None if found is None else found.value

    @property
    def customer_credit(self) -> str | None:
        return None if self.credit is None else str(self.credit)

    @property
    def customer_unallocated_credit(self) -> str | None:
        return None if self.credit is None else str(subtract(self.credit, allocated(self.world, self.row.uuid)))

    @property
    def provider(self) -> ServiceProvider | None:
        return self.world.service_providers.first(customer_uuid=self.row.uuid)

    @property
    def is_service_provider(self) -> bool:
        return self.provider is not None

    @property
    def service_provider_uuid(self) -> str | None:
        return self.provider.uuid if self.provider else None

    @property
    def projects_count(self) -> int:
        return len(self.world.projects.where(customer_uuid=self.row.uuid))

    @property
    def users_count(self) -> int:
        return len(members(self.world, self.row))


@dataclass(eq=False)
class ProjectView(View[Project]):
    """A project, with the costs of a month."""

    month: Month

    description = backend_id = customer_native_name = customer_abbreviation = ""
    start_date = end_date = type_name = None
    is_removed = is_industry = False
    customer_display_billing_info_in_projects = True

    @property
    def slug(self) -> str:
        return slug(self.row.name)

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.row.customer_uuid)

    @property
    def customer_name(self) -> str:
        return self.customer.name

    @property
    def customer_slug(self) -> str:
        return slug(self.customer.name)

    @property
    def resources(self) -> Sequence[Resource]:
        return self.world.resources.where(project_uuid=self.row.uuid)

    @property
    def created(self) -> datetime:
        return registered(self.world, self.row)

    @property
    def in_use(self) -> Sequence[Resource]:
        return [resource for resource in self.resources if resource.state != "Terminated"]

    @property
    def resources_count(self) -> int:
        return len(self.in_use)

    @property
    def marketplace_resource_count(self) -> Mapping[str, int]:
        return count_by_category(self.world, self.in_use)

    @property
    def billing_price_estimate(self) -> NestedPriceEstimate:
        return estimate(self.world, items_of_project(self.world, self.row.uuid, self.month))

    @property
    def project_credit(self) -> Decimal | None:
        found = self.world.project_credits.first(project_uuid=self.row.uuid)
        return None if found is None else found.value


def items_of_project(world: World, project_uuid: str, month: Month) -> list[InvoiceItem]:
    """The items that are linked to the project, on the invoices of the month."""
    items = world.invoice_items.where(linked_project_uuid=project_uuid)
    return [item for item in items if world.invoices.one(item.invoice_uuid).billed_month == month]


def allocated(world: World, customer_uuid: str) -> Decimal:
    """What the customer's projects have been given of its credit."""
    projects = world.projects.where(customer_uuid=customer_uuid)
    return total(
        credit.value for project in projects for credit in world.project_credits.where(project_uuid=project.uuid)
    )


def count_by_category(world: World, resources: Iterable[Resource]) -> dict[str, int]:
    """How many of the resources there are of each category, by its identifier."""
    counts: dict[str, int] = {}
    for resource in resources:
        title = world.offerings.one(resource.offering_uuid).category_title
        if title:
            uuid = derived_uuid("category", title)
            counts[uuid] = counts.get(uuid, 0) + 1
    return counts


@dataclass(frozen=True)
class NestedProjectPermission:
    """A role in a project."""

    grant: Grant

    expiration_time = None

    @property
    def uuid(self) -> str:
        return self.grant.scope_uuid

    @property
    def name(self) -> str:
        return self.grant.scope_name

    @property
    def role_name(self) -> str:
        return self.grant.role_name


@dataclass(eq=False)
class CustomerUser(View[User]):
    """A user with a role in a customer or in a project of it."""

    role_name: str | None
    projects: Sequence[NestedProjectPermission]

    expiration_time = None


def members(world: World, customer: Customer) -> list[CustomerUser]:
    """The active users with a role in the customer or in one of its projects, in the order in which they came."""
    own = {grant.user_uuid: grant.role_name for grant in grants_on(world, "customer", customer.uuid)}
    of_projects: dict[str, list[NestedProjectPermission]] = {}
    for project in world.projects.where(customer_uuid=customer.uuid):
        for grant in grants_on(world, "project", project.uuid):
            of_projects.setdefault(grant.user_uuid, []).append(NestedProjectPermission(grant))
    return [
        CustomerUser(world, user, own.get(user.uuid), of_projects.get(user.uuid, []))
        for user in world.users
        if user.uuid in own or user.uuid in of_projects
    ]
