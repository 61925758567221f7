"""Who may do what, and who sees what: the table of roles, over all operations and all roles."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

import pytest

from mock_server.billing.invoice import Invoice, open_invoice
from mock_server.billing.item import InvoiceItem
from mock_server.billing.period import Month
from mock_server.billing.store import World
from mock_server.operations.registry import functions
from tests.asgi import Api, Reply, application

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
OBSERVATORY, COMPUTE_CENTRE, ORCHARDS = "Baltic Sea Observatory", "Nordic Compute Centre", "Crooked Spire"
PROJECT, OTHER_PROJECT = "Tide model", "Läänemere hoovused"
EVERYBODY: Final = (OBSERVATORY, COMPUTE_CENTRE, ORCHARDS)
NO_TOKEN: Final = {"detail": "Authentication credentials were not provided."}
INACTIVE: Final = {"detail": "User inactive or deleted."}
FORBIDDEN: Final = {"detail": "You do not have permission to perform this action."}


class Role(NamedTuple):
    """What a user gets. Customers and projects are told by name.

    `invoices` are the customers whose invoices and items are seen, `growth` those that count for growth and may be
    asked for their costs, `projects` those that may be, `sales` the sellers whose items are seen.
    """

    username: str | None
    invoices: tuple[str, ...] = ()
    growth: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    sales: tuple[str, ...] = ()
    writes: bool = False
    refused: dict[str, str] | None = None


def of_customer(username: str) -> Role:
    return Role(username, invoices=(OBSERVATORY,), growth=(OBSERVATORY,), projects=(PROJECT, OTHER_PROJECT))


def of_project(username: str) -> Role:
    return Role(username, growth=(OBSERVATORY,), projects=(PROJECT,))


def of_provider(username: str) -> Role:
    return Role(username, invoices=(COMPUTE_CENTRE,), growth=(COMPUTE_CENTRE,), sales=(COMPUTE_CENTRE,))


SUPPORT: Final = Role("support", invoices=EVERYBODY, growth=EVERYBODY, projects=(PROJECT, OTHER_PROJECT))
ROLES: Final = (
    Role(None, refused=NO_TOKEN),
    Role("inactive", refused=INACTIVE),
    Role("nobody"),
    SUPPORT._replace(username="staff", sales=EVERYBODY, writes=True),
    SUPPORT,
    of_customer("owner"),
    of_customer("customer_manager"),
    of_customer("customer_support"),
    Role("owner2", invoices=(ORCHARDS,), growth=(ORCHARDS,)),
    of_project("project_admin"),
    of_project("project_manager"),
    of_project("project_member"),
    of_provider("provider_owner"),
    of_provider("provider_manager"),
)
KNOWN_ROLES: Final = [role for role in ROLES if role.refused is None]


class Operation(NamedTuple):
    """How an operation is called. `{uuid}` is put into the path; the body of staff's success, and its status."""

    operation_id: str
    method: str
    path: str
    body: object = None
    status: int = 200


