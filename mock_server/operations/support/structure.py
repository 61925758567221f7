"""Customers and projects."""

from collections.abc import Mapping
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.visibility import (
    can_see_customer,
    can_see_project,
    customers_visible_to,
)
from waldur_billing_mock.mock_server.operations.call import Call, read_uuid
from waldur_billing_mock.mock_server.operations.support.common import by, equals, has_text, path_uuid, shown
from waldur_billing_mock.mock_server.operations.support.organizations import (
    CustomerUser,
    CustomerView,
    ProjectView,
    members,
)
from waldur_billing_mock.mock_server.operations.support.usage import ComponentStats, component_stats
from waldur_billing_mock.mock_server.operations.support.users import GRANT_FILTERS, USER_ORDERS, Grant, grants_on
from waldur_billing_mock.mock_server.web.listing import Filter, Listing

_PROJECT_FILTERS: Final[Mapping[str, Filter[ProjectView]]] = {
    "name": has_text(lambda project: project.row.name),
    "name_exact": equals(lambda project: project.row.name),
    "query": has_text(lambda project: project.row.name),
    "customer": lambda project, uuids: project.row.customer_uuid in {read_uuid(uuid) for uuid in uuids},
    "customer_name": has_text(lambda project: project.customer_name),
}
_MEMBER_FILTERS: Final[Mapping[str, Filter[CustomerUser]]] = {
    "username": has_text(lambda user: user.row.username),
    "full_name": has_text(lambda user: user.row.full_name),
}


def customers_list(call: Call) -> Listing[CustomerView]:
    """The customers that the caller may see, in the order in which they came."""
    filters: dict[str, Filter[CustomerView]] = {
        "name": has_text(lambda customer: customer.row.name),
        "name_exact": equals(lambda customer: customer.row.name),
        "query": has_text(lambda customer: customer.row.name),
        "archived": equals(lambda customer: customer.row.archived),
        "is_service_provider": equals(lambda customer: customer.is_service_provider),
        "accounting_is_running": equals(lambda customer: customer.row.accounting_is_running(call.world.now)),
        "current_user_has_role": lambda customer, names: customer.row.uuid in call.user.scopes("customer", *names),
    }
    rows = [_customer_view(call, row) for row in customers_visible_to(call.world, call.user)]
    return Listing(rows, filters, by("name", "created", "accounting_start_date"))


def customers_retrieve(call: Call) -> CustomerView:
    """The customer. Raises `NotFound`."""
    return _customer_view(call, _customer(call))


def customers_stats_retrieve(call: Call) -> Mapping[str, list[ComponentStats]]:
    """What the resources of the customer are made of. Raises `NotFound`."""
    projects = call.world.projects.where(customer_uuid=_customer(call).uuid)
    resources = [row for project in projects for row in call.world.resources.where(project_uuid=project.uuid)]
    return {"components": component_stats(call.world, resources, **_stats_arguments(call))}


def customers_users_list(call: Call) -> Listing[CustomerUser]:
    """Who has a role in the customer or in its projects. Raises `NotFound`."""
    return Listing(members(call.world, _customer(call)), _MEMBER_FILTERS, USER_ORDERS)


def projects_list(call: Call) -> Listing[ProjectView]:
    """The projects that the caller may see, in the order in which they came."""
    month = Month.of(call.world.now)
    rows = [ProjectView(call.world, row, month) for row in call.world.projects if can_see_project(call.user, row)]
    return Listing(rows, _PROJECT_FILTERS, by("name", "created", "customer_name"))


def projects_retrieve(call: Call) -> ProjectView:
    """The project. Raises `NotFound`."""
    return ProjectView(call.world, _project(call), Month.of(call.world.now))


def projects_stats_retrieve(call: Call) -> Mapping[str, list[ComponentStats]]:
    """What the resources of the project are made of. Raises `NotFound`."""
    resources = call.world.resources.where(project_uuid=_project(call).uuid)
    return {"components": component_stats(call.world, resources, **_stats_arguments(call))}


def projects_list_users_list(call: Call) -> Listing[Grant]:
    """Who has a role on the project. Raises `NotFound`."""
    rows = list(grants_on(call.world, "project", _project(call).uuid))
    return Listing(rows, GRANT_FILTERS, by("role_name", "created"))


def _customer(call: Call) -> Customer:
    found = call.world.customers.get(path_uuid(call))
    return shown(found, found is not None and can_see_customer(call.world, call.user, found), "Customer")


def _project(call: Call) -> Project:
    found = call.world.projects.get(path_uuid(call))
    return shown(found, found is not None and can_see_project(call.user, found), "Project")


def _customer_view(call: Call, customer: Customer) -> CustomerView:
    return CustomerView(call.world, customer, call.user, Month.of(call.world.now))


def _stats_arguments(call: Call) -> dict[str, Any]:
    return {
        "for_current_month": call.query.get("for_current_month") is True,
        "include_terminated": call.query.get("include_terminated") is True,
    }
