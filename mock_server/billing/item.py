"""The invoice item: one line of an invoice, in both forms in which the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.faults import Refused
from waldur_billing_mock.mock_server.billing.money import add, away_from_zero, magnitude, multiply, percent
from waldur_billing_mock.mock_server.billing.period import quantity_for

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.credit import CustomerCredit
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.marketplace import BillingType, PlanComponent, Resource
    from waldur_billing_mock.mock_server.billing.store import Json, World
    from waldur_billing_mock.mock_server.billing.structure import Customer, Project

_WRITABLE = ("article_code", "quantity", "unit_price", "start", "end")
_WRITABLE_OF_FIXED = ("article_code", "unit_price", "start", "end")
_WRITABLE_OF_OTHERS = ("article_code", "quantity", "unit_price")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceItem:
    """`unit_price` × `quantity` in a `unit`; a negative unit price makes it a compensation.

    `stored_project_name` and `stored_project_uuid` are snapshots of its project, and may be empty;
    filters look at `linked_project_uuid`. `details` are as stored: uuids in them are 32 hexadecimal
    digits, or empty.
    """

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    invoice_uuid: str
    start: datetime
    end: datetime
    name: str = ""
    unit_price: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    unit: str = "day"
    measured_unit: str = ""
    article_code: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    resource_uuid: str | None = None
    linked_project_uuid: str | None = None
    plan_component_id: int | None = None
    credit_uuid: str | None = None
    stored_project_name: str = ""
    stored_project_uuid: str = ""
    backend_uuid: str | None = None

    @property
    def invoice(self) -> Invoice:
        return self.world.invoices.one(self.invoice_uuid)

    @property
    def customer(self) -> Customer:
        """The customer of the invoice."""
        return self.invoice.customer

    @property
    def customer_uuid(self) -> str:
        return self.invoice.customer_uuid

    @property
    def customer_name(self) -> str:
        return self.customer.name

    @property
    def price(self) -> Decimal:
        """unit_price × quantity, rounded away from zero to cents."""
        return away_from_zero(multiply(self.unit_price, self.quantity))

    @property
    def tax(self) -> Decimal:
        """price × the invoice's tax_percent / 100, unrounded."""
        return percent(self.price, self.invoice.tax_percent)

    @property
    def total(self) -> Decimal:
        """price + tax, unrounded."""
        price = self.price
        return add(price, percent(price, self.invoice.tax_percent))

    @property
    def magnitude(self) -> Decimal:
        """|unit_price × quantity|, unrounded."""
        return magnitude(multiply(self.unit_price, self.quantity))

    @property
    def current_price(self) -> Decimal:
        """The price of the days or hours that have begun until now; for other units, the price."""
        if self.unit not in ("day", "hour"):
            return self.price
        passed = max(self.start, min(self.end, self.world.now))
        return away_from_zero(multiply(self.unit_price, quantity_for(self.unit, self.start, passed)))

    @property
    def displayed_measured_unit(self) -> str:
        """The stored unit; without one, words for the billing unit, in the plural for more than one."""
        if self.measured_unit or self.credit:
            return self.measured_unit
        plural = "s" if self.quantity > 1 else ""
        match self.unit:
            case "hour" | "day":
                return self.unit + plural
            case "half_month":
                return "percents from half a month"
            case "month" | "quarter":
                return "percents from a month"
            case _:
                return ""

    @property
    def factor(self) -> None:
        """Documented, but no known server has ever sent it."""
        return None

    @property
    def resource(self) -> Resource | None:
        return self.world.resources.get(self.resource_uuid)

    @property
    def resource_name(self) -> str | None:
        resource = self.resource
        return resource.name if resource else None

    @property
    def provider_name(self) -> str | None:
        """The name of the customer that sells the resource's offering."""
        resource = self.resource
        return resource.offering.customer.name if resource else None

    @property
    def offering_uuid(self) -> str | None:
        resource = self.resource
        return resource.offering_uuid if resource else None

    @property
    def offering_name(self) -> str | None:
        """Of the resource's offering; without a resource, what the details say."""
        resource = self.resource
        return resource.offering.name if resource else self._detail("offering_name")

    @property
    def plan_component(self) -> PlanComponent | None:
        """The linked one; without a link, the one whose id the details name."""
        id = self.plan_component_id
        if id is None:
            named = self.details.get("plan_component_id")
            id = named if isinstance(named, int) else None
        return None if id is None else self.world.plan_components.by_id(id)

    @property
    def billing_type(self) -> BillingType | None:
        found = self.plan_component
        return found.component.billing_type if found else None

    @property
    def offering_component_type(self) -> str | None:
        """Of the plan component; without one, what the details say."""
        found = self.plan_component
        return found.component.type if found else self._detail("offering_component_type")

    @property
    def linked_project(self) -> Project | None:
        return self.world.projects.get(self.linked_project_uuid)

    @property
    def project_uuid(self) -> str | None:
        """The snapshot, else the linked project's."""
        return self.stored_project_uuid or self.linked_project_uuid

    @property
    def project_name(self) -> str:
        """The snapshot, else the linked project's name, else `N/A`."""
        if self.stored_project_name:
            return self.stored_project_name
        project = self.linked_project
        return project.name if project else "N/A"

    @property
    def credit(self) -> bool:
        """Whether a customer's credit has paid the item."""
        return self.credit_uuid is not None

    @property
    def credited_items(self) -> list[InvoiceItem]:
        """Every item of the credit behind this one, itself included; none without a credit."""
        return self.world.invoice_items.where("credit", self.credit_uuid) if self.credit_uuid else []

    @property
    def customer_credit(self) -> CustomerCredit | None:
        return self.world.customer_credits.get(self.credit_uuid)

    def writable_fields(self) -> tuple[str, ...]:
        """What an update may set: a fixed quantity follows from the dates, other items take no dates."""
        return _writable(self.billing_type)

    def update(
        self,
        *,
        article_code: str | None = None,
        quantity: Decimal | None = None,
        unit_price: Decimal | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> InvoiceItem:
        """The given fields that are writable take effect, in any state of the invoice; others are ignored.

        A fixed price has its quantity counted anew; a usage is corrected where it was reported, if it was.
        """
        billing_type = self.billing_type
        writable = _writable(billing_type)
        dates_given = (start, end) != (None, None)
        changed = replace(
            self,
            article_code=self.article_code if article_code is None else article_code,
            unit_price=self.unit_price if unit_price is None else unit_price,
            quantity=quantity if quantity is not None and "quantity" in writable else self.quantity,
            start=start if start is not None and "start" in writable else self.start,
            end=end if end is not None and "end" in writable else self.end,
        )
        if billing_type == "fixed" and dates_given and self.unit != "quantity":
            changed = replace(changed, quantity=quantity_for(changed.unit, changed.start, changed.end))
        invoice = self.invoice
        must_fit(changed, invoice.tax_percent, invoice.all_items)
        if billing_type == "usage" and quantity is not None:
            self._correct_usage(quantity)
        return self.world.invoice_items.put(changed)

    def delete(self) -> None:
        """The item is gone, whatever the state of its invoice; compensations of it stay."""
        self.world.invoice_items.remove(self)

    def migrate_to(self, invoice: Invoice) -> InvoiceItem:
        """The item stands on another invoice of the same customer; nothing else about it changes."""
        if invoice.customer_uuid != self.customer_uuid:
            raise Refused("Moving of items is possible only between invoices of same the customer.")
        if invoice.uuid == self.invoice_uuid:
            raise Refused("Invoice item is already in the target invoice.")
        must_fit(self, invoice.tax_percent, invoice.all_items)
        return self.world.invoice_items.put(replace(self, invoice_uuid=invoice.uuid))

    def _correct_usage(self, quantity: Decimal) -> None:
        invoice, usages = self.invoice, self.world.component_usages
        key = (self.resource_uuid, self.offering_component_type, invoice.year, invoice.month)
        reported = usages.where("billing", key)
        if reported:
            usages.put(replace(max(reported, key=lambda usage: (usage.date, usage.id)), usage=quantity))

    def _detail(self, name: str) -> str | None:
        value = self.details.get(name)
        return value if isinstance(value, str) and value else None


def _writable(billing_type: BillingType | None) -> tuple[str, ...]:
    match billing_type:
        case None:
            return _WRITABLE
        case "fixed":
            return _WRITABLE_OF_FIXED
        case _:
            return _WRITABLE_OF_OTHERS
