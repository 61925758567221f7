"""The world: the tables, the clock, the seed and the settings of one billing server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Self, get_args, get_origin, get_type_hints

from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.invoice import Invoice, InvoiceVersion, Notification
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
from waldur_billing_mock.mock_server.billing.policy import CustomerCostPolicy, ProjectCostPolicy
from waldur_billing_mock.mock_server.billing.recorded import Recorded
from waldur_billing_mock.mock_server.billing.structure import Customer, Json, Project, User
from waldur_billing_mock.mock_server.tables import Database, Table


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a whole world: its clock (aware, UTC), who issues invoices, and which rules it goes by.

    `credit_details_copied` is the rule of 2026: an item with which a credit pays has the details of the item that it
    pays for (behaviour 3.5, 3.7); before, its details are empty. `grace_period`, of less than 28 days, is how long an
    invoice waits as `pending_finalization` after its month (behaviour 3.6); without one it is finalized at once.
    `recorded` says what a recorded world lacks.
    """

    now: datetime
    issuer_details: Mapping[str, Json]
    payment_interval: timedelta = timedelta(days=30)
    credit_details_copied: bool = False
    grace_period: timedelta = timedelta()
    recorded: Recorded | None = None


class World(Database):
    """All state of one billing server. Rows are changed by `put` and `remove` only; `fork` copies a world of any size.

    The annotations declare the tables, in the order in which a world file holds them.
    """

    customers: Table[Customer]
    projects: Table[Project]
    users: Table[User]
    service_providers: Table[ServiceProvider]
    offerings: Table[Offering]
    offering_components: Table[OfferingComponent]
    plans: Table[Plan]
    plan_components: Table[PlanComponent]
    resources: Table[Resource]
    component_usages: Table[ComponentUsage]
    customer_credits: Table[CustomerCredit]
    project_credits: Table[ProjectCredit]
    invoices: Table[Invoice]
    invoice_items: Table[InvoiceItem]
    payment_profiles: Table[PaymentProfile]
    payments: Table[Payment]
    notifications: Table[Notification]
    invoice_versions: Table[InvoiceVersion]
    customer_cost_policies: Table[CustomerCostPolicy]
    project_cost_policies: Table[ProjectCostPolicy]

    def __init__(
        self,
        now: datetime,
        seed: int,
        issuer_details: Mapping[str, Json] | None = None,
        payment_interval: timedelta = timedelta(days=30),
        credit_details_copied: bool = False,
    ) -> None:
        """`now` is aware and in UTC. For the rest see `Settings`."""
        super().__init__(TABLES.values())
        self.seed = seed
        self._settings = Settings(now, issuer_details or {}, payment_interval, credit_details_copied)
        self.uuids_made: dict[str, int] = {}

    @property
    def settings(self) -> Settings:
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.must_be_writable()
        self._settings = settings
        self.clear_derived()

    @property
    def now(self) -> datetime:
        """What the clock shows: aware, in UTC."""
        return self._settings.now

    @now.setter
    def now(self, now: datetime) -> None:
        self.must_be_writable()
        # Nothing that listeners keep depends on the clock, or they look at it themselves.
        self._settings = replace(self._settings, now=now)

    def fork(self) -> Self:
        """A copy that can be changed without changing this world, and the other way round."""
        copied = super().fork()
        copied.seed, copied._settings = self.seed, self._settings
        copied.uuids_made = dict(self.uuids_made)
        return copied

    def new_uuid(self, kind: str) -> str:
        """A uuid that follows from the seed, the kind and how many of the kind were made before."""
        self.must_be_writable()
        count = self.uuids_made[kind] = self.uuids_made.get(kind, 0) + 1
        hashed = _hashed(self.seed, kind).copy()
        hashed.update(b"%d" % count)
        digits = hashed.hexdigest()
        # Version 4, of the variant of RFC 9562.
        return f"{digits[:12]}4{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:]}"


_VARIANT: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


@lru_cache(maxsize=256)
def _hashed(seed: int, kind: str) -> blake2b:
    """A hash of the seed and the kind, from which that of each uuid goes on. The caller copies it."""
    return blake2b(f"{seed}:{kind}:".encode(), digest_size=16)


class _Opened:
    """Opens a table of a world when it is first asked for, as most forks look at a few tables only."""

    def __init__(self, name: str, kind: type[Any]) -> None:
        self._name = name
        self._kind = kind

    def __get__(self, world: World, owner: type[World]) -> Table[Any]:
        table = world.__dict__[self._name] = world.table(self._kind)
        return table


TABLES: Final[Mapping[str, type[Any]]] = {
    name: get_args(hint)[0] for name, hint in get_type_hints(World).items() if get_origin(hint) is Table
}
"""The row classes of a world by the names of their tables."""

for _name, _kind in TABLES.items():
    setattr(World, _name, _Opened(_name, _kind))
