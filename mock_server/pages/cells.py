"""The columns of the lists of what the world holds, and the cells of a row of each."""

from typing import Final

from waldur_billing_mock.mock_server.billing import figures
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Resource
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.listing import (
    Cell,
    Column,
    day,
    money,
    number,
    state,
)
from waldur_billing_mock.mock_server.pages.months import month_name
from waldur_billing_mock.mock_server.pages.view import View

CUSTOMER_COLUMNS: Final = (
    Column("Customer"),
    Column("Country"),
    Column("Projects", True),
    Column("Invoices", True),
    Column("Open invoices", True),
    Column("Credit", True),
)
PROJECT_COLUMNS: Final = (Column("Project"), Column("Customer"), Column("Resources", True), Column("Credit", True))
RESOURCE_COLUMNS: Final = (
    Column("Resource"),
    Column("State"),
    Column("Offering"),
    Column("Plan"),
    Column("Project"),
    Column("Since"),
)
INVOICE_COLUMNS: Final = (
    Column("Number"),
    Column("State"),
    Column("Customer"),
    Column("Month"),
    Column("Due"),
    Column("Price", True),
    Column("Total", True),
)
ITEM_COLUMNS: Final = (
    Column("Item"),
    Column("Invoice"),
    Column("Project"),
    Column("From"),
    Column("Quantity", True),
    Column("Unit price", True),
    Column("Price", True),
)
PAYMENT_COLUMNS: Final = (
    Column("Date"),
    Column("Customer"),
    Column("Invoice"),
    Column("Profile"),
    Column("Proof"),
    Column("Sum", True),
)
_UNBILLED: Final = ("paid", "canceled")


def customer_cells(view: View, row: Customer) -> list[Cell]:
    world = view.world
    bills = world.invoices.where(customer_uuid=row.uuid)
    credit = world.customer_credits.first(customer_uuid=row.uuid)
    return [
        customer_cell(view, row),
        Cell(row.country_name or "–"),
        number(len(world.projects.where(customer_uuid=row.uuid))),
        Cell(html.number(len(bills)), view.url("invoices", customer=row.uuid), "figure"),
        number(sum(bill.state not in _UNBILLED for bill in bills)),
        money(credit.value if credit else None),
    ]


def project_cells(view: View, row: Project) -> list[Cell]:
    credit = view.world.project_credits.first(project_uuid=row.uuid)
    return [
        Cell(row.name, view.url(f"projects/{row.uuid}")),
        customer_cell(view, view.world.customers.one(row.customer_uuid)),
        Cell(
            html.number(len(view.world.resources.where(project_uuid=row.uuid))),
            view.url("resources", project=row.uuid),
            "figure",
        ),
        money(credit.value if credit else None),
    ]


def resource_cells(view: View, row: Resource) -> list[Cell]:
    world = view.world
    offering, plan = world.offerings.one(row.offering_uuid), world.plans.get(row.plan_uuid)
    project = world.projects.one(row.project_uuid)
    return [
        Cell(row.name, view.url(f"resources/{row.uuid}")),
        state(row.state),
        Cell(offering.name, view.url("resources", offering=offering.uuid)),
        Cell(plan.name if plan else "–"),
        Cell(project.name, view.url(f"projects/{project.uuid}")),
        day(row.created),
    ]


def invoice_cells(view: View, row: Invoice) -> list[Cell]:
    return [
        Cell(str(row.number), view.url(f"invoices/{row.uuid}")),
        state(row.state),
        customer_cell(view, view.world.customers.one(row.customer_uuid)),
        Cell(month_name(row.billed_month), kind="day"),
        day(figures.due_date(view.world, row)),
        money(figures.sums_of(view.world, row).price),
        money(figures.total_of(view.world, row)),
    ]


def item_cells(view: View, row: InvoiceItem) -> list[Cell]:
    shown = ItemView(view.world, row)
    project = row.project_uuid
    return [
        Cell(row.name or row.uuid, view.url(f"items/{row.uuid}")),
        Cell(str(shown.invoice.number), view.url(f"invoices/{row.invoice_uuid}")),
        Cell(shown.project_name, view.url(f"projects/{project}") if view.world.projects.get(project) else None),
        day(row.start),
        Cell(html.number(row.quantity), kind="figure", note=""),
        Cell(html.price(row.unit_price), kind="figure"),
        money(row.price),
    ]


def payment_cells(view: View, row: Payment) -> list[Cell]:
    world = view.world
    invoice, profile = world.invoices.one(row.invoice_uuid), world.payment_profiles.one(row.profile_uuid)
    return [
        day(row.date_of_payment),
        customer_cell(view, world.customers.one(invoice.customer_uuid)),
        Cell(str(invoice.number), view.url(f"invoices/{invoice.uuid}")),
        Cell(profile.name),
        Cell(row.proof_name or "–"),
        money(row.sum),
    ]


def customer_cell(view: View, row: Customer) -> Cell:
    return Cell(row.name, view.url(f"customers/{row.uuid}"))
