"""One customer, project, resource or item, with all that belongs to it."""

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing.costs import costs
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.pages.cells import (
    INVOICE_COLUMNS,
    ITEM_COLUMNS,
    PROJECT_COLUMNS,
    RESOURCE_COLUMNS,
    invoice_cells,
    item_cells,
    project_cells,
    resource_cells,
)
from waldur_billing_mock.mock_server.pages.listing import Cell, Column, Reversed, first, money
from waldur_billing_mock.mock_server.pages.months import month_name
from waldur_billing_mock.mock_server.pages.view import View

MOST_ROWS = 25
MOST_MONTHS = 13


def customer(view: View) -> Response:
    world = view.world
    row = world.customers.get(view.request.path_params["uuid"])
    if row is None:
        return view.missing("customer")
    invoices, _ = world.invoices.ordered("newest_month").narrowed({"customer_uuid": row.uuid})
    newest = (one for one in invoices if one.customer_uuid == row.uuid)
    held = world.projects.where(customer_uuid=row.uuid)
    return view.page(
        "customer.html",
        customer=row,
        credit=world.customer_credits.first(customer_uuid=row.uuid),
        provider=world.service_providers.first(customer_uuid=row.uuid),
        profiles=world.payment_profiles.where(customer_uuid=row.uuid),
        people=[
            (user, role.name)
            for user in world.users
            for role in user.roles
            if role.scope_type == "customer" and role.scope_uuid == row.uuid
        ][:MOST_ROWS],
        projects=first(held, PROJECT_COLUMNS, lambda one: project_cells(view, one), MOST_ROWS),
        project_count=len(held),
        invoices=first(newest, INVOICE_COLUMNS, lambda one: invoice_cells(view, one), MOST_ROWS),
        invoice_count=len(world.invoices.where(customer_uuid=row.uuid)),
    )


def project(view: View) -> Response:
    world = view.world
    row = world.projects.get(view.request.path_params["uuid"])
    if row is None:
        return view.missing("project")
    items, _ = world.invoice_items.ordered("start").narrowed({"project_uuid": row.uuid})
    found = world.resources.where(project_uuid=row.uuid)
    months = costs(world, items)[:MOST_MONTHS]
    return view.page(
        "project.html",
        project=row,
        customer=world.customers.one(row.customer_uuid),
        credit=world.project_credits.first(project_uuid=row.uuid),
        resources=first(found, RESOURCE_COLUMNS, lambda one: resource_cells(view, one), MOST_ROWS),
        resource_count=len(found),
        costs=first(
            months,
            (Column("Month"), Column("Incurred", True), Column("Compensation", True), Column("Price", True)),
            lambda one: [
                Cell(
                    month_name(Month(one.year, one.month)),
                    view.url("items", project=row.uuid, month=Month(one.year, one.month).padded),
                ),
                money(one.incurred),
                money(one.compensation),
                money(one.price),
            ],
            MOST_MONTHS,
        ),
    )


def resource(view: View) -> Response:
    world = view.world
    row = world.resources.get(view.request.path_params["uuid"])
    if row is None:
        return view.missing("resource")
    home, offering = world.projects.one(row.project_uuid), world.offerings.one(row.offering_uuid)
    plan = world.plans.get(row.plan_uuid)
    prices = world.plan_components.where(plan_uuid=plan.uuid) if plan else []
    items = Reversed(world.invoice_items.where(resource_uuid=row.uuid))
    return view.page(
        "resource.html",
        resource=row,
        project=home,
        customer=world.customers.one(home.customer_uuid),
        offering=offering,
        seller=world.customers.one(offering.customer_uuid),
        plan=plan,
        components=[(price, world.offering_components.one(price.component_uuid)) for price in prices],
        usages=Reversed(world.component_usages.where(resource_uuid=row.uuid))[:MOST_ROWS],
        items=first(items[:MOST_ROWS], ITEM_COLUMNS, lambda one: item_cells(view, one), MOST_ROWS),
        item_count=len(items),
    )


def item(view: View) -> Response:
    world = view.world
    row = world.invoice_items.get(view.request.path_params["uuid"])
    if row is None:
        return view.missing("item")
    shown = ItemView(world, row)
    return view.page(
        "item.html",
        item=row,
        shown=shown,
        invoice=shown.invoice,
        customer=world.customers.one(shown.customer_uuid),
        project=world.projects.get(row.project_uuid),
        resource=shown.resource,
        credit=world.customer_credits.get(row.credit_uuid),
    )
