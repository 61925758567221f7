"""The invoice: one customer, one month. Every figure follows from its items and cannot contradict them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from waldur_billing_mock.mock_server.billing.faults import Refused, WrongState
from waldur_billing_mock.mock_server.billing.money import (
    add,
    as_stored,
    away_from_zero,
    half_even,
    multiply,
    percent,
    total,
)
from waldur_billing_mock.mock_server.billing.payment import Payment, required_profile
from waldur_billing_mock.mock_server.billing.stats import InvoiceStatsOffering, offering_stats
from waldur_billing_mock.mock_server.billing.structure import issuer_as_customer

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem
    from waldur_billing_mock.mock_server.billing.payment import PaymentOrder
    from waldur_billing_mock.mock_server.billing.period import Month
    from waldur_billing_mock.mock_server.billing.store import Json, World
    from waldur_billing_mock.mock_server.billing.structure import Customer

State = Literal["pending", "created", "paid", "canceled"]

_FIRST_NUMBER = 100000


class InvoiceSums(NamedTuple):
    """What the items of an invoice add up to, without tax."""

    price: Decimal
    compensations: Decimal
    incurred_costs: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What one customer owes for one month. There is one invoice for each customer and month."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    customer_uuid: str
    year: int
    month: int
    created: date
    state: State = "pending"
    tax_percent: Decimal = Decimal(0)
    invoice_date: date | None = None
    backend_id: str = ""
    payment_url: str = ""
    reference_number: str = ""

    @property
    def number(self) -> int:
        """100000 + id."""
        return _FIRST_NUMBER + self.id

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.customer_uuid)

    @property
    def customer_details(self) -> Customer:
        """The customer as it is now; the API prints its address and bank."""
        return self.customer

    @property
    def issuer_details(self) -> Mapping[str, Json]:
        """The issuer in the fields of a customer, as documented."""
        return issuer_as_customer(self.world.issuer_details)

    @property
    def issuer_configuration(self) -> Mapping[str, Json]:
        """The issuer as the operator configured it, which is what real servers send."""
        return self.world.issuer_details

    @property
    def due_date(self) -> date | None:
        """invoice_date + the payment interval; None until the invoice is finalized."""
        return self.invoice_date and self.invoice_date + self.world.payment_interval

    @property
    def all_items(self) -> list[InvoiceItem]:
        """Every item, in the order in which they were added."""
        return self.world.invoice_items.where("invoice", self.uuid)

    @property
    def items(self) -> list[InvoiceItem]:
        """The items whose total is not zero, by project name, then name, then age."""
        shown = (item for item in self.all_items if item.total)
        return sorted(shown, key=lambda item: (item.project_name, item.name, item.id))

    @property
    def price(self) -> Decimal:
        """The sum of the items' prices, each of which is rounded to cents already."""
        return self._sums.price

    @property
    def tax(self) -> Decimal:
        """price × tax_percent / 100, unrounded."""
        return percent(self.price, self.tax_percent)

    @property
    def total(self) -> Decimal:
        """price + tax, unrounded."""
        return self._with_tax(self.price)

    @property
    def current_total(self) -> Decimal:
        """The total as of now: days and hours count as far as they have passed, whatever the quantity."""
        return self._with_tax(total(item.current_price for item in self.all_items))

    @property
    def compensations(self) -> Decimal:
        """unit_price × quantity, unrounded, summed over the items that a credit has paid."""
        return self._sums.compensations

    @property
    def incurred_costs(self) -> Decimal:
        """unit_price × quantity, unrounded, summed over the other items, staff compensations included."""
        return self._sums.incurred_costs

    def stats(self, provider_customer_uuid: str | None = None) -> list[InvoiceStatsOffering]:
        """The sums of each offering, in order of first appearance; a named selling customer's only."""
        return offering_stats(self.all_items, provider_customer_uuid)

    def must_be_payable(self) -> None:
        """Only an invoice in the state `created` can be paid."""
        if self.state != "created":
            raise WrongState(("Created",))

    def pay(self, payment: PaymentOrder | None = None) -> Invoice:
        """The invoice is paid. With an order, the payment of its current total is recorded along with it."""
        self.must_be_payable()
        if payment is not None:
            profile = required_profile(self.world, self.customer_uuid)
            self.world.payments.put(
                Payment(
                    world=self.world,
                    id=self.world.payments.next_id,
                    uuid=self.world.new_uuid("payment"),
                    profile_uuid=profile.uuid,
                    invoice_uuid=self.uuid,
                    sum=as_stored(self.current_total),
                    date_of_payment=payment.date,
                    proof_name=payment.proof_name,
                    proof_size=payment.proof_size,
                )
            )
        return self.world.invoices.put(replace(self, state="paid"))

    def send_notification(self) -> Notification:
        """The customer's owners are told about the invoice, which stays as it is; it can be repeated."""
        if self.state != "created":
            raise Refused("Notification only for the created invoice can be sent.")
        return self.world.notifications.put(
            Notification(
                world=self.world,
                id=self.world.notifications.next_id,
                uuid=self.world.new_uuid("notification"),
                invoice_uuid=self.uuid,
                recipients=tuple(owner.email for owner in self.customer.owners if owner.email),
                subject=f"{self.customer.name}: invoice {self.number} for {self.year:04}-{self.month:02}",
                text=f"Invoice {self.number} over {half_even(self.total)} is due on {self.due_date}.",
                sent_at=self.world.now,
            )
        )

    def change(
        self,
        *,
        backend_id: str | None = None,
        payment_url: str | None = None,
        reference_number: str | None = None,
    ) -> Invoice:
        """What other systems say about the invoice, in any state. None leaves a text, '' clears it."""
        return self.world.invoices.put(
            replace(
                self,
                backend_id=self.backend_id if backend_id is None else backend_id,
                payment_url=self.payment_url if payment_url is None else payment_url,
                reference_number=self.reference_number if reference_number is None else reference_number,
            )
        )

    @property
    def _sums(self) -> InvoiceSums:
        """Added up once; the world forgets them when an item of the invoice comes, goes or changes."""
        sums = self.world.invoice_sums.get(self.uuid)
        if sums is None:
            items = self.all_items
            sums = self.world.invoice_sums[self.uuid] = InvoiceSums(
                price=away_from_zero(total(item.price for item in items)),
                compensations=_sum(item for item in items if item.credit),
                incurred_costs=_sum(item for item in items if not item.credit),
            )
        return sums

    def _with_tax(self, price: Decimal) -> Decimal:
        return add(price, percent(price, self.tax_percent))


def _sum(items: Iterable[InvoiceItem]) -> Decimal:
    return total(multiply(item.unit_price, item.quantity) for item in items)


def find_invoice(customer: Customer, month: Month) -> Invoice | None:
    """The customer's invoice for the month."""
    found = customer.world.invoices.where("customer_month", (customer.uuid, *month))
    return found[0] if found else None


def open_invoice(customer: Customer, month: Month) -> Invoice:
    """A new pending invoice without items, taxed as the customer is by default."""
    world = customer.world
    return world.invoices.put(
        Invoice(
            world=world,
            id=world.invoices.next_id,
            uuid=world.new_uuid("invoice"),
            customer_uuid=customer.uuid,
            year=month.year,
            month=month.month,
            created=month.first_day,
            tax_percent=customer.default_tax_percent,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message about an invoice that was handed over for delivery."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    invoice_uuid: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    sent_at: datetime

    @property
    def invoice(self) -> Invoice:
        return self.world.invoices.one(self.invoice_uuid)
