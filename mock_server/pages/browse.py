"""Lists of what the world holds: customers, projects, resources, invoices, items, credits, payments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar, get_args

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing import figures
from waldur_billing_mock.mock_server.billing.invoice import Invoice, State
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Resource
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.listing import (
    MOST_SEARCHED,
    Cell,
    Chip,
    Column,
    Filter,
    Page,
    Reversed,
    Rows,
    day,
    money,
    number,
    options,
    paged,
    searched,
    state,
)
from waldur_billing_mock.mock_server.pages.view import View

R = TypeVar("R")

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


def customers(view: View) -> Response:
    rows, cut = searched(view, "customers", list(view.world.customers), lambda row: (row.name, row.email, row.uuid))
    return _list(
        view,
        "Customers",
        "Organizations that are billed, each once a month.",
        replace(paged(view, rows, CUSTOMER_COLUMNS, lambda row: customer_cells(view, row)), cut=cut),
        [_search(view, "Name, mail or uuid")],
    )


def projects(view: View) -> Response:
    wanted, chips = _links(view, {"customer": "customer_uuid"})
    found = view.world.projects.where(**wanted) if wanted else list(view.world.projects)
    rows, cut = searched(view, "" if wanted else "projects", found, lambda row: (row.name, row.uuid))
    return _list(
        view,
        "Projects",
        "Workspaces of customers, in which resources live.",
        replace(paged(view, rows, PROJECT_COLUMNS, lambda row: project_cells(view, row)), cut=cut),
        [_search(view, "Name or uuid")],
        chips,
    )


def resources(view: View) -> Response:
    wanted, chips = _links(view, {"project": "project_uuid", "offering": "offering_uuid"})
    found = view.world.resources.where(**wanted) if wanted else list(view.world.resources)
    if view.query.get("state"):
        wanted["state"] = view.query["state"]
        found = [row for row in found if row.state == view.query["state"]]
    rows, cut = searched(view, "" if wanted else "resources", found, lambda row: (row.name, row.uuid))
    return _list(
        view,
        "Resources",
        "What customers have bought, by offering and plan.",
        replace(paged(view, rows, RESOURCE_COLUMNS, lambda row: resource_cells(view, row)), cut=cut),
        [
            _search(view, "Name or uuid"),
            _choice(view, "state", "State", options(sorted({row.state for row in view.world.resources}), "Any state")),
        ],
        chips,
    )


def invoices(view: View) -> Response:
    wanted, chips = _links(view, {"customer": "customer_uuid"})
    month = read_month(view.query.get("month", ""))
    if month is not None:
        wanted.update(year=month.year, month=month.month)
    if view.query.get("state") in get_args(State):
        wanted["state"] = view.query["state"]
    found, known = view.world.invoices.ordered("newest_month").narrowed(wanted)
    rows: Sequence[Invoice] = _fitting(found, wanted, known)
    rows, cut = searched(view, "" if wanted else "invoices", rows, lambda row: _words_of_invoice(view.world, row))
    return _list(
        view,
        "Invoices",
        "One for each customer and month.",
        replace(paged(view, rows, INVOICE_COLUMNS, lambda row: invoice_cells(view, row)), cut=cut),
        [
            _search(view, "Number, customer or reference"),
            _choice(view, "state", "State", options(get_args(State), "Any state")),
            _choice(view, "month", "Month", months(view.world)),
        ],
        chips,
    )


def items(view: View) -> Response:
    wanted, chips = _links(view, {"invoice": "invoice_uuid", "project": "project_uuid", "resource": "resource_uuid"})
    month = read_month(view.query.get("month", ""))
    if month is not None:
        wanted.update({"start.year": month.year, "start.month": month.month})
    rows = _items(view.world, wanted)
    if view.query.get("kind") == "compensations":
        wanted["kind"] = "compensations"
        rows = [row for row in rows[:MOST_SEARCHED] if row.unit_price < 0 or row.credit]
    rows, cut = searched(view, "" if wanted else "items", rows, lambda row: (row.name, row.uuid, row.article_code))
    return _list(
        view,
        "Items",
        "Lines of invoices: unit price × quantity. A negative price compensates another line.",
        replace(paged(view, rows, ITEM_COLUMNS, lambda row: item_cells(view, row)), cut=cut),
        [
            _search(view, "Name, uuid or article code"),
            _choice(view, "kind", "Kind", [("", "All"), ("compensations", "Compensations only")]),
            _choice(view, "month", "Month", months(view.world)),
        ],
        chips,
    )


def payments(view: View) -> Response:
    rows = Reversed(list(view.world.payments))
    return _list(
        view,
        "Payments",
        "Money that was received for invoices.",
        paged(view, rows, PAYMENT_COLUMNS, lambda row: payment_cells(view, row)),
    )


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


def month_name(month: Month) -> str:
    """`Nov 2025`."""
    return f"{month.first_day:%b %Y}"


def _list(
    view: View, title: str, lead: str, rows: Rows, filters: Sequence[Filter] = (), chips: Sequence[Chip] = ()
) -> Response:
    return view.page("list.html", page=Page(title, lead, rows, filters, chips))


def _search(view: View, title: str) -> Filter:
    return Filter("q", title, view.query.get("q", ""))


def _choice(view: View, name: str, title: str, choices: Sequence[tuple[str, str]]) -> Filter:
    return Filter(name, title, view.query.get(name, ""), choices)


def _links(view: View, names: Mapping[str, str]) -> tuple[dict[str, Any], list[Chip]]:
    """The keys that parameters narrow to, and what is said about them. `names` are keys by parameter."""
    world = view.world
    find: Mapping[str, Callable[[str], Any]] = {
        "customer": world.customers.get,
        "project": world.projects.get,
        "resource": world.resources.get,
        "offering": world.offerings.get,
        "invoice": world.invoices.get,
    }
    wanted, chips = {}, []
    for name, key in names.items():
        uuid = view.query.get(name)
        if uuid:
            row = find[name](uuid)
            text = str(row.number) if isinstance(row, Invoice) else getattr(row, "name", uuid)
            wanted[key] = uuid
            chips.append(Chip(name.capitalize(), text, view.same(**{name: None, "page": None})))
    return wanted, chips


def _items(world: World, wanted: Mapping[str, Any]) -> Sequence[InvoiceItem]:
    """The items that fit, the newest first; those of one invoice or resource in the order in which they were added."""
    keys = {name: value for name, value in wanted.items() if name in ("invoice_uuid", "resource_uuid")}
    if keys:
        return _fitting(world.invoice_items.where(**keys), wanted, keys)
    narrowed, known = world.invoice_items.ordered("start").narrowed(wanted)
    return Reversed(_fitting(narrowed, wanted, known))


def _fitting(rows: Sequence[R], wanted: Mapping[str, Any], known: Iterable[str]) -> Sequence[R]:
    """The rows that fit what no index has looked at."""
    left = {name: value for name, value in wanted.items() if name not in known}
    return [row for row in rows if all(_value(row, name) == value for name, value in left.items())] if left else rows


def _value(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = getattr(row, part)
    return row


def _words_of_invoice(world: World, row: Invoice) -> tuple[str, ...]:
    return str(row.number), world.customers.one(row.customer_uuid).name, row.reference_number, row.uuid


def read_month(text: str) -> Month | None:
    """The month that `2025-11` names; None for any other text."""
    year, _, number = text.partition("-")
    if year.isdecimal() and number.isdecimal() and len(year) == 4 and 1 <= int(number) <= 12:
        return Month(int(year), int(number))
    return None


def months(world: World) -> list[tuple[str, str]]:
    """The months of the last two years, the newest first."""
    current = Month.of(world.now)
    last = [current.plus(-back) for back in range(25)]
    return [("", "Any month"), *((month.padded, month_name(month)) for month in last)]
