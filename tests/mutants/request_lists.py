"""What is asked of a server with a defect, and of a healthy one, to see that they differ: a few requests a chapter."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

CREATED: Final = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
"""The identifier that the documents print: in the default world an invoice of October and an item of November."""
UNKNOWN: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"


class Step(NamedTuple):
    """A request by a user. `{names}` in the address and in a text body stand for objects of the world."""

    target: str
    user: str | None = "staff"
    method: str = "GET"
    body: Any = None
    headers: Mapping[str, str] = {}


def _write(target: str, body: Any = None, user: str = "staff", method: str = "POST") -> Step:
    return Step(target, user, method, body)


OWNERS: Final = ("owner", "owner2")
INVOICES: Final = "/api/invoices/"
INVOICE: Final = "/api/invoices/{created}/"
ITEMS: Final = "/api/invoice-items/"
ITEM: Final = "/api/invoice-items/{item}/"
GROWTH: Final = "/api/invoices/growth/"
COSTS: Final = "/api/invoice-items/costs/?project_uuid={project}"
TOTAL: Final = "/api/invoice-items/total_price/"
PROVIDER: Final = "/api/provider-invoice-items/"
CUSTOMER_COSTS: Final = "/api/invoice-items/customer_costs_for_period/?customer_uuid={customer}&period=3"
PROJECT_COSTS: Final = "/api/invoice-items/project_costs_for_period/?project_uuid={project}&period=3"

SHOWN: Final = (
    Step(f"{INVOICES}?page_size=3"),
    Step(INVOICE),
    Step(f"{INVOICE}items/"),
    Step(f"{INVOICE}stats/"),
    Step("/api/invoices/{pending}/"),
    Step("/api/invoices/{paid}/"),
    Step("/api/invoices/{canceled}/"),
    Step(f"{ITEMS}?page_size=30"),
    Step(ITEM),
    Step(f"{PROVIDER}?page_size=2"),
)
SUMS: Final = (
    Step(GROWTH),
    Step(f"{GROWTH}?customers_count=2"),
    Step(COSTS),
    Step(f"{TOTAL}?year=2025&month=10"),
    Step(CUSTOMER_COSTS),
    Step(PROJECT_COSTS),
    Step("/api/invoice-items/{credited}/consumptions/"),
)
LISTS: Final = (
    Step(f"{INVOICES}?page_size=2&state=created"),
    Step(f"{INVOICES}?page_size=2&state=paid&state=created"),
    Step(f"{INVOICES}?page_size=2&customer_uuid={{customer}}"),
    Step(f"{INVOICES}?page_size=2&customer=/api/customers/{{customer}}/"),
    Step(f"{INVOICES}?page_size=2&start_date=2025-10-01"),
    Step(f"{INVOICES}?page_size=2&created=2025-10-01"),
    Step(f"{INVOICES}?page_size=2&o=year,-month"),
    Step(f"{INVOICES}?page_size=2&page=2"),
    Step(f"{INVOICES}?page_size=2&page=9999"),
    Step(f"{INVOICES}?page_size=2&field=uuid"),
    Step(f"{INVOICES}?page_size=2&field=state"),
    Step(INVOICES),
    Step(f"{INVOICES}?page_size=2", method="HEAD"),
    Step(f"{INVOICE}?field=number"),
    Step(f"{INVOICE}items/?query=tide"),
    Step(f"{INVOICE}items/?offering_uuid={{customer}}"),
    Step(f"{INVOICE}items/?conceal_compensation_items=true"),
    Step(f"{INVOICE}items/?o=-name"),
    Step(f"{INVOICE}stats/?provider_uuid={{customer}}"),
    Step(f"{ITEMS}?page_size=2&project_uuid={{project}}"),
    Step(f"{ITEMS}?page_size=2&start_month=10"),
    Step(f"{ITEMS}?page_size=2&resource_uuid={{resource}}"),
    Step(f"{ITEMS}?page_size=2&year=2025&month=11"),
    Step(f"{ITEMS}?page_size=2&page=2"),
    Step(f"{ITEMS}?page_size=2&page=last"),
    Step(f"{ITEMS}?page_size=500"),
    Step(f"{ITEMS}?page_size=2", method="HEAD"),
    Step(f"{PROVIDER}?page_size=2&invoice_year=2024"),
    Step(f"{PROVIDER}?page_size=2&customer_uuid={{customer}}"),
    Step(f"{PROVIDER}?page_size=2&o=unit_price"),
    Step(COSTS),
    Step(f"{GROWTH}?customers_count=1"),
    Step(GROWTH, method="HEAD"),
    Step(f"{TOTAL}?project_uuid={{project}}"),
)
REFUSED: Final = (
    Step(f"/api/invoices/{UNKNOWN}/"),
    Step(f"/api/invoice-items/{UNKNOWN}/"),
    Step(f"{INVOICES}?year=x&state=open"),
    Step(f"{ITEMS}?year=x&project_uuid=1"),
    Step(ITEMS, None),
    _write(f"{INVOICE}set_backend_id/", {"backend_id": "1"}, "owner"),
    _write("/api/invoices/{paid}/paid/", {}),
    _write(ITEMS, {}),
    _write(GROWTH, {}),
    _write(ITEM, {"unit_price": "one"}, method="PATCH"),
    _write(f"{ITEM}create_compensation/", {"offering_component_name": "x"}),
    _write(ITEM, method="DELETE"),
)
ACCEPTED: Final = (
    Step(TOTAL, None),
    Step(COSTS, None, headers={"Authorization": "Token fake"}),
    Step(INVOICE, "inactive"),
    Step("/api/invoices/{created_digits}/"),
    Step(f"{INVOICES}?page_size=0"),
    Step(f"{ITEMS}?page_size=2&year=x"),
    Step(GROWTH, headers={"Accept": "image/png"}),
    Step(GROWTH.rstrip("/")),
    _write(INVOICE, method="DELETE"),
    _write(f"{INVOICE}set_backend_id/", {}),
    _write(f"{INVOICE}set_backend_id/", {"backend_id": None}),
    _write(f"{INVOICE}set_backend_id/", {"backend_id": ""}),
    _write(f"{INVOICE}set_backend_id/", '{"backend_id":'),
    _write(f"{INVOICE}set_payment_url/", {"payment_url": "no address"}),
    _write(f"{INVOICE}set_reference_number/", {"reference_number": "x" * 301}),
    _write(f"{INVOICE}set_reference_number/", {"reference_number": "x" * 300}),
    Step(f"{INVOICE}set_reference_number/", method="POST", body="text", headers={"Content-Type": "text/plain"}),
    _write(ITEM, {"unit_price": "-1"}, method="PATCH"),
    _write(ITEM, {"unit_price": 2}, method="PATCH"),
    _write("/api/invoice-items/{negative}/create_compensation/", {"offering_component_name": "x"}),
)
ROLES: Final = (
    *(
        Step(target, user)
        for user in OWNERS
        for target in (
            f"{INVOICES}?page_size=1",
            "/api/invoices/{foreign}/",
            "/api/invoices/{foreign}/items/",
            "/api/invoices/{foreign}/stats/",
            f"{ITEMS}?page_size=1",
            "/api/invoice-items/{foreign_item}/",
            GROWTH,
            TOTAL,
            "/api/invoice-items/costs/?project_uuid={foreign_project}",
            "/api/invoice-items/customer_costs_for_period/?customer_uuid={foreign_customer}",
            "/api/invoice-items/project_costs_for_period/?project_uuid={foreign_project}",
            f"{PROVIDER}1/",
        )
    ),
    Step(f"{PROVIDER}?page_size=1", "support"),
    Step(f"{PROVIDER}?page_size=1", "provider_owner"),
    Step(f"{INVOICES}?page_size=1", "project_admin"),
    Step(f"{INVOICES}?page_size=1", "customer_manager"),
    Step(f"{ITEMS}?page_size=1", "customer_support"),
    Step(INVOICE, "support"),
    Step(f"{ITEMS}?page_size=1", "nobody"),
    _write(f"{INVOICE}set_backend_id/", {"backend_id": "1"}, "owner"),
    _write(f"{ITEM}migrate_to/", {"invoice": INVOICE}, "provider_owner"),
    _write(ITEM, None, "support", "DELETE"),
)
WRITES: Final = (
    _write(f"{INVOICE}send_notification/"),
    Step(INVOICE),
    _write("/api/invoices/{pending}/send_notification/"),
    _write("/api/invoices/{pending}/paid/"),
    _write(f"{INVOICE}set_backend_id/", {"backend_id": "new"}),
    Step(f"{INVOICE}?field=backend_id"),
    _write(f"{INVOICE}set_backend_id/", {}),
    _write(f"{INVOICE}set_payment_url/", {"payment_url": f"https://pay.example.com/{'x' * 90}"}),
    _write(f"{INVOICE}set_reference_number/", {"reference_number": "n" * 200}),
    _write(f"{INVOICE}set_reference_number/", {"reference_number": "x" * 301}),
    Step(INVOICE),
    _write(f"{INVOICE}paid/"),
    Step(INVOICE),
    Step(f"{INVOICES}?state=created&page_size=50&field=uuid"),
    _write(f"{INVOICE}paid/"),
    _write(ITEM, {"unit_price": "1.234567"}, method="PATCH"),
    Step(ITEM),
    _write(ITEM, {"unit_price": "2"}, method="PUT"),
    Step(ITEM),
    _write(ITEM, {"article_code": "NEW", "unit_price": "one"}, method="PATCH"),
    Step(ITEM),
    _write("/api/invoice-items/{usage}/", {"quantity": "7"}, method="PATCH"),
    _write(f"{ITEM}migrate_to/", {"invoice": "/api/invoices/{foreign}/"}),
    _write(f"{ITEM}migrate_to/", {"invoice": INVOICE}),
    Step(ITEM),
    _write(ITEM, method="DELETE"),
    Step(ITEM),
    Step(f"{INVOICE}?field=items"),
)
EFFECTS: Final = (
    Step(GROWTH),
    Step(COSTS),
    Step(CUSTOMER_COSTS),
    Step(f"{TOTAL}?project_uuid={{project}}"),
    Step("/api/invoices/{pending}/items/"),
    Step("/api/invoices/{pending}/stats/"),
    Step(f"{ITEMS}?page_size=5&year=2025&month=11&project_uuid={{project}}"),
    _write(ITEM, {"unit_price": "5"}, method="PATCH"),
    Step("/api/invoices/{pending}/"),
    _write(f"{ITEM}create_compensation/", {"offering_component_name": "x"}),
    Step(ITEM),
    Step("/api/invoices/{pending}/items/"),
    Step("/api/invoices/{pending}/stats/"),
    Step(f"{ITEMS}?page_size=5&year=2025&month=11&project_uuid={{project}}"),
    Step(GROWTH),
    Step(COSTS),
    Step(CUSTOMER_COSTS),
    Step(f"{TOTAL}?project_uuid={{project}}"),
    _write(f"{ITEM}migrate_to/", {"invoice": INVOICE}),
    Step("/api/invoices/{pending}/"),
    _write("/api/invoice-items/{sibling}/", method="DELETE"),
    Step("/api/invoices/{pending}/"),
)
LEAKS: Final = (
    Step("/api/customers/?page_size=50", "owner"),
    Step("/api/customers/{other_customer}/", "owner"),
    Step("/api/customer-credits/?page_size=50", "customer_manager"),
    *(
        Step(target, user)
        for user in OWNERS
        for target in (
            f"{INVOICES}?page_size=300&field=uuid",
            f"{INVOICES}?page_size=300",
            f"{INVOICES}?page_size=5&page=2",
            f"{INVOICES}?page_size=2&customer_uuid={{customer}}",
            f"{INVOICES}?page_size=2&state=paid",
            f"{INVOICES}?page_size=2&year=2025",
            f"{INVOICES}?page_size=2&month=10",
            f"{INVOICES}?page_size=2&start_date=2025-01-01",
            f"{INVOICES}?page_size=2&o=year",
            f"{ITEMS}?page_size=300",
            f"{ITEMS}?page_size=2&customer_uuid={{foreign_customer}}",
            f"{ITEMS}?page_size=2&project_uuid={{foreign_project}}",
            f"{ITEMS}?page_size=2&resource_uuid={{foreign_resource}}",
            f"{ITEMS}?page_size=2&year=2025",
            f"{ITEMS}?page_size=2&month=10",
            f"{PROVIDER}?page_size=2",
            TOTAL,
            "/api/invoice-items/total_price/",
            "/api/invoice-items/total_price/?year=2025",
            "/api/invoice-items/total_price/?customer_uuid={foreign_customer}",
            f"{GROWTH}?customers_count=20",
            f"{GROWTH}?accounting_mode=accounting",
            f"{CUSTOMER_COSTS}",
            f"{PROJECT_COSTS}",
            INVOICE,
            f"{INVOICE}items/",
            f"{INVOICE}stats/",
            "/api/invoice-items/{credited}/",
            "/api/invoice-items/{credited}/consumptions/",
        )
    ),
    *(Step(f"{ITEMS}?page_size=1", user, method="HEAD") for user in OWNERS),
    *(
        Step(target, user)
        for user in ("customer_manager", "customer_support", "project_member", "nobody")
        for target in (
            f"{INVOICES}?page_size=300&field=uuid",
            f"{ITEMS}?page_size=300",
            f"{PROVIDER}?page_size=2",
            "/api/invoices/{foreign}/",
            "/api/invoices/{foreign}/items/",
            "/api/invoices/{foreign}/stats/",
            "/api/invoice-items/{foreign_item}/",
            TOTAL,
            GROWTH,
        )
    ),
    *(
        Step(target, "provider_owner")
        for target in (
            f"{INVOICES}?page_size=300&field=uuid",
            INVOICE,
            f"{PROVIDER}?page_size=300",
            f"{PROVIDER}?page_size=2&customer_uuid={{customer}}",
            f"{PROVIDER}?page_size=2&invoice_year=2025",
        )
    ),
    Step(f"{PROVIDER}1/", "support"),
)
PERMISSIONS: Final = tuple(
    _write(target, body, user, method)
    for user in (
        *("owner", "support", "customer_manager", "customer_support"),
        *("project_admin", "provider_owner", "nobody"),
    )
    for target, body, method in (
        ("/api/invoices/{pending}/send_notification/", {}, "POST"),
        ("/api/invoices/{pending}/paid/", {}, "POST"),
        (f"{INVOICE}set_backend_id/", {}, "POST"),
        (f"{INVOICE}set_payment_url/", {}, "POST"),
        (f"{INVOICE}set_reference_number/", {}, "POST"),
        (ITEM, {"article_code": "one", "start": "x"}, "PUT"),
        (ITEM, {}, "PATCH"),
        ("/api/invoice-items/{negative}/create_compensation/", {"offering_component_name": "x"}, "POST"),
        (f"{ITEM}migrate_to/", {}, "POST"),
        (ITEM, None, "DELETE"),
    )
)
REQUESTS: Final[Mapping[str, tuple[Step, ...]]] = {
    "forms": (*SHOWN, *SUMS),
    "money": SHOWN,
    "months": SUMS,
    "lists": LISTS,
    "refusals": REFUSED,
    "acceptance": ACCEPTED,
    "roles": ROLES,
    "leaks": LEAKS,
    "permissions": PERMISSIONS,
    "writes": WRITES,
    "effects": EFFECTS,
}
"""The requests by chapters of defects."""
