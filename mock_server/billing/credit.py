"""Prepaid value of customers and projects, consumed when invoices are finalized."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.store import World
    from waldur_billing_mock.mock_server.billing.structure import Customer, Project

VALUE_PLACES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCredit:
    """What a customer has left, to five places; a restricted credit covers only what its offerings sell."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    customer_uuid: str
    value: Decimal
    offering_uuids: frozenset[str] = frozenset()
    end_date: date | None = None

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.customer_uuid)

    def covers(self, offering_uuid: str) -> bool:
        return not self.offering_uuids or offering_uuid in self.offering_uuids


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCredit:
    """The part of the customer's credit that a project may consume, to five places."""

    world: World = field(repr=False, compare=False)
    id: int
    uuid: str
    project_uuid: str
    value: Decimal

    @property
    def project(self) -> Project:
        return self.world.projects.one(self.project_uuid)
