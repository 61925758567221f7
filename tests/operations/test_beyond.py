"""What later releases have besides: the import of usage, and the history of invoices."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.asgi import Api, application
from waldur_billing_mock.mock_server.billing.figures import items_of

IMPORT = "/api/invoices/import_usage/"


@pytest.fixture
def api() -> Iterator[Api]:
    """The default world in the newest release; afterwards it is brought back."""
    api = application("default", "8.1.3")
    yield api
    api.stage.reset()


def row(**fields: object) -> dict[str, object]:
    return {"name": "Support hours", "unit_price": "90.5", **fields}


def send(api: Api, *rows: object, username: str = "staff", **month: object) -> Any:
    return api.post(IMPORT, {"year": 2025, "month": 10, "items": list(rows), **month}, username)


def test_a_row_becomes_an_item_of_the_customer_that_its_uuid_or_its_name_tells(api: Api) -> None:
    customer, other = list(api.world.customers)[:2]

    reply = send(
        api,
        row(customer_uuid=customer.uuid, customer_name=other.name, article_code="A-7", plan_name="Hours"),
        row(customer_name=other.name),
    )

    assert (reply.status, reply.body) == (200, {"created": 2, "skipped": 0, "errors": []})
    made = [item for item in api.world.invoice_items if item.name == "Support hours"]
    invoices = [api.world.invoices.one(item.invoice_uuid) for item in made]
    assert [invoice.customer_uuid for invoice in invoices] == [customer.uuid, other.uuid]
    assert {(invoice.year, invoice.month) for invoice in invoices} == {(2025, 10)}
    assert (made[0].unit_price, made[0].quantity, made[0].article_code) == (Decimal("90.5"), Decimal(1), "A-7")
    assert made[0].details == {"plan_name": "Hours"}


def test_a_name_that_the_invoice_has_is_skipped_and_an_unknown_customer_is_told(api: Api) -> None:
    customer = next(iter(api.world.customers))

    reply = send(api, *[row(customer_uuid=customer.uuid)] * 2, row(customer_name="Nobody"))

    errors = [{"customer_name": "Nobody", "reason": "Customer is not found."}]
    assert reply.body == {"created": 1, "skipped": 1, "errors": errors}


def test_an_invoice_that_is_missing_is_opened(api: Api) -> None:
    customer = next(iter(api.world.customers))
    before = {invoice.uuid for invoice in api.world.invoices}

    send(api, row(customer_uuid=customer.uuid), year=2031, month=2)

    (opened,) = (invoice for invoice in api.world.invoices if invoice.uuid not in before)
    assert (opened.customer_uuid, opened.year, opened.month, opened.state) == (customer.uuid, 2031, 2, "pending")
    assert [item.name for item in items_of(api.world, opened)] == ["Support hours"]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, {name: ["This field is required."] for name in ("month", "year", "items")}),
        (
            {"month": 13, "year": "x", "items": "none"},
            {
                "month": ["Ensure this value is less than or equal to 12."],
                "year": ["A valid integer is required."],
                "items": ['Expected a list of items but got type "str".'],
            },
        ),
        (
            {"month": 1, "year": 1999, "items": [{"name": "A", "unit_price": "1"}, {"unit_price": "x"}, 7]},
            {
                "year": ["Ensure this value is greater than or equal to 2000."],
                "items": [
                    {},
                    {"name": ["This field is required."], "unit_price": ["A valid number is required."]},
                    {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                ],
            },
        ),
    ],
)
def test_a_faulty_import_is_refused_row_by_row_and_changes_nothing(
    api: Api, body: dict[str, object], messages: dict[str, object]
) -> None:
    count = len(api.world.invoice_items)

    reply = api.post(IMPORT, body)

    assert (reply.status, reply.body) == (400, messages)
    assert len(api.world.invoice_items) == count


def test_only_staff_imports_and_only_staff_and_support_read_history(api: Api) -> None:
    invoice = next(iter(api.world.invoices))

    statuses = {
        name: api.get(f"/api/invoices/{invoice.uuid}/history/", name).status for name in ("staff", "support", "owner")
    }

    assert send(api, username="support").status == 403
    assert statuses == {"staff": 200, "support": 200, "owner": 403}


def test_the_history_tells_what_dates_tell_and_then_what_users_changed(api: Api) -> None:
    invoice = next(row for row in api.world.invoices if row.state == "created")
    path = f"/api/invoices/{invoice.uuid}/"

    before = api.get(f"{path}history/").body
    api.post(f"{path}set_backend_id/", {"backend_id": "FA 7"})
    api.post(f"{path}set_backend_id/", {"backend_id": "FA 7"})
    api.post(f"{path}paid/")
    after = api.get(f"{path}history/").body

    assert [version["serialized_data"]["state"] for version in before] == ["created", "pending"]
    assert after[2:] == before
    paid, labelled = after[:2]
    assert (paid["serialized_data"]["state"], labelled["serialized_data"]["state"]) == ("paid", "created")
    assert labelled["serialized_data"]["backend_id"] == "FA 7"
    assert paid["revision_user"]["username"] == "staff"
    assert before[0]["revision_user"] is None
    assert [version["id"] for version in after] == sorted({version["id"] for version in after}, reverse=True)


def test_the_history_is_paged_and_can_be_limited_in_time(api: Api) -> None:
    invoice = next(row for row in api.world.invoices if row.state == "created")
    path = f"/api/invoices/{invoice.uuid}/history/"
    newest, oldest = api.get(path).body

    page = api.get(path, page_size=1, page=2)

    assert (page.body, page.headers["x-result-count"]) == ([oldest], "2")
    assert api.get(path, created_after=oldest["revision_date"]).body == [newest]
    assert api.get(path, created_before=newest["revision_date"]).body == [oldest]
    assert api.get(path, created_after="soon").status == 400


def test_an_invoice_is_shown_as_it_was_at_an_instant(api: Api) -> None:
    invoice = next(row for row in api.world.invoices if row.state == "created")
    path = f"/api/invoices/{invoice.uuid}/history/at/"
    newest, oldest = api.get(f"/api/invoices/{invoice.uuid}/history/").body

    assert api.get(path, timestamp=oldest["revision_date"]).body == oldest
    assert api.get(path, timestamp="2099-01-01").body == newest
    assert api.get(path, timestamp="1999-01-01").status == 404
    for text in ("soon", ""):
        assert api.get(path, timestamp=text).body == {
            "timestamp": ["Enter an ISO 8601 timestamp, such as 2025-11-22T09:00:00Z."]
        }
    assert api.get(path).body == {"timestamp": ["This field is required."]}


def test_a_notification_is_answered_with_the_invoice_where_the_release_says_so() -> None:
    api = application("default", "8.0.8")
    invoice = next(row for row in api.world.invoices if row.state == "created")

    reply = api.post(f"/api/invoices/{invoice.uuid}/send_notification/")

    assert json.loads(reply.text) == json.loads(api.get(f"/api/invoices/{invoice.uuid}/").text)