READ_INVOICE: Final = (
    Operation("invoices_retrieve", "GET", "/api/invoices/{uuid}/"),
    Operation("invoices_items_retrieve", "GET", "/api/invoices/{uuid}/items/"),
    Operation("invoices_stats_list", "GET", "/api/invoices/{uuid}/stats/"),
)
READ_ITEM: Final = (
    Operation("invoice_items_retrieve", "GET", "/api/invoice-items/{uuid}/"),
    Operation("invoice_items_consumptions_list", "GET", "/api/invoice-items/{uuid}/consumptions/"),
)
READ_SUMS: Final = (
    Operation("invoices_list", "GET", "/api/invoices/"),
    Operation("invoices_growth_retrieve", "GET", "/api/invoices/growth/"),
    Operation("invoice_items_list", "GET", "/api/invoice-items/"),
    Operation("invoice_items_total_price_retrieve", "GET", "/api/invoice-items/total_price/"),
    Operation("invoice_items_costs_list", "GET", "/api/invoice-items/costs/"),
    Operation(
        "invoice_items_customer_costs_for_period_retrieve", "GET", "/api/invoice-items/customer_costs_for_period/"
    ),
    Operation("invoice_items_project_costs_for_period_retrieve", "GET", "/api/invoice-items/project_costs_for_period/"),
    Operation("provider_invoice_items_list", "GET", "/api/provider-invoice-items/"),
    Operation("provider_invoice_items_retrieve", "GET", "/api/provider-invoice-items/123/"),
)
WRITE_INVOICE: Final = (
    Operation("invoices_paid", "POST", "/api/invoices/{uuid}/paid/"),
    Operation("invoices_send_notification", "POST", "/api/invoices/{uuid}/send_notification/"),
    Operation("invoices_set_backend_id", "POST", "/api/invoices/{uuid}/set_backend_id/", {"backend_id": "1"}),
    Operation(
        "invoices_set_payment_url", "POST", "/api/invoices/{uuid}/set_payment_url/", {"payment_url": "http://a.example"}
    ),
    Operation(
        "invoices_set_reference_number", "POST", "/api/invoices/{uuid}/set_reference_number/", {"reference_number": "1"}
    ),
)
WRITE_ITEM: Final = (
    Operation(
        "invoice_items_create_compensation",
        "POST",
        "/api/invoice-items/{uuid}/create_compensation/",
        {"offering_component_name": "Server"},
        201,
    ),
    Operation("invoice_items_update", "PUT", "/api/invoice-items/{uuid}/", {"unit_price": "1"}),
    Operation("invoice_items_partial_update", "PATCH", "/api/invoice-items/{uuid}/", {"unit_price": "1"}),
    Operation("invoice_items_destroy", "DELETE", "/api/invoice-items/{uuid}/", status=204),
    Operation(
        "invoice_items_migrate_to",
        "POST",
        "/api/invoice-items/{uuid}/migrate_to/",
        {"invoice": "/api/invoices/{target}/"},
    ),
)
EVERYTHING: Final = (*READ_INVOICE, *READ_ITEM, *READ_SUMS, *WRITE_INVOICE, *WRITE_ITEM)


def named(role: object) -> str:
    match role:
        case Role():
            return role.username or "anonymous"
        case Operation():
            return role.operation_id
    return str(role)


def by_role(roles: Iterable[Role] = KNOWN_ROLES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("role", roles, ids=named)


def by_operation(*operations: Operation) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=named)


def invoices_of(world: World, names: Iterable[str]) -> list[Invoice]:
    """The invoices of the customers that are named; all of the world where all of the table's are."""
    if tuple(names) == EVERYBODY:
        return list(world.invoices)
    return [invoice for invoice in world.invoices if any(name in invoice.customer.name for name in names)]


def items_of(world: World, names: Iterable[str]) -> list[InvoiceItem]:
    wanted = {invoice.uuid for invoice in invoices_of(world, names)}
    return [item for item in world.invoice_items if item.invoice_uuid in wanted]


def items_sold_by(world: World, names: Iterable[str]) -> list[InvoiceItem]:
    """The items that charge offerings of the sellers that are named, and all items for everybody."""
    if tuple(names) == EVERYBODY:
        return list(world.invoice_items)
    return [item for item in world.invoice_items if item.resource and item.resource.offering.customer.name in names]


def uuids(rows: Iterable[InvoiceItem | Invoice]) -> set[str]:
    return {row.uuid for row in rows}


def answered(rows: Iterable[dict[str, str]]) -> set[str]:
    return {row["uuid"].replace("-", "") for row in rows}


def sum_of(items: Iterable[InvoiceItem]) -> Decimal:
    return sum((item.unit_price * item.quantity for item in items), Decimal(0))


def customer_uuid(world: World, name: str) -> str:
    (found,) = [customer.uuid for customer in world.customers if name in customer.name]
    return found


def project_uuid(world: World, name: str) -> str:
    (found,) = [project.uuid for project in world.projects if name in project.name]
    return found


def call(api: Api, operation: Operation, role: Role, uuid: str) -> Reply:
    body = operation.body
    if isinstance(body, dict):
        target = open_invoice(api.world.invoice_items.one(ITEM).customer, Month(2026, 1)).uuid
        body = {name: value.format(target=target) for name, value in body.items()}
    return api.ask(operation.method, operation.path.format(uuid=uuid), role.username, body)


INVOICE = ITEM = "a1b2c3d4e5f67890abcdef1234567890"


def test_the_table_has_all_operations() -> None:
    tabled = [operation.operation_id for operation in EVERYTHING]

    later = {"invoice_items_consumptions_retrieve"}
    assert sorted(tabled) == sorted(functions().keys() - later)


def test_the_table_has_all_users() -> None:
    usernames = {user.username for user in application("default").world.users}

    assert usernames == {role.username for role in ROLES} - {None}


