"""Credits and payments as the neighbours show them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from waldur_billing_mock.mock_server.billing.compensation import paid_by_month
from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.figures import item_total
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Offering
from waldur_billing_mock.mock_server.billing.money import ZERO, half_up, negative, total
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.support.common import slug
from waldur_billing_mock.mock_server.operations.support.organizations import allocated, items_of_project

C = TypeVar("C", CustomerCredit, ProjectCredit)

_NOTHING = half_up(ZERO)


@dataclass(frozen=True, slots=True)
class CustomerCreditConsumption:
    """What a credit paid on the invoices of one month."""

    date: date
    price: Decimal


def consumptions_of(world: World, items: Iterable[InvoiceItem]) -> list[CustomerCreditConsumption]:
    """Month by month, what a credit paid by these items of it, the earliest first."""
    by_month = paid_by_month(world, items)
    return [CustomerCreditConsumption(month.first_day, negative(paid)) for month, paid in by_month.items()]


class _CreditView(View[C], ABC):
    """What credits of customers and of projects have in common."""

    minimal_consumption = expected_consumption = grace_coefficient = _NOTHING
    minimal_consumption_logic = "fixed"
    apply_as_minimal_consumption = False
    withdrawable_balance = _NOTHING

    @property
    @abstractmethod
    def customer_uuid(self) -> str: ...

    @property
    @abstractmethod
    def of_customer(self) -> CustomerCredit | None:
        """The credit of the customer: this one, or the one of which this is a part."""

    @property
    @abstractmethod
    def items(self) -> Sequence[InvoiceItem]:
        """The items by which the credit paid."""

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.customer_uuid)

    @property
    def customer_name(self) -> str:
        return self.customer.name

    @property
    def customer_slug(self) -> str:
        return slug(self.customer.name)

    @property
    def offerings(self) -> Sequence[Offering]:
        credit = self.of_customer
        return [row for row in self.world.offerings if credit is not None and row.uuid in credit.offering_uuids]

    @property
    def consumption_last_month(self) -> Decimal:
        paid = paid_by_month(self.world, self.items)
        return negative(paid.get(Month.of(self.world.now).plus(-1), _NOTHING))


def offering_of(world: World, item: InvoiceItem) -> str | None:
    """The uuid of the offering of the item's resource."""
    resource = world.resources.get(item.resource_uuid)
    return resource.offering_uuid if resource else None


class CustomerCreditView(_CreditView[CustomerCredit]):
    """The credit of a customer."""

    @property
    def customer_uuid(self) -> str:
        return self.row.customer_uuid

    @property
    def of_customer(self) -> CustomerCredit:
        return self.row

    @property
    def items(self) -> Sequence[InvoiceItem]:
        return self.world.invoice_items.where(credit_uuid=self.row.uuid)

    @property
    def allocated_to_projects(self) -> Decimal:
        return allocated(self.world, self.row.customer_uuid)


class ProjectCreditView(_CreditView[ProjectCredit]):
    """The credit of a project."""

    end_date = None

    @property
    def project(self) -> Project:
        return self.world.projects.one(self.row.project_uuid)

    @property
    def customer_uuid(self) -> str:
        return self.project.customer_uuid

    @property
    def of_customer(self) -> CustomerCredit | None:
        return self.world.customer_credits.first(customer_uuid=self.customer_uuid)

    @property
    def items(self) -> Sequence[InvoiceItem]:
        """The items of the project by which its customer's credit paid."""
        credit = self.of_customer
        rows = self.world.invoice_items.where(credit_uuid=credit.uuid) if credit else []
        return [row for row in rows if row.linked_project_uuid == self.row.project_uuid]

    @property
    def project_name(self) -> str:
        return self.project.name

    @property
    def project_slug(self) -> str:
        return slug(self.project.name)

    @property
    def customer_credit(self) -> Decimal:
        return self.of_customer.value if self.of_customer else _NOTHING

    @property
    def allocated_customer_credit(self) -> str:
        return str(allocated(self.world, self.customer_uuid))

    @property
    def spendable_value(self) -> str:
        return str(min(self.row.value, self.customer_credit))

    @property
    def is_limited_by_organization_credit(self) -> bool:
        return self.customer_credit < self.row.value

    @property
    def creditable_cost_this_month(self) -> str:
        world, only = self.world, {row.uuid for row in self.offerings}
        paid = (
            item_total(world, item)
            for item in items_of_project(world, self.row.project_uuid, Month.of(world.now))
            if item.price > 0 and (not only or offering_of(world, item) in only)
        )
        return str(half_up(total(paid)))


class PaymentView(View[Payment]):
    """Money that was received for an invoice."""

    proof = None

    @property
    def invoice_period(self) -> str:
        invoice = self.world.invoices.one(self.row.invoice_uuid)
        return f"{invoice.month:02}-{invoice.year}"

    @property
    def customer_uuid(self) -> str:
        return self.world.payment_profiles.one(self.row.profile_uuid).customer_uuid
