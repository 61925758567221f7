"""The invoice: one customer, one month."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, User
from waldur_billing_mock.mock_server.tables import ForeignKey, Options, Order, row_class

State = Literal["pending", "pending_finalization", "created", "paid", "canceled"]

_FIRST_NUMBER = 100000


@row_class(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What one customer owes for one month. There is one invoice for each customer and month."""

    id: int
    uuid: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]
    year: int
    month: int
    created: date
    state: State = "pending"
    tax_percent: Decimal = Decimal(0)
    invoice_date: date | None = None
    backend_id: str = ""
    payment_url: str = ""
    reference_number: str = ""

    table: ClassVar[Options] = Options(
        unique=(("customer_uuid", "year", "month"),),
        keys=("state", "created"),
        orders={
            "newest_month": Order(
                ("-year", "-month"),
                (("year", "month"), ("state", "year", "month"), ("customer_uuid", "state"), ("state", "year")),
            )
        },
    )

    @property
    def number(self) -> int:
        """100000 + id."""
        return _FIRST_NUMBER + self.id

    @property
    def billed_month(self) -> Month:
        return Month(self.year, self.month)


@row_class(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message about an invoice that was handed over for delivery."""

    id: int
    uuid: str
    invoice_uuid: Annotated[str, ForeignKey(Invoice)]
    recipients: tuple[str, ...]
    subject: str
    text: str
    sent_at: datetime


@row_class(frozen=True, slots=True, kw_only=True)
class InvoiceVersion:
    """What could change of an invoice, as it was after a change. Without a user, the server made the change."""

    id: int
    uuid: str
    invoice_uuid: Annotated[str, ForeignKey(Invoice)]
    revision_date: datetime
    comment: str
    state: State
    user_uuid: Annotated[str | None, ForeignKey(User)] = None
    invoice_date: date | None = None
    backend_id: str = ""
    payment_url: str = ""
    reference_number: str = ""
