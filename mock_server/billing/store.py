"""The world: all state hangs on it, clock and seed included; modules hold none."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from waldur_billing_mock.mock_server.billing.index import Ledger
from waldur_billing_mock.mock_server.billing.listings import INVOICES, ITEMS, PROVIDER_ITEMS, invoice_terms, item_terms
from waldur_billing_mock.mock_server.billing.table import Table

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
    from waldur_billing_mock.mock_server.billing.invoice import Invoice, InvoiceSums, Notification
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem
    from waldur_billing_mock.mock_server.billing.marketplace import (
        ComponentUsage,
        Offering,
        OfferingComponent,
        Plan,
        PlanComponent,
        Resource,
        ServiceProvider,
    )
    from waldur_billing_mock.mock_server.billing.payment import Payment, PaymentProfile
    from waldur_billing_mock.mock_server.billing.registration import Line
    from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User

Json: TypeAlias = "str | int | bool | Decimal | Sequence[Json] | Mapping[str, Json] | None"


class World:
    """All state of one world: its tables, its frozen clock, its seed, and the configuration of its server."""

    def __init__(
        self,
        now: datetime,
        seed: int,
        issuer_details: Mapping[str, Json] | None = None,
        payment_interval: timedelta = timedelta(days=30),
    ) -> None:
        """`now` is aware and in UTC. Who issues the invoices is told by `issuer_details`."""
        self.changes = 0  # how often anything that answers derive from was changed
        self.now = now
        self.seed = seed
        self.issuer_details: Mapping[str, Json] = issuer_details or {}
        self.payment_interval = payment_interval
        self.uuids_made: dict[str, int] = {}
        self.lines: dict[str, Sequence[Line]] = {}
        self.invoice_sums: dict[str, InvoiceSums] = {}
        """What items have in common, by plan (see `registration.py`)."""
        self._shared: dict[Hashable, Mapping[str, Json]] = {}

        self.growth = Ledger(lambda uuid, since: invoice_terms(self.invoices.where("customer", uuid), since))
        """What the invoices of every customer add to growth."""

        self.customers: Table[Customer] = Table(self, changed=self._forget_written)
        self.projects: Table[Project] = Table(
            self,
            {"customer": lambda row: row.customer_uuid},
            facts=lambda row: (row.uuid, row.customer_uuid),
            changed=self._forget_written,
        )
        self.users: Table[User] = Table(self, {"token": lambda row: row.token, "username": lambda row: row.username})
        self.service_providers: Table[ServiceProvider] = Table(
            self, {"customer": lambda row: row.customer_uuid}, changed=self._forget_written
        )
        self.offerings: Table[Offering] = Table(
            self, {"customer": lambda row: row.customer_uuid}, changed=self._forget_written
        )
        self.offering_components: Table[OfferingComponent] = Table(
            self, {"offering": lambda row: row.offering_uuid}, changed=self._forget_written
        )
        self.plans: Table[Plan] = Table(self, {"offering": lambda row: row.offering_uuid}, changed=self._forget_written)
        self.plan_components: Table[PlanComponent] = Table(
            self, {"plan": lambda row: row.plan_uuid}, changed=self._forget_written
        )
        self.resources: Table[Resource] = Table(
            self,
            {"project": lambda row: row.project_uuid, "offering": lambda row: row.offering_uuid},
            facts=lambda row: (row.uuid, row.offering_uuid),
            changed=self._forget_written,
        )
        self.component_usages: Table[ComponentUsage] = Table(
            self, {"billing": lambda row: (row.resource_uuid, row.component_type, row.year, row.month)}
        )
        self.invoices: Table[Invoice] = Table(
            self,
            {
                "customer": lambda row: row.customer_uuid,
                "month": lambda row: (row.year, row.month),
                "customer_month": lambda row: (row.customer_uuid, row.year, row.month),
            },
            orders={"newest_month": INVOICES},
            facts=lambda row: (row.uuid, row.customer_uuid, row.year, row.month, row.created, row.tax_percent),
            changed=self._invoice_changed,
        )
        self.invoice_items: Table[InvoiceItem] = Table(
            self,
            {
                "invoice": lambda row: row.invoice_uuid,
                "resource": lambda row: row.resource_uuid,
                "linked_project": lambda row: row.linked_project_uuid,
                "credit": lambda row: row.credit_uuid,
            },
            orders={"start": ITEMS, "newest_invoice": PROVIDER_ITEMS},
            terms=item_terms,
            sums={"magnitude": lambda row: row.magnitude},
            changed=self._item_changed,
        )
        self.invoice_items.follow(self.invoices, "invoice")
        self.invoice_items.follow(self.resources, "resource")
        self.invoice_items.follow(self.projects, "linked_project")
        self.payment_profiles: Table[PaymentProfile] = Table(self, {"customer": lambda row: row.customer_uuid})
        self.payments: Table[Payment] = Table(self, {"invoice": lambda row: row.invoice_uuid})
        self.customer_credits: Table[CustomerCredit] = Table(
            self, {"customer": lambda row: row.customer_uuid}, changed=self._forget_written
        )
        self.project_credits: Table[ProjectCredit] = Table(self, {"project": lambda row: row.project_uuid})
        self.notifications: Table[Notification] = Table(self, {"invoice": lambda row: row.invoice_uuid})

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in ("now", "issuer_details", "payment_interval") and hasattr(self, "invoice_items"):
            self.changes += 1
            self._forget_written()

    def fork(self) -> World:
        """A copy that can be changed without touching this world. What neither of them changes, they share."""
        copy = World(self.now, self.seed, self.issuer_details, self.payment_interval)
        copy.uuids_made = dict(self.uuids_made)
        for name, table in vars(self).items():
            if isinstance(table, Table):
                getattr(copy, name).take_over(table)
        copy.growth.take_over(self.growth)
        return copy

    def _forget_written(self, row: object = None) -> None:
        """Nothing that was made of invoices and items holds any more: it shows other rows and settings, too."""
        self.lines.clear()
        self.invoices.written.clear()
        self.invoice_items.written.clear()

    def _invoice_changed(self, row: Invoice) -> None:
        """What was made of the invoice holds no more; that of its items does, unless they follow (see `Table`)."""
        self.invoices.written.pop(row.uuid, None)
        self.growth.changed.add(row.customer_uuid)

    def _item_changed(self, row: InvoiceItem) -> None:
        self.invoice_items.written.pop(row.uuid, None)
        self.invoices.written.pop(row.invoice_uuid, None)
        self.invoice_sums.pop(row.invoice_uuid, None)
        invoice = self.invoices.get(row.invoice_uuid) if self.growth.is_kept else None
        if invoice is not None:
            self.growth.changed.add(invoice.customer_uuid)

    def new_uuid(self, kind: str) -> str:
        """A uuid that follows from the seed, the kind and how many of the kind were made before."""
        count = self.uuids_made[kind] = self.uuids_made.get(kind, 0) + 1
        digits = blake2b(f"{self.seed}:{kind}:{count}".encode(), digest_size=16).hexdigest()
        # Version 4, of the variant of RFC 9562.
        return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) % 4]}{digits[17:]}"

    def shared(self, name: Hashable, details: Mapping[str, Json]) -> Mapping[str, Json]:
        """The details that were last shared under the name, if they are equal: what repeats is held in memory once."""
        known = self._shared.get(name)
        if known != details:
            known = self._shared[name] = details
        return known
