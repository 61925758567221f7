"""The tables of a world. Rows are immutable values; a change is a new row put in the place of the old one.

All state of one world hangs on its `World` object, clock and seed included; modules hold none.
Indexes and sums are derived from the rows, so they could be dropped and rebuilt at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from mock_server.billing.money import ZERO, add, subtract

if TYPE_CHECKING:
    from mock_server.billing.credit import CustomerCredit, ProjectCredit
    from mock_server.billing.invoice import Invoice, Notification
    from mock_server.billing.item import InvoiceItem
    from mock_server.billing.marketplace import (
        ComponentUsage,
        Offering,
        OfferingComponent,
        Plan,
        PlanComponent,
        Resource,
        ServiceProvider,
    )
    from mock_server.billing.payment import Payment, PaymentProfile
    from mock_server.billing.structure import Customer, Project, User

Json: TypeAlias = "str | int | bool | Decimal | Sequence[Json] | Mapping[str, Json] | None"


class Identified(Protocol):
    """What every row has: an integer of its table, and 32 lower-case hexadecimal digits."""

    @property
    def id(self) -> int: ...

    @property
    def uuid(self) -> str: ...


Row = TypeVar("Row", bound=Identified)


class Table(Generic[Row]):
    """The rows of one kind, in the order of their ids; found by uuid, by id and by declared indexes."""

    def __init__(
        self,
        indexes: Mapping[str, Callable[[Row], Hashable]] | None = None,
        sums: Mapping[str, Callable[[Row], Decimal]] | None = None,
    ) -> None:
        self._rows: dict[int, Row] = {}
        self._ids: dict[str, int] = {}
        self._keys = dict(indexes or {})
        self._indexes: dict[str, dict[Hashable, set[int]]] = {name: {} for name in self._keys}
        self._terms = dict(sums or {})
        self._sums = dict.fromkeys(self._terms, ZERO)
        self._last_id = 0
        self._ascending = True

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        if not self._ascending:
            self._rows = dict(sorted(self._rows.items()))
            self._ascending = True
        return iter(list(self._rows.values()))

    @property
    def next_id(self) -> int:
        """The id after the highest that was ever in use, so ids of removed rows do not return."""
        return self._last_id + 1

    def reserve(self, id: int) -> None:
        """Ids up to this one count as having been in use."""
        self._last_id = max(self._last_id, id)

    def get(self, uuid: str | None) -> Row | None:
        """The row with this uuid; None for an unknown one, and for the link that is not set."""
        return self._rows[self._ids[uuid]] if uuid in self._ids else None

    def one(self, uuid: str) -> Row:
        """The row of a link that must be there. A KeyError tells of a world that was put together wrongly."""
        return self._rows[self._ids[uuid]]

    def by_id(self, id: int) -> Row | None:
        return self._rows.get(id)

    def where(self, index: str, key: Hashable) -> list[Row]:
        """The rows that have this key in a declared index."""
        return [self._rows[id] for id in sorted(self._indexes[index].get(key, ()))]

    def sum(self, name: str) -> Decimal:
        """A declared sum over all rows, kept up to date by every put and remove."""
        return self._sums[name]

    def put(self, row: Row) -> Row:
        """Insert the row, or replace the one that has its id: the one place where rows enter a world."""
        previous = self._rows.get(row.id)
        if self._ids.get(row.uuid, row.id) != row.id:
            raise ValueError(f"The uuid {row.uuid} belongs to the row {self._ids[row.uuid]} already.")
        if previous is not None:
            self._forget(previous)
        self._ascending = self._ascending and (previous is not None or row.id > self._last_id)
        self.reserve(row.id)
        self._rows[row.id] = row
        self._ids[row.uuid] = row.id
        for name, key in self._keys.items():
            self._indexes[name].setdefault(key(row), set()).add(row.id)
        for name, term in self._terms.items():
            self._sums[name] = add(self._sums[name], term(row))
        return row

    def remove(self, row: Row) -> None:
        """Take the row with this id out of the world."""
        self._forget(self._rows[row.id])
        del self._rows[row.id]

    def _forget(self, row: Row) -> None:
        del self._ids[row.uuid]
        for name, key in self._keys.items():
            ids = self._indexes[name][key(row)]
            ids.discard(row.id)
            if not ids:
                del self._indexes[name][key(row)]
        for name, term in self._terms.items():
            self._sums[name] = subtract(self._sums[name], term(row))


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
        self.now = now
        self.seed = seed
        self.issuer_details: Mapping[str, Json] = issuer_details or {}
        self.payment_interval = payment_interval
        self.uuids_made: dict[str, int] = {}

        self.customers: Table[Customer] = Table()
        self.projects: Table[Project] = Table({"customer": lambda row: row.customer_uuid})
        self.users: Table[User] = Table({"token": lambda row: row.token, "username": lambda row: row.username})
        self.service_providers: Table[ServiceProvider] = Table({"customer": lambda row: row.customer_uuid})
        self.offerings: Table[Offering] = Table({"customer": lambda row: row.customer_uuid})
        self.offering_components: Table[OfferingComponent] = Table({"offering": lambda row: row.offering_uuid})
        self.plans: Table[Plan] = Table({"offering": lambda row: row.offering_uuid})
        self.plan_components: Table[PlanComponent] = Table({"plan": lambda row: row.plan_uuid})
        self.resources: Table[Resource] = Table(
            {
                "project": lambda row: row.project_uuid,
                "offering": lambda row: row.offering_uuid,
            }
        )
        self.component_usages: Table[ComponentUsage] = Table(
            {"billing": lambda row: (row.resource_uuid, row.component_type, row.year, row.month)}
        )
        self.invoices: Table[Invoice] = Table(
            {
                "customer": lambda row: row.customer_uuid,
                "month": lambda row: (row.year, row.month),
                "customer_month": lambda row: (row.customer_uuid, row.year, row.month),
            }
        )
        self.invoice_items: Table[InvoiceItem] = Table(
            {
                "invoice": lambda row: row.invoice_uuid,
                "resource": lambda row: row.resource_uuid,
                "linked_project": lambda row: row.linked_project_uuid,
                "project": lambda row: row.project_uuid,
                "credit": lambda row: row.credit_uuid,
            },
            {"magnitude": lambda row: row.magnitude},
        )
        self.payment_profiles: Table[PaymentProfile] = Table({"customer": lambda row: row.customer_uuid})
        self.payments: Table[Payment] = Table({"invoice": lambda row: row.invoice_uuid})
        self.customer_credits: Table[CustomerCredit] = Table({"customer": lambda row: row.customer_uuid})
        self.project_credits: Table[ProjectCredit] = Table({"project": lambda row: row.project_uuid})
        self.notifications: Table[Notification] = Table({"invoice": lambda row: row.invoice_uuid})

    def new_id(self, table: Table[Row]) -> int:
        """The next integer of the table. It is taken once a row with it is put."""
        return table.next_id

    def new_uuid(self, kind: str) -> str:
        """A uuid that follows from the seed, the kind and how many of the kind were made before."""
        count = self.uuids_made[kind] = self.uuids_made.get(kind, 0) + 1
        digest = blake2b(f"{self.seed}:{kind}:{count}".encode(), digest_size=16).digest()
        return UUID(bytes=digest, version=4).hex
