"""Limits of costs, as the neighbours show them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from waldur_billing_mock.mock_server.billing.costs import costs_for_period
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month, coded_period
from waldur_billing_mock.mock_server.billing.policy import CustomerCostPolicy, ProjectCostPolicy
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import View
from waldur_billing_mock.mock_server.billing.visibility import can_see_project, has_role
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.support.common import (
    by,
    equals,
    has_text,
    linked_uuid,
    path_uuid,
    shown,
)
from waldur_billing_mock.mock_server.operations.support.organizations import (
    NestedPriceEstimate,
    estimate,
    items_of_project,
)
from waldur_billing_mock.mock_server.tables import Found
from waldur_billing_mock.mock_server.web.listing import Filter, Key, Listing

P = TypeVar("P", CustomerCostPolicy, ProjectCostPolicy)

_PERIODS: Final = {1: "Total", 2: "1 month", 3: "3 months", 4: "12 months"}


class _PolicyView(View[P], ABC):
    """What policies of customers and of projects have in common."""

    options: Mapping[str, object] = {}

    @property
    @abstractmethod
    def scope(self) -> Customer | Project:
        """The object whose costs are limited."""

    @property
    @abstractmethod
    def customer_uuid(self) -> str: ...

    @property
    @abstractmethod
    def items(self) -> Found[InvoiceItem]:
        """All items of the object."""

    @property
    @abstractmethod
    def billing_price_estimate(self) -> NestedPriceEstimate: ...

    @property
    def scope_name(self) -> str:
        return self.scope.name

    @property
    def scope_uuid(self) -> str:
        return self.scope.uuid

    @property
    def period_name(self) -> str:
        return _PERIODS[self.row.period]

    @property
    def cost(self) -> Decimal:
        """What is compared with the limit: what the invoices of the period cost, less what credits have paid."""
        counted = coded_period(self.row.period, self.world.now.date(), None)
        return costs_for_period(self.items, counted.months)

    @property
    def current_cost(self) -> str:
        return str(self.cost)

    @property
    def has_fired(self) -> bool:
        return self.cost > self.row.limit_cost

    @property
    def customer_credit(self) -> str | None:
        found = self.world.customer_credits.first(customer_uuid=self.customer_uuid)
        return None if found is None else str(found.value)


class CustomerPolicyView(_PolicyView[CustomerCostPolicy]):
    """A limit of the costs of a customer."""

    @property
    def scope(self) -> Customer:
        return self.world.customers.one(self.row.customer_uuid)

    @property
    def customer_uuid(self) -> str:
        return self.row.customer_uuid

    @property
    def items(self) -> Found[InvoiceItem]:
        return self.world.invoice_items.ordered("start").narrowed({"invoice.customer_uuid": self.row.customer_uuid})[0]

    @property
    def billing_price_estimate(self) -> NestedPriceEstimate:
        year, month = Month.of(self.world.now)
        invoice = self.world.invoices.first(customer_uuid=self.row.customer_uuid, year=year, month=month)
        return estimate(self.world, items_of(self.world, invoice) if invoice else ())


class ProjectPolicyView(_PolicyView[ProjectCostPolicy]):
    """A limit of the costs of a project."""

    @property
    def scope(self) -> Project:
        return self.world.projects.one(self.row.project_uuid)

    @property
    def customer_uuid(self) -> str:
        return self.scope.customer_uuid

    @property
    def items(self) -> Found[InvoiceItem]:
        return self.world.invoice_items.ordered("start").narrowed({"linked_project_uuid": self.row.project_uuid})[0]

    @property
    def billing_price_estimate(self) -> NestedPriceEstimate:
        return estimate(self.world, items_of_project(self.world, self.row.project_uuid, Month.of(self.world.now)))

    @property
    def project_credit(self) -> str | None:
        found = self.world.project_credits.first(project_uuid=self.row.project_uuid)
        return None if found is None else str(found.value)


_ORDERS: Final[Mapping[str, Key[Any]]] = by("created", "scope_name", "limit_cost", "period", "has_fired")
_FILTERS: Final[Mapping[str, Filter[Any]]] = {
    "scope_uuid": equals(lambda policy: policy.scope_uuid),
    "customer_uuid": equals(lambda policy: policy.customer_uuid),
    "query": has_text(lambda policy: policy.scope_name),
}


def marketplace_customer_estimated_cost_policies_list(call: Call) -> Listing[CustomerPolicyView]:
    """The limits of customers on which the caller has a role, in the order in which they came."""
    rows = [row for row in call.world.customer_cost_policies if has_role(call.user, row.customer_uuid)]
    filters = _filters(call, "/api/customers/{uuid}/")
    return Listing([CustomerPolicyView(call.world, row) for row in rows], filters, _ORDERS)


def marketplace_customer_estimated_cost_policies_retrieve(call: Call) -> CustomerPolicyView:
    """The limit. Raises `NotFound`."""
    found = call.world.customer_cost_policies.get(path_uuid(call))
    visible = found is not None and has_role(call.user, found.customer_uuid)
    return CustomerPolicyView(call.world, shown(found, visible, "CustomerEstimatedCostPolicy"))


def marketplace_project_estimated_cost_policies_list(call: Call) -> Listing[ProjectPolicyView]:
    """The limits of projects that the caller may see, in the order in which they came."""
    world = call.world
    rows = [
        row for row in world.project_cost_policies if can_see_project(call.user, world.projects.one(row.project_uuid))
    ]
    filters = {**_filters(call, "/api/projects/{uuid}/"), "project_uuid": _FILTERS["scope_uuid"]}
    return Listing([ProjectPolicyView(world, row) for row in rows], filters, _ORDERS)


def marketplace_project_estimated_cost_policies_retrieve(call: Call) -> ProjectPolicyView:
    """The limit. Raises `NotFound`."""
    found = call.world.project_cost_policies.get(path_uuid(call))
    visible = found is not None and can_see_project(call.user, call.world.projects.one(found.project_uuid))
    return ProjectPolicyView(call.world, shown(found, visible, "ProjectEstimatedCostPolicy"))


def _filters(call: Call, template: str) -> dict[str, Filter[Any]]:
    filters = dict(_FILTERS)
    if call.query.get("scope"):
        scope = linked_uuid(call, "scope", template)
        filters["scope"] = lambda policy, _: policy.scope_uuid == scope
    return filters
