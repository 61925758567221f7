"""Resources, providers, offerings, usage, categories."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.marketplace import Resource
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.visibility import sees_everything
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.support.common import (
    by,
    equals,
    has_text,
    is_among,
    linked_uuid,
    path_uuid,
    shown,
)
from waldur_billing_mock.mock_server.operations.support.offerings import (
    Category,
    OfferingView,
    ResourceView,
    ServiceProviderView,
    can_see_resource,
    categories,
    revenue_of,
    sells,
)
from waldur_billing_mock.mock_server.operations.support.organizations import count_by_category
from waldur_billing_mock.mock_server.operations.support.usage import ComponentUsageView
from waldur_billing_mock.mock_server.operations.support.users import OfferingPermission, UserView
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Listing

_RESOURCE_FILTERS: Final[Mapping[str, Filter[ResourceView]]] = {
    "name": has_text(lambda resource: resource.row.name),
    "name_exact": equals(lambda resource: resource.row.name),
    "query": has_text(lambda resource: f"{resource.row.name} {resource.offering_name}"),
    "customer_uuid": equals(lambda resource: resource.customer_uuid),
    "project_uuid": equals(lambda resource: resource.row.project_uuid),
    "offering_uuid": equals(lambda resource: resource.row.offering_uuid),
    "provider_uuid": equals(lambda resource: resource.provider_uuid),
    "plan_uuid": equals(lambda resource: resource.row.plan_uuid),
    "category_uuid": equals(lambda resource: resource.category_uuid),
    "state": is_among(lambda resource: resource.row.state),
}
_OFFERING_FILTERS: Final[Mapping[str, Filter[OfferingView]]] = {
    "name": has_text(lambda offering: offering.row.name),
    "name_exact": equals(lambda offering: offering.row.name),
    "query": has_text(lambda offering: f"{offering.row.name} {offering.customer_name}"),
    "customer_uuid": equals(lambda offering: offering.row.customer_uuid),
    "category_uuid": equals(lambda offering: offering.category_uuid),
}
_USAGE_FILTERS: Final[Mapping[str, Filter[ComponentUsageView]]] = {
    "customer_uuid": equals(lambda usage: usage.customer_uuid),
    "project_uuid": equals(lambda usage: usage.project_uuid),
    "offering_uuid": equals(lambda usage: usage.offering_uuid),
    "resource_uuid": equals(lambda usage: usage.row.resource_uuid),
    "type": equals(lambda usage: usage.row.component_type),
    "billing_period_year": equals(lambda usage: usage.row.year),
    "billing_period_month": equals(lambda usage: usage.row.month),
}


def marketplace_resources_list(call: Call) -> Listing[ResourceView]:
    """The resources that the caller has bought or sold."""
    rows = [ResourceView(call.world, row, call.user) for row in _resources(call)]
    return Listing(rows, _RESOURCE_FILTERS, by("name", "created", "project_name", "customer_name", "state"))


def marketplace_resources_retrieve(call: Call) -> ResourceView:
    """The resource. Raises `NotFound`."""
    found = call.world.resources.get(path_uuid(call))
    visible = found is not None and can_see_resource(call.world, call.user, found)
    return ResourceView(call.world, shown(found, visible, "Resource"), call.user)


def marketplace_service_providers_list(call: Call) -> Listing[ServiceProviderView]:
    """Everybody who sells, for everybody."""
    rows = [ServiceProviderView(call.world, row, call.user) for row in call.world.service_providers]
    filters: dict[str, Filter[ServiceProviderView]] = {
        "customer_uuid": equals(lambda provider: provider.row.customer_uuid),
        "customer_keyword": has_text(lambda provider: provider.customer_name),
    }
    if call.query.get("customer"):
        customer = linked_uuid(call, "customer", "/api/customers/{uuid}/")
        filters["customer"] = lambda provider, _: provider.row.customer_uuid == customer
    return Listing(rows, filters, by("customer_name", "created"))


def marketplace_service_providers_retrieve(call: Call) -> ServiceProviderView:
    """The provider. Raises `NotFound`."""
    found = call.world.service_providers.get(path_uuid(call))
    return ServiceProviderView(call.world, shown(found, True, "ServiceProvider"), call.user)


def marketplace_service_providers_revenue_list(call: Call) -> Listing[Mapping[str, int]]:
    """What the provider earned in each month since this one of last year. Raises `NotFound`, `Problem` 403."""
    provider, now = _own_provider(call), Month.of(call.world.now)
    months = [now.plus(-back) for back in range(12, -1, -1)]
    sums = revenue_of(call.world, provider, months)
    return Listing([{"year": month.year, "month": month.month, "total": int(sums[month])} for month in sums])


def marketplace_service_providers_stat_retrieve(call: Call) -> Mapping[str, int]:
    """What the provider has to do with. Raises `NotFound`, `Problem` 403."""
    provider, before = _own_provider(call), Month.of(call.world.now).plus(-1).start
    in_use = [row for row in provider.sold if row.state != "Terminated"]
    then = [row for row in provider.sold if row.created < before and not _ended(row, before)]
    return {
        "active_campaigns": 0,
        "current_customers": len(_buyers(call, in_use)),
        "customers_number_change": len(_buyers(call, in_use)) - len(_buyers(call, then)),
        "active_resources": len(in_use),
        "resources_number_change": len(in_use) - len(then),
        "active_and_paused_offerings": provider.offering_count,
        "unresolved_tickets": 0,
        "pending_orders": 0,
        "erred_resources": sum(row.state == "Erred" for row in provider.sold),
    }


def marketplace_provider_offerings_list(call: Call) -> Listing[OfferingView]:
    """The offerings of the caller's own customers; staff and support see all."""
    own = [row for row in call.world.offerings if call.user.is_support or sells(call.user, row.customer_uuid)]
    return _offerings([OfferingView(call.world, row, call.user) for row in own])


