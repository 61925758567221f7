"""What Waldur's front end sends is answered as by a real server."""

from datetime import timedelta
from typing import Final

import pytest

from tests.asgi import Api, application
from tests.parity.client import HOST

INVOICES: Final = "/api/invoices/"
POLICIES: Final = "/api/marketplace-project-estimated-cost-policies/"
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


def test_limits_of_costs_are_listed_the_latest_first_with_what_they_are_compared_with(api: Api) -> None:
    rows = api.get(POLICIES, "owner", customer_uuid=observatory(api), o="-created", page=1, page_size=10).body

    assert [(row["scope_name"], row["limit_cost"], row["has_fired"]) for row in rows] == [
        ("Läänemere hoovused", 300, True),
        ("Tide model", 1500, False),
    ]
    for row in rows:
        assert row["has_fired"] == (float(row["current_cost"]) > row["limit_cost"])
        assert (row["period"], row["period_name"]) == (2, "1 month")
        assert api.get(row["scope"].removeprefix(f"http://{HOST}"), "owner").body["name"] == row["scope_name"]


@pytest.mark.parametrize(("username", "count"), [("staff", 2), ("project_admin", 1), ("owner2", 0), ("nobody", 0)])
def test_limits_of_costs_are_seen_with_their_projects(api: Api, username: str, count: int) -> None:
    assert len(api.rows(POLICIES, username)) == count


def test_a_limit_of_an_organization_counts_twelve_months_of_its_invoices(api: Api) -> None:
    path = "/api/marketplace-customer-estimated-cost-policies/"

    (row,) = api.get(path, "owner").body

    costs = api.get(
        "/api/invoice-items/customer_costs_for_period/", "owner", customer_uuid=observatory(api), period=row["period"]
    )
    assert (row["scope_uuid"], row["has_fired"]) == (observatory(api), True)
    assert row["current_cost"] == costs.body["total_price"]


def test_the_number_of_users_grows_from_the_day_on_which_a_project_began(api: Api) -> None:
    project = next(row for row in api.world.projects if row.name == "Tide model")
    begun = min(row.created for row in api.world.resources.where(project_uuid=project.uuid)).date()
    scope = f"/api/projects/{project.uuid}/"
    days = {"start": f"{begun - timedelta(days=2)}", "end": f"{begun + timedelta(days=1)}"}

    counts = api.get("/api/daily-quotas/", "owner", scope=scope, quota_names="nc_user_count", **days).body

    assert counts == {"nc_user_count": [0, 0, 3, 3]}


def test_a_profile_shows_the_roles_of_its_user(api: Api) -> None:
    path, owner = "/api/user-permissions/", api.user("owner")

    rows = api.get(path, "owner", user=owner.uuid, page=1, page_size=100).body

    assert [(row["role_name"], row["scope_name"], row["user_uuid"]) for row in rows] == [
        ("CUSTOMER.OWNER", OBSERVATORY, owner.uuid)
    ]
    assert api.rows(path, "owner2", user=owner.uuid) == []
    assert len(api.rows(path, "staff")) == sum(len(user.roles) for user in api.world.users)
