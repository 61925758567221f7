"""Limits of the costs of customers and projects. Reaching one has no effect on what is billed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.tables import ForeignKey, row_class

TOTAL = 1
"""The code of the period that counts all months; 2, 3 and 4 stand for 1, 3 and 12 months (behaviour 6.9)."""


@row_class(frozen=True, slots=True, kw_only=True)
class CustomerCostPolicy:
    """What should happen when the costs of a customer in a period exceed a limit.

    `actions` is the name of what should happen, such as `notify_organization_owners`; `period` is a code from 1 to 4.
    """

    id: int
    uuid: str
    customer_uuid: Annotated[str, ForeignKey(Customer)]
    limit_cost: int
    created: datetime
    actions: str = "notify_organization_owners"
    period: int = TOTAL


@row_class(frozen=True, slots=True, kw_only=True)
class ProjectCostPolicy:
    """The same for a project."""

    id: int
    uuid: str
    project_uuid: Annotated[str, ForeignKey(Project)]
    limit_cost: int
    created: datetime
    actions: str = "notify_organization_owners"
    period: int = TOTAL
