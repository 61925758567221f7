"""Lists of what the world holds: customers, projects, resources, invoices, items, credits, payments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_args

from starlette.responses import Response

from waldur_billing_mock.mock_server.billing.invoice import Invoice, State
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.pages.cells import (
    CUSTOMER_COLUMNS,
    INVOICE_COLUMNS,
    ITEM_COLUMNS,
    PAYMENT_COLUMNS,
    PROJECT_COLUMNS,
    RESOURCE_COLUMNS,
    customer_cells,
    invoice_cells,
    item_cells,
    payment_cells,
    project_cells,
    resource_cells,
)
from waldur_billing_mock.mock_server.pages.listing import (
    MOST_SEARCHED,
    Chip,
    Filter,
    Page,
    Reversed,
    Rows,
    options,
    paged,
    searched,
)
from waldur_billing_mock.mock_server.pages.months import months, read_month
from waldur_billing_mock.mock_server.pages.view import View

R = TypeVar("R")


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
