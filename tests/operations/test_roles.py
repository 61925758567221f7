"""Who may do what, and who sees what: the table of roles, over all operations and all roles."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from tests.asgi import Api, Reply, application
from tests.descriptions import description
from tests.operations.figures import INVOICE, UNKNOWN, bare, dashed, total
from tests.operations.roles import (
    COMPUTE_CENTRE,
    EVERYBODY,
    EVERYTHING,
    FORBIDDEN,
    KNOWN_ROLES,
    OBSERVATORY,
    ORCHARDS,
    OTHER_PROJECT,
    PROJECT,
    READ_INVOICE,
    READ_ITEM,
    ROLES,
    WRITE_INVOICE,
    WRITE_ITEM,
    Operation,
    Role,
)
from tests.views import month_of, seller_of, view
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.openapi.operation import operations


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
    return [invoice for invoice in world.invoices if any(name in view(world, invoice).customer.name for name in names)]


def items_of(world: World, names: Iterable[str]) -> list[InvoiceItem]:
    wanted = {invoice.uuid for invoice in invoices_of(world, names)}
    return [item for item in world.invoice_items if item.invoice_uuid in wanted]


def items_sold_by(world: World, names: Iterable[str]) -> list[InvoiceItem]:
    """The items that charge offerings of the sellers that are named, and all items for everybody."""
    if tuple(names) == EVERYBODY:
        return list(world.invoice_items)
    return [item for item in world.invoice_items if (seller_of(world, item) or "") in names]


def stored(rows: Iterable[InvoiceItem | Invoice]) -> set[str]:
    return {row.uuid for row in rows}


def answered(rows: Iterable[dict[str, str]]) -> set[str]:
    return {bare(row["uuid"]) for row in rows}


def customer_uuid(world: World, name: str) -> str:
    (found,) = [customer.uuid for customer in world.customers if name in customer.name]
    return found


def project_uuid(world: World, name: str) -> str:
    (found,) = [project.uuid for project in world.projects if name in project.name]
    return found


def call(api: Api, operation: Operation, role: Role, uuid: str) -> Reply:
    body = operation.body
    if isinstance(body, dict):
        invoice = api.world.invoices.one(api.world.invoice_items.one(INVOICE).invoice_uuid)
        target = api.open_invoice(invoice.customer_uuid, Month(2026, 1))
        body = {name: value.format(target=target) for name, value in body.items()}
    return api.ask(operation.method, operation.path.format(uuid=uuid), role.username, body)


def test_the_table_has_all_operations() -> None:
    """Those of the documents; who may call what later releases have besides is in `test_beyond.py`."""
    tabled = [operation.operation_id for operation in EVERYTHING]

    described = [found.operation_id for found in operations(description()) if found.method != "HEAD"]
    assert sorted(tabled) == sorted(described)


def test_the_table_has_all_users() -> None:
    usernames = {user.username for user in application("default").world.users}

    assert usernames == {role.username for role in ROLES} - {None}


@by_role([role for role in ROLES if role.refused])
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

    assert answered(rows) == stored(invoices_of(readable.world, role.invoices))


@by_role()
def test_the_list_of_items_holds_what_shows(readable: Api, role: Role) -> None:
    rows = readable.rows("/api/invoice-items/", role.username)

    assert answered(rows) == stored(items_of(readable.world, role.invoices))


@by_role()
def test_the_total_price_adds_up_what_shows(readable: Api, role: Role) -> None:
    reply = readable.get("/api/invoice-items/total_price/", role.username)

    expected = total(items_of(readable.world, role.invoices))
    assert reply.status == 200
    assert reply.body["total_price"] == format(expected.quantize(Decimal("1e-10"), ROUND_HALF_EVEN), "f")


@by_role()
def test_growth_counts_the_customers_with_or_on_whose_projects_there_is_a_role(readable: Api, role: Role) -> None:
    now = readable.world.now
    invoices = [
        row for row in invoices_of(readable.world, role.growth) if (row.year, row.month) == (now.year, now.month)
    ]

    reply = readable.get("/api/invoices/growth/", role.username)

    assert reply.status == 200
    assert len(reply.body["total_periods"]) == 13
    total_price = sum(view(readable.world, row).total for row in invoices)
    assert abs(reply.body["total_periods"][-1] - total_price) <= len(invoices) * Decimal("0.005")
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
        {month_of(readable.world, item) for item in items}, reverse=True
    )
    assert abs(sum(row["price"] for row in rows) - total(items)) <= len(rows) * Decimal("0.005")


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
        assert (reply.status, reply.body) == (404, {"detail": f"Customer with UUID {dashed(uuid)} not found."})


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
        assert (reply.status, reply.body) == (404, {"detail": f"Project with UUID {dashed(uuid)} not found."})


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

    assert answered(rows) == stored(items_sold_by(readable.world, role.sales))


@by_role()
@pytest.mark.parametrize("seller", [COMPUTE_CENTRE, "Rechenzentrum Musterhausen gGmbH", None])
def test_a_provider_item_shows_to_those_who_sell_it(readable: Api, role: Role, seller: str | None) -> None:
    items = [item for item in readable.world.invoice_items if seller_of(readable.world, item) == seller]

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
