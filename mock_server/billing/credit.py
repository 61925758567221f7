"""Prepaid value of customers and projects, consumed when invoices are finalized."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from waldur_billing_mock.mock_server.billing.marketplace import Offering
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.tables import ForeignKey, Options, row_class

VALUE_PLACES = 5


@row_class(frozen=True, slots=True, kw_only=True)
class CustomerCredit:
    """What a customer has left, to five places; a restricted credit covers only what its offerings sell."""

    id: int
    uuid: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]
    value: Decimal
    offering_uuids: Annotated[frozenset[str], ForeignKey(Offering)] = frozenset()
    end_date: date | None = None

    table: ClassVar[Options] = Options(unique=(("customer_uuid",),))

    def covers(self, offering_uuid: str) -> bool:
        return not self.offering_uuids or offering_uuid in self.offering_uuids


@row_class(frozen=True, slots=True, kw_only=True)
class ProjectCredit:
    """The part of the customer's credit that a project may consume, to five places."""

    id: int
    uuid: str
    project_uuid: Annotated[str, ForeignKey(Project)]
    value: Decimal

    table: ClassVar[Options] = Options(unique=(("project_uuid",),))
