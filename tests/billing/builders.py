"""A small world for tests of billing, in November 2025: a university buys from a provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import overload

from tests.views import view
from waldur_billing_mock.mock_server.billing.credit import CustomerCredit
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import open_invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import (
    BillingType,
    LimitPeriod,
    Offering,
    OfferingComponent,
    Plan,
    PlanComponent,
    Resource,
    ServiceProvider,
)
from waldur_billing_mock.mock_server.billing.payment import PaymentProfile, PaymentType
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, Role, ScopeType, User
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView
from waldur_billing_mock.mock_server.billing.world import World

NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)
NOVEMBER = Month(2025, 11)
SINCE = datetime(2025, 6, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    """The instant of a year, month, day and, if given, hour, minute, second and microsecond."""
    year, month, day, hour, minute, second, microsecond = (*parts, 0, 0, 0, 0)[:7]
    return datetime(year, month, day, hour, minute, second, microsecond, UTC)


class Builder:
    """Rows with few words. `customer` buys in `project`; `provider` sells `offering` under the plan `plan`."""

    def __init__(self, now: datetime = NOW) -> None:
        phone = {"country_code": "372", "national_number": "5555"}
        self.world = World(now=now, seed=7, issuer_details={"company": "Issuer", "phone": phone})
        self.customer = self.add_customer("University", tax="22")
        self.provider = self.add_customer("CloudWorks", tax="0")
        self.project = self.add_project(self.customer, "Climate")
        self.service_provider = self.world.put(
            ServiceProvider(
                id=1,
                uuid=self.world.new_uuid("service_provider"),
                customer_uuid=self.provider.uuid,
            )
        )
        self.offering = self.add_offering("Virtual machine", self.provider)
        self.plan = self.add_plan(self.offering, "Small", "day")

    def add_customer(self, name: str, tax: str = "22", *, archived: bool = False) -> Customer:
        table = self.world.customers
        return self.world.put(
            Customer(
                id=table.next_id,
                uuid=self.world.new_uuid("customer"),
                name=name,
                country="EE",
                default_tax_percent=Decimal(tax),
                archived=archived,
                created=SINCE,
            )
        )

    def add_project(self, customer: Customer, name: str) -> Project:
        table = self.world.projects
        uuid = self.world.new_uuid("project")
        return self.world.put(
            Project(
                id=table.next_id,
                uuid=uuid,
                name=name,
                customer_uuid=customer.uuid,
            )
        )

    def add_offering(self, name: str, customer: Customer) -> Offering:
        table = self.world.offerings
        return self.world.put(
            Offering(
                id=table.next_id,
                uuid=self.world.new_uuid("offering"),
                name=name,
                type="Marketplace.Basic",
                customer_uuid=customer.uuid,
                category_title="Private cloud",
            )
        )

    def add_plan(self, offering: Offering, name: str, unit: str) -> Plan:
        table = self.world.plans
        return self.world.put(
            Plan(
                id=table.next_id,
                uuid=self.world.new_uuid("plan"),
                offering_uuid=offering.uuid,
                name=name,
                unit=unit,
                article_code="VM-S",
            )
        )

    def add_component(
        self,
        type: str,
        billing_type: BillingType,
        price: str,
        amount: int = 0,
        *,
        plan: Plan | None = None,
        limit_period: LimitPeriod | None = None,
        measured_unit: str = "",
        article_code: str = "",
    ) -> PlanComponent:
        plan = plan or self.plan
        component = self.world.put(
            OfferingComponent(
                id=self.world.offering_components.next_id,
                uuid=self.world.new_uuid("offering_component"),
                offering_uuid=plan.offering_uuid,
                type=type,
                name=type.capitalize(),
                billing_type=billing_type,
                limit_period=limit_period,
                measured_unit=measured_unit,
                article_code=article_code,
            )
        )
        return self.world.put(
            PlanComponent(
                id=self.world.plan_components.next_id,
                uuid=self.world.new_uuid("plan_component"),
                plan_uuid=plan.uuid,
                component_uuid=component.uuid,
                price=Decimal(price),
                amount=amount,
            )
        )

    def add_resource(
        self,
        name: str = "web-01",
        *,
        project: Project | None = None,
        plan: Plan | None = None,
        created: datetime = SINCE,
        terminated: datetime | None = None,
        limits: dict[str, int] | None = None,
    ) -> Resource:
        table, plan = self.world.resources, plan or self.plan
        return self.world.put(
            Resource(
                id=table.next_id,
                uuid=self.world.new_uuid("resource"),
                name=name,
                project_uuid=(project or self.project).uuid,
                offering_uuid=plan.offering_uuid,
                plan_uuid=plan.uuid,
                created=created,
                terminated=terminated,
                limits=limits or {},
            )
        )

    def add_invoice(self, month: Month = NOVEMBER, customer: Customer | None = None) -> Invoice:
        return open_invoice(self.world, customer or self.customer, month)

    @overload
    def view(self, row: Invoice) -> InvoiceView: ...
    @overload
    def view(self, row: InvoiceItem) -> ItemView: ...
    def view(self, row: Invoice | InvoiceItem) -> InvoiceView | ItemView:
        """The row as replies show it."""
        return view(self.world, row)

    def items_of(self, invoice: Invoice) -> list[InvoiceItem]:
        """All items of the invoice."""
        return items_of(self.world, invoice)

    def finalized(self, invoice: Invoice) -> Invoice:
        """The invoice in the state `created`, since the first day of the next month."""
        day = invoice.billed_month.plus(1).first_day
        return self.world.put(replace(invoice, state="created", invoice_date=day))

    def add_item(
        self,
        invoice: Invoice,
        unit_price: str = "1",
        quantity: str = "1",
        *,
        name: str = "Consultation",
        unit: str = "quantity",
        resource: Resource | None = None,
        project: Project | None = None,
        component: PlanComponent | None = None,
        credit: CustomerCredit | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        measured_unit: str = "",
    ) -> InvoiceItem:
        table, month = self.world.invoice_items, invoice.billed_month
        linked = self.world.projects.one(resource.project_uuid) if resource else project
        return self.world.put(
            InvoiceItem(
                id=table.next_id,
                uuid=self.world.new_uuid("invoice_item"),
                invoice_uuid=invoice.uuid,
                start=start or month.start,
                end=end or month.end,
                name=name,
                unit_price=Decimal(unit_price),
                quantity=Decimal(quantity),
                unit=unit,
                measured_unit=measured_unit,
                resource_uuid=resource.uuid if resource else None,
                linked_project_uuid=linked.uuid if linked else None,
                plan_component_id=component.id if component else None,
                credit_uuid=credit.uuid if credit else None,
                stored_project_name=linked.name if linked else "",
                stored_project_uuid=linked.uuid if linked else "",
            )
        )

    def add_credit(self, value: str, *offerings: Offering) -> CustomerCredit:
        table = self.world.customer_credits
        return self.world.put(
            CustomerCredit(
                id=table.next_id,
                uuid=self.world.new_uuid("customer_credit"),
                customer_uuid=self.customer.uuid,
                value=Decimal(value),
                offering_uuids=frozenset(offering.uuid for offering in offerings),
            )
        )

    def add_profile(self, payment_type: PaymentType = "invoices", *, is_active: bool = True) -> PaymentProfile:
        table = self.world.payment_profiles
        return self.world.put(
            PaymentProfile(
                id=table.next_id,
                uuid=self.world.new_uuid("payment_profile"),
                customer_uuid=self.customer.uuid,
                name="Monthly",
                payment_type=payment_type,
                is_active=is_active,
            )
        )

    def add_user(
        self,
        username: str,
        role: str = "",
        scope: Customer | Project | Offering | None = None,
        *,
        is_staff: bool = False,
        is_support: bool = False,
        is_active: bool = True,
    ) -> User:
        table = self.world.users
        return self.world.put(
            User(
                id=table.next_id,
                uuid=self.world.new_uuid("user"),
                username=username,
                token=self.world.new_uuid("token"),
                email=f"{username}@example.org",
                is_staff=is_staff,
                is_support=is_support,
                is_active=is_active,
                roles=() if scope is None else (Role(name=role, scope_type=_scope_type(scope), scope_uuid=scope.uuid),),
            )
        )


def _scope_type(scope: Customer | Project | Offering) -> ScopeType:
    match scope:
        case Customer():
            return "customer"
        case Project():
            return "project"
        case Offering():
            return "offering"
