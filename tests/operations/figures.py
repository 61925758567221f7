"""All sums that the API shows of a world, by name, so that a test can say which of them a write has changed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from tests import sample
from tests.asgi import Api
from waldur_billing_mock.mock_server.billing.item import InvoiceItem

SERVER, BACKUP, STORAGE, TRAFFIC, TAKEN_BACK, CREDIT = sample.ITEMS
INVOICES: Final = "/api/invoices/"
ITEMS: Final = "/api/invoice-items/"
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
INVOICE: Final = "a1b2c3d4e5f67890abcdef1234567890"


def invoice_path(uuid: str, action: str = "") -> str:
    return f"{INVOICES}{uuid}/{action}"


def item_path(uuid: str, action: str = "") -> str:
    return f"{ITEMS}{uuid}/{action}"


def total(items: Iterable[InvoiceItem]) -> Decimal:
    """What the items cost, by hand: neither rounded nor taxed."""
    return sum((item.unit_price * item.quantity for item in items), Decimal(0))


def dashed(uuid: str) -> str:
    """A uuid of 32 digits as the documents write it."""
    return f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"


def bare(uuid: str) -> str:
    """A uuid as the domain writes it."""
    return uuid.replace("-", "")


def uuids(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The uuids of the rows of an answer, in their order."""
    return [bare(row["uuid"]) for row in rows]


def sums(api: Api) -> dict[str, Decimal]:
    """Every sum of the world with the single invoice, as staff reads it; zeros are left out."""
    found: dict[str, Decimal] = {}
    for invoice in api.rows("/api/invoices/"):
        month = f"{invoice['year']}-{invoice['month']}"
        for name in ("price", "total", "incurred_costs", "compensations"):
            found[f"{name} {month}"] = Decimal(invoice[name])
        for row in api.rows(f"/api/invoices/{invoice['uuid']}/stats/"):
            found[f"{row['offering_name']} {month}"] = Decimal(row["aggregated_price"])
    growth = api.get("/api/invoices/growth/").body
    for label, value in zip(growth["periods"], growth["total_periods"], strict=True):
        found[f"growth {label}"] = Decimal(value)
    found["total_price"] = Decimal(api.get("/api/invoice-items/total_price/").body["total_price"])
    for row in api.rows("/api/invoice-items/costs/", project_uuid=sample.PROJECT):
        found[f"costs {row['year']}-{row['month']}"] = Decimal(row["price"])
    for name, uuid in (("customer", sample.CUSTOMER), ("project", sample.PROJECT)):
        path = f"/api/invoice-items/{name}_costs_for_period/"
        reply = api.get(path, **{f"{name}_uuid": uuid, "period": "3"})
        found[f"{name} costs"] = Decimal(reply.body["total_price"])
    return {name: value for name, value in found.items() if value}


def changes(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """By how much each sum has changed; sums that are as they were are left out."""
    names = [*before, *(name for name in after if name not in before)]
    zero = Decimal(0)
    differences = {name: after.get(name, zero) - before.get(name, zero) for name in names}
    return {name: value for name, value in differences.items() if value}