def marketplace_provider_offerings_retrieve(call: Call) -> OfferingView:
    """The offering, for everybody: credits lead here. Raises `NotFound`."""
    return OfferingView(call.world, shown(call.world.offerings.get(path_uuid(call)), True, "Offering"), call.user)


def marketplace_public_offerings_list(call: Call) -> Listing[OfferingView]:
    """Everything that is sold, for everybody."""
    return _offerings([OfferingView(call.world, row, call.user) for row in call.world.offerings])


def marketplace_public_offerings_retrieve(call: Call) -> OfferingView:
    """The offering. Raises `NotFound`."""
    return marketplace_provider_offerings_retrieve(call)


def marketplace_offering_permissions_list(call: Call) -> Listing[OfferingPermission]:
    """Roles on offerings: one's own, and those on what one's customers sell; all of them for staff and support."""
    filters: dict[str, Filter[OfferingPermission]] = {
        "customer": equals(lambda grant: grant.customer_uuid),
        "customer_uuid": equals(lambda grant: grant.customer_uuid),
        "offering_uuid": equals(lambda grant: grant.offering_uuid),
        "username": has_text(lambda grant: grant.user_username),
        "full_name": has_text(lambda grant: grant.user_full_name),
    }
    return Listing(_grants_seen(call), filters, by("user_username", "user_full_name", "created"))


def marketplace_offering_permissions_retrieve(call: Call) -> OfferingPermission:
    """The role on an offering. Raises `NotFound`."""
    number = call.path["id"]
    return shown(next((row for row in _grants_seen(call) if row.number == number), None), True, "OfferingPermission")


def marketplace_component_usages_list(call: Call) -> Listing[ComponentUsageView]:
    """What was used of the resources that the caller may see, the latest month first."""
    seen = {resource.uuid for resource in _resources(call)}
    rows = [ComponentUsageView(call.world, row) for row in call.world.component_usages if row.resource_uuid in seen]
    rows.sort(key=lambda usage: (usage.row.year, usage.row.month), reverse=True)
    return Listing(rows, _USAGE_FILTERS, by("usage", "created", "billing_period"))


def marketplace_component_usages_retrieve(call: Call) -> ComponentUsageView:
    """The usage. Raises `NotFound`."""
    found = call.world.component_usages.get(path_uuid(call))
    resource = call.world.resources.get(found.resource_uuid) if found else None
    visible = resource is not None and can_see_resource(call.world, call.user, resource)
    return ComponentUsageView(call.world, shown(found, visible, "ComponentUsage"))


def marketplace_categories_list(call: Call) -> Listing[Category]:
    """The kinds of offerings."""
    return Listing(categories(call.world), {"title": has_text(lambda found: found.title)}, by("title"))


def marketplace_categories_retrieve(call: Call) -> Category:
    """The category. Raises `NotFound`."""
    uuid = path_uuid(call)
    return shown(next((row for row in categories(call.world) if row.uuid == uuid), None), True, "Category")


def marketplace_global_categories_retrieve(call: Call) -> Mapping[str, int]:
    """How many resources in use the caller may see, by the identifier of their category."""
    query = call.query
    rows = [row for row in _resources(call) if row.state != "Terminated"]
    if query.get("project_uuid"):
        rows = [row for row in rows if row.project_uuid == query["project_uuid"]]
    if query.get("customer_uuid"):
        projects = {row.uuid for row in call.world.projects.where(customer_uuid=query["customer_uuid"])}
        rows = [row for row in rows if row.project_uuid in projects]
    return count_by_category(call.world, rows)


def _grants_seen(call: Call) -> list[OfferingPermission]:
    everything = sees_everything(call.user)
    rows = [
        OfferingPermission(call.world, UserView(call.world, user), role)
        for user in call.world.users
        for role in user.roles
        if role.scope_type == "offering"
    ]
    return [row for row in rows if everything or row.user_uuid == call.user.uuid or sells(call.user, row.customer_uuid)]


def _resources(call: Call) -> list[Resource]:
    return [row for row in call.world.resources if can_see_resource(call.world, call.user, row)]


def _offerings(rows: list[OfferingView]) -> Listing[OfferingView]:
    orders: Any = by("name", "created", "customer_name", "type", "state")
    return Listing(rows, _OFFERING_FILTERS, orders)


def _own_provider(call: Call) -> ServiceProviderView:
    provider = marketplace_service_providers_retrieve(call)
    if not (call.user.is_support or sells(call.user, provider.row.customer_uuid)):
        raise problems.forbidden()
    return provider


def _buyers(call: Call, resources: list[Resource]) -> set[str]:
    return {call.world.projects.one(row.project_uuid).customer_uuid for row in resources}


def _ended(resource: Resource, instant: datetime) -> bool:
    return resource.terminated is not None and resource.terminated < instant
