"""How a customer pays, and what it has paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from waldur_billing_mock.mock_server.billing.faults import Refused

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.store import World

PaymentType = Literal["fixed_price", "invoices", "payment_gw_monthly"]


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What a caller tells about a payment: its date, and the file that proves it, if any (size in bytes)."""

    date: date
    proof_name: str | None = None
    proof_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProfile:
    """An agreement on how a customer pays. At most one of a customer's profiles is active."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    customer_uuid: str
    name: str
    payment_type: PaymentType
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received for an invoice: the sum has two places."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    profile_uuid: str
    invoice_uuid: str
    sum: Decimal
    date_of_payment: date
    proof_name: str | None = None
    proof_size: int = 0

    @property
    def profile(self) -> PaymentProfile:
        return self.world.payment_profiles.one(self.profile_uuid)

    @property
    def invoice(self) -> Invoice:
        return self.world.invoices.one(self.invoice_uuid)


def active_profile(world: World, customer_uuid: str) -> PaymentProfile | None:
    """The customer's active profile."""
    profiles = world.payment_profiles.where("customer", customer_uuid)
    return next((profile for profile in profiles if profile.is_active), None)


def required_profile(world: World, customer_uuid: str) -> PaymentProfile:
    """The customer's active profile, without which no payment can be recorded."""
    profile = active_profile(world, customer_uuid)
    if profile is None:
        raise Refused("The active profile for this customer does not exist.")
    return profile
