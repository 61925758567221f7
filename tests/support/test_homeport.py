"""What Waldur's front end sends is answered as by a real server."""

from typing import Final

import pytest

from tests.asgi import Api, application
from tests.parity.client import HOST

INVOICES: Final = "/api/invoices/"
OBSERVATORY: Final = "Baltic Sea Observatory"
BOUNDARY: Final = "----WebKitFormBoundary"


@pytest.fixture
def api() -> Api:
    """A world of its own in the wire dialect, which the front end is built for."""
    api = application("default", wire=True)
    api.stage.reset()
    return api


def observatory(api: Api) -> str:
    return next(customer.uuid for customer in api.world.customers if customer.name == OBSERVATORY)


def test_a_repeated_field_keeps_every_named_field(api: Api) -> None:
    (row, *_) = api.get("/api/customers/", field=["uuid", "name", "billing_price_estimate"]).body

    assert list(row) == ["uuid", "name", "billing_price_estimate"]


def test_of_a_repeated_order_the_last_one_counts(api: Api) -> None:
    rows = api.get(INVOICES, o=["year", "month"], field=["year", "month"], page_size=300).body
    names = [row["name"] for row in api.get("/api/projects/", o=["name", "-name"], page_size=300).body]

    assert [row["month"] for row in rows] == sorted(row["month"] for row in rows)
    assert [row["year"] for row in rows] != sorted(row["year"] for row in rows)
    assert names == sorted(names, reverse=True)


def test_month_cards_ask_for_a_customer_by_its_address(api: Api) -> None:
    customer = api.get(f"/api/customers/{observatory(api)}/", "owner").body

    rows = api.get(INVOICES, "owner", customer=customer["url"], page=1, page_size=2, field=["uuid", "month"]).body

    assert customer["url"] == f"http://{HOST}/api/customers/{observatory(api)}/"
    assert len(rows) == 2


def test_items_that_a_credit_pays_can_be_concealed(api: Api) -> None:
    credit = next(iter(api.world.customer_credits))
    invoice = next(row.invoice_uuid for row in api.world.invoice_items if row.credit_uuid == credit.uuid)
    items = f"{INVOICES}{invoice}/items/"

    shown, concealed = (api.get(items, conceal_compensation_items=conceal).body for conceal in ("false", "true"))

    assert any(item["credit"] for item in shown)
    assert [item["uuid"] for item in concealed] == [item["uuid"] for item in shown if not item["credit"]]


def test_items_are_searched_by_their_resource(api: Api) -> None:
    invoice = next(row.uuid for row in api.world.invoices if row.customer_uuid == observatory(api))

    rows = api.get(f"{INVOICES}{invoice}/items/", query="TIDE-VM", page=1, page_size=10, provider_uuid="").body

    assert {row["resource_name"] for row in rows} == {"tide-vm"}


def test_staff_who_impersonates_somebody_sees_what_he_sees(api: Api) -> None:
    header = {"X-IMPERSONATED-USER-UUID": api.user("owner").uuid}

    reply = api.send("GET", INVOICES, "staff", header)

    assert reply.headers["x-result-count"] == api.get(INVOICES, "owner").headers["x-result-count"]


@pytest.mark.parametrize(
    ("parts", "payments"),
    [
        ("", 0),
        ('Content-Disposition: form-data; name="date"\r\n\r\n2025-11-20\r\n', 1),
    ],
    ids=["nothing chosen", "a date"],
)
def test_an_invoice_is_paid_by_a_form_with_and_without_parts(api: Api, parts: str, payments: int) -> None:
    paid = {payment.invoice_uuid for payment in api.world.payments}
    profiles = {row.customer_uuid for row in api.world.payment_profiles if row.is_active}
    invoice = next(row for row in api.world.invoices if row.state == "created" and row.customer_uuid in profiles)
    body = f"--{BOUNDARY}\r\n{parts}--{BOUNDARY}--\r\n" if parts else f"--{BOUNDARY}--\r\n"
    header = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    reply = api.send("POST", f"{INVOICES}{invoice.uuid}/paid/", "staff", header, body.encode())

    assert reply.status == 200
    assert api.world.invoices.one(invoice.uuid).state == "paid"
    assert sum(row.invoice_uuid == invoice.uuid for row in api.world.payments) == payments
    assert invoice.uuid not in paid


def test_costs_are_asked_for_by_the_code_of_a_period(api: Api) -> None:
    project = next(row.uuid for row in api.world.projects if row.name == "Tide model")
    path = "/api/invoice-items/project_costs_for_period/"

    replies = [api.get(path, project_uuid=project, period=code) for code in (1, 2, 3, 4)]

    assert [reply.status for reply in replies] == [200] * 4
    everything, month, quarter, year = (float(reply.body["total_price"]) for reply in replies)
    assert month < quarter < year <= everything


def test_a_credit_is_found_and_its_usage_asked_for(api: Api) -> None:
    (credit,) = api.get("/api/customer-credits/", "owner", customer_uuid=observatory(api)).body

    used = api.rows("/api/invoice-items/", "owner", credit_uuid=credit["uuid"])

    assert used
    assert {row["invoice"].rstrip("/").rpartition("/")[2] for row in used} <= {
        row.uuid for row in api.world.invoices if row.customer_uuid == observatory(api)
    }
