"""What is done to invoices: open, pay, announce, label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from waldur_billing_mock.mock_server.billing.faults import Refused, WrongState
from waldur_billing_mock.mock_server.billing.figures import current_total, due_date, total_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice, Notification
from waldur_billing_mock.mock_server.billing.money import half_even, half_up
from waldur_billing_mock.mock_server.billing.payment import Payment, PaymentProfile
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Role, User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import replace


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a caller states about a payment: its date, and the file that proves it, if any (size in bytes)."""

    date: date
    proof_name: str | None = None
    proof_size: int = 0


def find_invoice(world: World, customer_uuid: str, month: Month) -> Invoice | None:
    """The customer's invoice for the month."""
    return world.invoices.first(customer_uuid=customer_uuid, year=month.year, month=month.month)


def open_invoice(world: World, customer: Customer, month: Month) -> Invoice:
    """A new pending invoice without items, taxed as the customer is by default."""
    return world.put(
        Invoice(
            id=world.invoices.next_id,
            uuid=world.new_uuid("invoice"),
            customer_uuid=customer.uuid,
            year=month.year,
            month=month.month,
            created=month.first_day,
            tax_percent=customer.default_tax_percent,
        )
    )


def must_be_payable(invoice: Invoice) -> None:
    """Only an invoice in the state `created` can be paid."""
    if invoice.state != "created":
        raise WrongState(("Created",))


def pay(world: World, invoice: Invoice, payment: PaymentOrder | None = None) -> Invoice:
    """The invoice is paid. With an order, the payment of its current total is recorded along with it."""
    must_be_payable(invoice)
    if payment is not None:
        profile = active_profile(world, invoice.customer_uuid)
        if profile is None:
            raise Refused("The active profile for this customer does not exist.")
        world.put(
            Payment(
                id=world.payments.next_id,
                uuid=world.new_uuid("payment"),
                profile_uuid=profile.uuid,
                invoice_uuid=invoice.uuid,
                sum=half_up(current_total(world, invoice)),
                date_of_payment=payment.date,
                proof_name=payment.proof_name,
                proof_size=payment.proof_size,
            )
        )
    return world.put(replace(invoice, state="paid"))


def active_profile(world: World, customer_uuid: str) -> PaymentProfile | None:
    """The customer's active payment profile."""
    profiles = world.payment_profiles.where(customer_uuid=customer_uuid)
    return next((profile for profile in profiles if profile.is_active), None)


def announce(world: World, invoice: Invoice) -> Notification:
    """The customer's owners are notified of the invoice, which does not change; it can be repeated."""
    if invoice.state != "created":
        raise Refused("Notification only for the created invoice can be sent.")
    customer = world.customers.one(invoice.customer_uuid)
    due = due_date(world, invoice)
    return world.put(
        Notification(
            id=world.notifications.next_id,
            uuid=world.new_uuid("notification"),
            invoice_uuid=invoice.uuid,
            recipients=tuple(owner.email for owner in owners_of(world, customer) if owner.email),
            subject=f"{customer.name}: invoice {invoice.number} for {invoice.year:04}-{invoice.month:02}",
            text=f"Invoice {invoice.number} over {half_even(total_of(world, invoice))} is due on {due}.",
            sent_at=world.now,
        )
    )


def owners_of(world: World, customer: Customer) -> list[User]:
    """The active users with the role of an owner: those whom notifications of invoices reach."""
    owner = Role(name="CUSTOMER.OWNER", scope_type="customer", scope_uuid=customer.uuid)
    return [user for user in world.users if user.is_active and owner in user.roles]


def label(
    world: World,
    invoice: Invoice,
    *,
    backend_id: str | None = None,
    payment_url: str | None = None,
    reference_number: str | None = None,
) -> Invoice:
    """What other systems say about the invoice, in any state. None leaves a text as it is, '' clears it."""
    return world.put(
        replace(
            invoice,
            backend_id=invoice.backend_id if backend_id is None else backend_id,
            payment_url=invoice.payment_url if payment_url is None else payment_url,
            reference_number=invoice.reference_number if reference_number is None else reference_number,
        )
    )
