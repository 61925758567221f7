"""The lists of what no operation shows."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.asgi import Api, Reply, application
from tests.descriptions import description
from tests.operations.figures import INVOICE, dashed, invoice_path
from tests.serving import serving
from waldur_billing_mock.fixtures import users
from waldur_billing_mock.mock_server.world_file import dump
from waldur_billing_mock.openapi.document import to_yaml

PAGES: Final = (
    "/_mock/",
    "/_mock/users",
    "/_mock/notifications",
    "/_mock/payments",
    "/_mock/provider-invoice-items",
    "/_mock/openapi.json",
    "/_mock/openapi.yaml",
)


def ask(api: Api, path: str, method: str = "GET") -> Reply:
    return api.send(method, path, None, {})


@pytest.mark.parametrize("path", PAGES)
def test_nobody_needs_a_token_on_this_machine(november: Api, path: str) -> None:
    reply = ask(november, path)

    assert reply.status == 200
    assert reply.text


def test_the_users_are_those_of_the_world(november: Api) -> None:
    listed = ask(november, "/_mock/users").body

    assert listed == json.loads(json.dumps(users(november.world)))
    assert listed[0]["role"] == "staff"
    assert november.send("GET", "/api/invoices/", None, {"Authorization": f"Token {listed[2]['token']}"}).status == 200


def test_a_reset_brings_the_beginning_back(november: Api) -> None:
    before = dump(november.world)
    november.post(invoice_path(INVOICE, "paid/"))
    november.ask("DELETE", f"/api/invoice-items/{INVOICE}/")
    assert dump(november.world) != before

    reply = ask(november, "/_mock/reset", "POST")

    assert (reply.status, reply.text) == (204, "")
    assert dump(november.world) == before


def test_a_reset_is_a_post(november: Api) -> None:
    assert ask(november, "/_mock/reset").status == 405


def test_what_was_sent_and_paid_is_listed(november: Api) -> None:
    november.post(invoice_path(INVOICE, "send_notification/"))
    november.post(invoice_path(INVOICE, "paid/"), {"date": "2025-12-04"})

    (sent,), (paid,) = (ask(november, f"/_mock/{name}").body for name in ("notifications", "payments"))

    assert sent == {
        "invoice_uuid": dashed(INVOICE),
        "to": ["owner@example.org"],
        "subject": "Baltic Sea Observatory: invoice 100042 for 2025-11",
        "text": "Invoice 100042 over 160.31 is due on 2025-12-31.",
        "sent_at": "2025-12-05T09:00:00+00:00",
    }
    assert (paid["invoice_uuid"], paid["date_of_payment"], paid["proof"]) == (dashed(INVOICE), "2025-12-04", None)


def test_the_numbers_of_providers_items_are_listed(november: Api) -> None:
    listed = ask(november, "/_mock/provider-invoice-items").body

    items = [item for item in november.world.invoice_items if item.resource_uuid]
    assert [(row["id"], row["uuid"], row["name"]) for row in listed] == [
        (item.id, dashed(item.uuid), item.name) for item in items
    ]


@pytest.mark.parametrize(("revision", "wire"), [("documents", False), ("8.0.9", True)])
def test_the_description_that_is_obeyed_is_published(revision: str, wire: bool) -> None:
    api = application("one-invoice", revision, wire)

    as_json, as_yaml = ask(api, "/_mock/openapi.json"), ask(api, "/_mock/openapi.yaml")

    document = description(revision, wire, tolerant=True)
    assert as_json.headers["content-type"] == "application/json"
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert json.loads(as_json.text) == document
    assert as_yaml.text == to_yaml(document)


@pytest.mark.slow
def test_the_pages_are_read_while_rows_of_a_large_world_are_deleted() -> None:
    """In threads beside the event loop, one in ten of these answers was a 500."""
    with serving("--customers", "30", "--months", "6", "--items-per-invoice", "20", "--quiet") as mock:
        token = mock.token()
        ids = json.loads(mock.ask("GET", "/_mock/provider-invoice-items").body)
        uuids = [row["uuid"] for row in ids[:60]]
        statuses: list[int] = []

        def delete() -> None:
            for uuid in uuids:
                mock.ask("DELETE", f"/api/invoice-items/{uuid}/", token)

        with ThreadPoolExecutor(4) as pool:
            deleting = pool.submit(delete)
            while not deleting.done():
                statuses += [mock.ask("GET", path).status for path in ("/_mock/provider-invoice-items", "/_mock/")]
        deleting.result()
        left = json.loads(mock.ask("GET", "/_mock/provider-invoice-items").body)

    assert set(statuses) == {200}
    assert len(left) == len(ids) - 60
