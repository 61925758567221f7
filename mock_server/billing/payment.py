"""How a customer pays, and what it has paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.structure import Customer
from waldur_billing_mock.mock_server.tables import ForeignKey, row_class

PaymentType = Literal["fixed_price", "invoices", "payment_gw_monthly"]


@row_class(frozen=True, slots=True, kw_only=True)
class PaymentProfile:
    """An agreement on how a customer pays. At most one of a customer's profiles is active."""

    id: int
    uuid: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]
    name: str
    payment_type: PaymentType
    is_active: bool = True


@row_class(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received for an invoice: the sum has two places."""

    id: int
    uuid: str
    profile_uuid: Annotated[str, ForeignKey(PaymentProfile)]
    invoice_uuid: Annotated[str, ForeignKey(Invoice)]
    sum: Decimal
    date_of_payment: date
    proof_name: str | None = None
    proof_size: int = 0
