"""The history of an invoice: how it was after each change that was made to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice, InvoiceVersion
from waldur_billing_mock.mock_server.billing.structure import Json, User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import replace


@dataclass(frozen=True, slots=True)
class Version:
    """One version as replies show it. `id` is never the same for two: 1000 × the id of the invoice + 1, 2, 3, …"""

    id: int
    invoice: Invoice
    row: InvoiceVersion
    user: User | None

    @property
    def revision_date(self) -> datetime:
        return self.row.revision_date

    @property
    def revision_comment(self) -> str:
        return self.row.comment

    @property
    def revision_user(self) -> Mapping[str, Json] | None:
        """Who made the change; None for the server."""
        user = self.user
        return None if user is None else {"uuid": user.uuid, "username": user.username, "full_name": user.full_name}

    @property
    def serialized_data(self) -> Mapping[str, Json]:
        """The stored fields of the invoice after the change."""
        invoice, row = self.invoice, self.row
        return {
            "uuid": invoice.uuid,
            "customer_uuid": invoice.customer_uuid,
            "year": invoice.year,
            "month": invoice.month,
            "created": invoice.created.isoformat(),
            "tax_percent": format(invoice.tax_percent, "f"),
            "state": row.state,
            "invoice_date": None if row.invoice_date is None else row.invoice_date.isoformat(),
            "backend_id": row.backend_id,
            "payment_url": row.payment_url,
            "reference_number": row.reference_number,
        }


def versions_of(world: World, invoice: Invoice) -> list[Version]:
    """The versions of an invoice, the newest first."""
    rows = world.invoice_versions.where(invoice_uuid=invoice.uuid) or list(_from_dates(world, invoice))
    made = [
        Version(invoice.id * 1000 + number, invoice, row, world.users.get(row.user_uuid))
        for number, row in enumerate(rows, 1)
    ]
    return sorted(made, key=lambda version: (version.revision_date, version.id), reverse=True)


def version_at(world: World, invoice: Invoice, instant: datetime) -> Version:
    """The newest version that is not later than the instant. Raises `NotFound`."""
    for version in versions_of(world, invoice):
        if version.revision_date <= instant:
            return version
    raise NotFound("Version", "No version of the invoice is as old as that.")


def has_history(world: World, invoice: Invoice) -> bool:
    """Whether changes were recorded; else the versions follow from the dates of the invoice."""
    return world.invoice_versions.has(invoice_uuid=invoice.uuid)


def record(world: World, before: Invoice, user: User | None, comment: str) -> None:
    """Record the invoice as it is now, after a change by a user (None: by the server); first, what was before it."""
    if not has_history(world, before):
        for version in _from_dates(world, before):
            world.put(replace(version, id=world.invoice_versions.next_id, uuid=world.new_uuid("invoice_version")))
    world.put(
        _version(
            world.invoices.one(before.uuid),
            world.now,
            comment,
            id=world.invoice_versions.next_id,
            uuid=world.new_uuid("invoice_version"),
            user_uuid=None if user is None else user.uuid,
        )
    )


def _from_dates(world: World, invoice: Invoice) -> Iterator[InvoiceVersion]:
    """What the dates of an invoice tell: when it was made, when its month was closed, and when it was paid."""
    opened = replace(_version(invoice, _midnight(invoice.created), "Created."), state="pending", invoice_date=None)
    yield opened
    if invoice.state == "pending_finalization":
        yield _version(invoice, invoice.billed_month.plus(1).start, "Waiting to be finalized.")
    if invoice.invoice_date is None:
        return
    closed = _version(invoice, _midnight(invoice.invoice_date), "Finalized.")
    if invoice.state != "paid":
        yield closed
        return
    payments = world.payments.where(invoice_uuid=invoice.uuid)
    paid_on = max((payment.date_of_payment for payment in payments), default=invoice.invoice_date)
    yield replace(closed, state="created")
    yield replace(closed, revision_date=_midnight(max(paid_on, invoice.invoice_date)), comment="Paid.")


def _version(
    invoice: Invoice, instant: datetime, comment: str, *, id: int = 0, uuid: str = "", user_uuid: str | None = None
) -> InvoiceVersion:
    return InvoiceVersion(
        id=id,
        uuid=uuid,
        invoice_uuid=invoice.uuid,
        revision_date=instant,
        user_uuid=user_uuid,
        comment=comment,
        state=invoice.state,
        invoice_date=invoice.invoice_date,
        backend_id=invoice.backend_id,
        payment_url=invoice.payment_url,
        reference_number=invoice.reference_number,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
