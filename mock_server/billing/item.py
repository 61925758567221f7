"""The invoice item: one line of an invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from waldur_billing_mock.mock_server.billing.credit import CustomerCredit
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.marketplace import PlanComponent, Resource
from waldur_billing_mock.mock_server.billing.money import away_from_zero, multiply
from waldur_billing_mock.mock_server.billing.structure import Json, Project
from waldur_billing_mock.mock_server.billing.sums import AbsoluteTotal, ItemSums
from waldur_billing_mock.mock_server.tables import ForeignKey, Options, Order, Sums, row_class

_INVOICE_MONTH = ("invoice.year", "invoice.month")


@row_class(frozen=True, slots=True, kw_only=True)
class InvoiceItem:
    """`unit_price` × `quantity` in a `unit`; a negative unit price makes it a compensation.

    `stored_project_name` and `stored_project_uuid` are snapshots of its project, and may be empty;
    filters look at `linked_project_uuid`. `details` are as stored: uuids in them are 32 hexadecimal
    digits, or empty.
    """

    id: int
    uuid: str
    invoice_uuid: Annotated[str, ForeignKey(Invoice)]
    start: datetime
    end: datetime
    name: str = ""
    unit_price: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    unit: str = "day"
    measured_unit: str = ""
    article_code: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    resource_uuid: Annotated[str | None, ForeignKey(Resource)] = None
    linked_project_uuid: Annotated[str | None, ForeignKey(Project)] = None
    plan_component_id: Annotated[int | None, ForeignKey(PlanComponent)] = None
    credit_uuid: Annotated[str | None, ForeignKey(CustomerCredit)] = None
    stored_project_name: str = ""
    stored_project_uuid: str = ""
    backend_uuid: str | None = None

    table: ClassVar[Options] = Options(
        keys=(
            *_INVOICE_MONTH,
            "invoice.customer_uuid",
            "start.year",
            "start.month",
            "resource.offering_uuid",
            "linked_project.customer_uuid",
            "project_uuid",
            "stored_project_uuid",
        ),
        orders={
            "start": Order(
                ("start",),
                (
                    _INVOICE_MONTH,
                    ("start.year", "start.month"),
                    ("project_uuid", *_INVOICE_MONTH),
                    ("stored_project_uuid", *_INVOICE_MONTH),
                ),
            ),
            "newest_invoice": Order(("-invoice.created",), (_INVOICE_MONTH,)),
        },
        sums=Sums("invoice.billed_month", ItemSums, reads=("unit_price", "quantity")),
        total=AbsoluteTotal,
    )

    @property
    def value(self) -> Decimal:
        """unit_price × quantity, unrounded."""
        return multiply(self.unit_price, self.quantity)

    @property
    def price(self) -> Decimal:
        """unit_price × quantity, rounded away from zero to cents."""
        return away_from_zero(self.value)

    @property
    def project_uuid(self) -> str | None:
        """The snapshot, else the linked project's."""
        return self.stored_project_uuid or self.linked_project_uuid

    @property
    def credit(self) -> bool:
        """Whether a customer's credit has paid the item."""
        return self.credit_uuid is not None