@by_role(role for role in ROLES if role.refused)
@by_operation(*EVERYTHING)
@pytest.mark.parametrize("uuid", [INVOICE, UNKNOWN])
def test_a_caller_without_a_valid_token_gets_nowhere(
    november: Api, role: Role, operation: Operation, uuid: str
) -> None:
    reply = call(november, operation, role, uuid)

    assert (reply.status, reply.body) == (401, role.refused)
    assert reply.headers["www-authenticate"] == "Token"


@by_role()
@by_operation(*WRITE_INVOICE, *WRITE_ITEM)
def test_only_staff_writes(november: Api, role: Role, operation: Operation) -> None:
    reply = call(november, operation, role, INVOICE)

    if role.writes:
        assert reply.status == operation.status, reply.text
    else:
        assert (reply.status, reply.body) == (403, FORBIDDEN)


@by_role()
@by_operation(*WRITE_INVOICE, *WRITE_ITEM)
@pytest.mark.parametrize("uuid", [UNKNOWN, "nonsense"])
def test_writing_to_nothing_is_forbidden_first_and_not_found_then(
    november: Api, role: Role, operation: Operation, uuid: str
) -> None:
    model = "InvoiceItem" if operation in WRITE_ITEM else "Invoice"

    reply = call(november, operation, role, uuid)

    if role.writes:
        assert (reply.status, reply.body) == (404, {"detail": f"No {model} matches the given query."})
    else:
        assert (reply.status, reply.body) == (403, FORBIDDEN)


@by_role()
@by_operation(*READ_INVOICE)
@pytest.mark.parametrize("customer", EVERYBODY)
def test_invoices_show_to_those_with_a_role_on_their_customer(
    readable: Api, role: Role, operation: Operation, customer: str
) -> None:
    *_, invoice = invoices_of(readable.world, [customer])

    reply = readable.ask("GET", operation.path.format(uuid=invoice.uuid), role.username)

    if customer in role.invoices:
        assert reply.status == 200
    else:
        assert (reply.status, reply.body) == (404, {"detail": "No Invoice matches the given query."})


@by_role()
@by_operation(*READ_ITEM)
@pytest.mark.parametrize("customer", EVERYBODY)
def test_items_show_to_those_with_a_role_on_their_customer(
    readable: Api, role: Role, operation: Operation, customer: str
) -> None:
    *_, item = items_of(readable.world, [customer])

    reply = readable.ask("GET", operation.path.format(uuid=item.uuid), role.username)

    if customer in role.invoices:
        assert reply.status == 200
    else:
        assert (reply.status, reply.body) == (404, {"detail": "No InvoiceItem matches the given query."})


@by_role()
@by_operation(*READ_INVOICE, *READ_ITEM)
@pytest.mark.parametrize("uuid", [UNKNOWN, "nonsense"])
def test_reading_nothing_is_not_found(readable: Api, role: Role, operation: Operation, uuid: str) -> None:
    model = "InvoiceItem" if operation in READ_ITEM else "Invoice"

    reply = readable.ask("GET", operation.path.format(uuid=uuid), role.username)

    assert (reply.status, reply.body) == (404, {"detail": f"No {model} matches the given query."})


@by_role()
def test_the_list_of_invoices_holds_what_shows(readable: Api, role: Role) -> None:
    rows = readable.rows("/api/invoices/", role.username, field="uuid")

    assert answered(rows) == uuids(invoices_of(readable.world, role.invoices))


@by_role()
def test_the_list_of_items_holds_what_shows(readable: Api, role: Role) -> None:
    rows = readable.rows("/api/invoice-items/", role.username)

    assert answered(rows) == uuids(items_of(readable.world, role.invoices))


@by_role()
def test_the_total_price_adds_up_what_shows(readable: Api, role: Role) -> None:
    reply = readable.get("/api/invoice-items/total_price/", role.username)

    expected = sum_of(items_of(readable.world, role.invoices))
    assert reply.status == 200
    assert reply.body["total_price"] == str(expected.quantize(Decimal("1e-10"), ROUND_HALF_EVEN))


@by_role()
def test_growth_counts_the_customers_with_or_on_whose_projects_there_is_a_role(readable: Api, role: Role) -> None:
    now = readable.world.now
    invoices = [
        row for row in invoices_of(readable.world, role.growth) if (row.year, row.month) == (now.year, now.month)
    ]

    reply = readable.get("/api/invoices/growth/", role.username)

    assert reply.status == 200
    assert len(reply.body["total_periods"]) == 13
    assert abs(reply.body["total_periods"][-1] - sum(row.total for row in invoices)) <= len(invoices) * Decimal("0.005")
    if role.growth != EVERYBODY:
        shown = [period["name"] for period in reply.body["customer_periods"]]
        assert len(shown) == len(role.growth)
        assert all(part in name for part, name in zip(role.growth, shown, strict=True))


