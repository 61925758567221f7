"""The table of roles, and of the operations that they may call."""

from typing import Final, NamedTuple

OBSERVATORY, COMPUTE_CENTRE, ORCHARDS = "Baltic Sea Observatory", "Nordic Compute Centre", "Crooked Spire"
PROJECT, OTHER_PROJECT = "Tide model", "Läänemere hoovused"
EVERYBODY: Final = (OBSERVATORY, COMPUTE_CENTRE, ORCHARDS)
NO_TOKEN: Final = {"detail": "Authentication credentials were not provided."}
INACTIVE: Final = {"detail": "User inactive or deleted."}
FORBIDDEN: Final = {"detail": "You do not have permission to perform this action."}


class Role(NamedTuple):
    """What a user gets. Customers and projects go by name.

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