@by_role()
@pytest.mark.parametrize("project", [PROJECT, OTHER_PROJECT, "Cider press"])
def test_the_costs_of_a_project_hold_what_shows(readable: Api, role: Role, project: str) -> None:
    uuid = project_uuid(readable.world, project)
    items = [item for item in items_of(readable.world, role.invoices) if item.project_uuid == uuid]

    rows = readable.rows("/api/invoice-items/costs/", role.username, project_uuid=uuid)

    assert [(row["year"], row["month"]) for row in rows] == sorted(
        {(item.invoice.year, item.invoice.month) for item in items}, reverse=True
    )
    assert abs(sum(row["price"] for row in rows) - sum_of(items)) <= len(rows) * Decimal("0.005")


@by_role()
@pytest.mark.parametrize("customer", EVERYBODY)
def test_the_costs_of_a_customer_are_for_those_who_know_it(readable: Api, role: Role, customer: str) -> None:
    """Roles on a project open the customer, but none of its items."""
    uuid = customer_uuid(readable.world, customer)

    reply = readable.get("/api/invoice-items/customer_costs_for_period/", role.username, customer_uuid=uuid, period=12)

    if customer in role.growth:
        assert reply.status == 200
        assert (Decimal(reply.body["total_price"]) > 0) == (customer in role.invoices)
    else:
        dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
        assert (reply.status, reply.body) == (404, {"detail": f"Customer with UUID {dashed} not found."})


@by_role()
@pytest.mark.parametrize("project", [PROJECT, OTHER_PROJECT, "Cider press"])
def test_the_costs_of_a_project_for_a_period_are_for_those_who_know_it(readable: Api, role: Role, project: str) -> None:
    owner = ORCHARDS if project == "Cider press" else OBSERVATORY
    uuid = project_uuid(readable.world, project)

    reply = readable.get("/api/invoice-items/project_costs_for_period/", role.username, project_uuid=uuid, period=12)

    if project in role.projects or owner in role.invoices:
        assert reply.status == 200
        assert (Decimal(reply.body["total_price"]) > 0) == (owner in role.invoices)
    else:
        dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
        assert (reply.status, reply.body) == (404, {"detail": f"Project with UUID {dashed} not found."})


@by_role()
@pytest.mark.parametrize(("parameter", "model"), [("customer_uuid", "Customer"), ("project_uuid", "Project")])
def test_the_costs_of_nothing_are_not_found(readable: Api, role: Role, parameter: str, model: str) -> None:
    path = f"/api/invoice-items/{model.lower()}_costs_for_period/"

    reply = readable.get(path, role.username, **{parameter: UNKNOWN})

    assert (reply.status, reply.body) == (404, {"detail": f"{model} with UUID {UNKNOWN} not found."})


@by_role()
def test_provider_items_show_to_owners_and_managers_of_the_seller(readable: Api, role: Role) -> None:
    """Global support sees none, and neither does a buyer."""
    rows = readable.rows("/api/provider-invoice-items/", role.username)

    assert answered(rows) == uuids(items_sold_by(readable.world, role.sales))


@by_role()
@pytest.mark.parametrize("seller", [COMPUTE_CENTRE, "Rechenzentrum Musterhausen gGmbH", None])
def test_a_provider_item_shows_to_those_who_sell_it(readable: Api, role: Role, seller: str | None) -> None:
    items = [
        item
        for item in readable.world.invoice_items
        if (item.resource.offering.customer.name if item.resource else None) == seller
    ]

    reply = readable.get(f"/api/provider-invoice-items/{items[0].id}/", role.username)

    if role.writes or seller in role.sales:
        assert reply.status == 200
    else:
        assert (reply.status, reply.body) == (404, {"detail": "No InvoiceItem matches the given query."})


@by_role()
@pytest.mark.parametrize(
    ("id", "sentence"), [("999999", "No InvoiceItem matches the given query."), (UNKNOWN, "Not found.")]
)
def test_a_provider_item_that_is_none_is_not_found(readable: Api, role: Role, id: str, sentence: str) -> None:
    reply = readable.get(f"/api/provider-invoice-items/{id}/", role.username)

    assert (reply.status, reply.body) == (404, {"detail": sentence})
