"""The first page: who may call, with which lines, and what was called."""

import re
import shlex
from dataclasses import replace

import pytest

from tests.asgi import Api
from tests.operations.figures import INVOICE, invoice_path
from waldur_billing_mock.mock_server.pages.snippets import LANGUAGES, objects_of, requests
from waldur_billing_mock.mock_server.world_file import load
from waldur_billing_mock.openapi.operation import operations

TRAP = "</td><script>alert('x')</script>&\""


def page(api: Api, target: str = "/_mock/") -> str:
    reply = api.send("GET", target, None, {"Accept": "text/html"})
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return reply.text


def test_it_shows_the_address_the_users_and_the_size_of_the_world(november: Api) -> None:
    text = page(november)

    assert "http://waldur.example/api/" in text
    assert "YOUR_API_TOKEN" in text
    assert '<span class="tile-figure">6</span><span class="tile-name">items</span></a>' in text


def test_it_has_a_line_for_each_operation_but_the_counts(november: Api) -> None:
    text = page(november)

    for operation in operations(november_document(november)):
        assert (f"the call of {operation.operation_id}" in text) == (operation.method != "HEAD")


def november_document(api: Api) -> dict[str, object]:
    document: dict[str, object] = api.send("GET", "/_mock/openapi.json", None, {}).body
    return document


@pytest.mark.parametrize("username", ["staff", "owner"])
def test_its_calls_of_reading_operations_succeed(november: Api, username: str) -> None:
    user = november.user(username)
    for operation, request in requests(november_document(november), november.world, user, "http://waldur.example"):
        if operation.method == "GET" and operation.tag != "provider-invoice-items":
            target = request.url.removeprefix("http://waldur.example")
            assert november.send("GET", target, None, request.headers).status == 200, operation.operation_id


def test_its_calls_of_writing_operations_succeed(november: Api) -> None:
    user = november.user("staff")
    for operation, request in requests(november_document(november), november.world, user, "http://waldur.example"):
        if operation.method != "GET":
            november.send("POST", "/_mock/reset", None, {})
            target = request.url.removeprefix("http://waldur.example")
            content = request.content.encode() if request.body is not None else b""
            status = november.send(operation.method, target, None, request.headers, content).status
            expected = operation.success.status if operation.operation_id != "invoice_items_migrate_to" else 400
            assert status == expected, operation.operation_id


def test_the_user_and_the_language_can_be_chosen(november: Api) -> None:
    token = november.user("owner").token

    for language in LANGUAGES:
        assert token in page(november, f"/_mock/?as=owner&in={language}").split('class="snippet"')[1].split("</pre>")[0]


def test_a_line_of_curl_is_words_of_a_shell(november: Api) -> None:
    lines = re.findall(r'data-copy="(curl [^"]*)"', page(november))

    assert len(lines) > 20
    assert all(shlex.split(line.replace("&#39;", "'").replace("&#34;", '"'))[0] == "curl" for line in lines)


def test_an_invoice_that_can_be_paid_is_the_example(readable: Api) -> None:
    invoice = objects_of(readable.world, readable.user("owner")).invoice

    assert invoice is not None
    assert invoice.state == "created"


def test_the_last_calls_are_shown_with_who_made_them(november: Api) -> None:
    november.get("/api/invoices/", "owner", token="secret")
    november.get("/api/invoices/nowhere/", "support")

    text = page(november).split('id="last-title"')[1]

    assert text.index("/api/invoices/nowhere/") < text.index("/api/invoices/?token=***")
    assert "secret" not in text
    assert "status-4" in text


def test_nothing_of_the_world_or_the_request_can_write_into_it(november: Api) -> None:
    with november.stage.transaction() as world:
        world.put(replace(world.customers.one(world.invoices.one(INVOICE).customer_uuid), name=TRAP))
        for user in world.users:
            world.put(replace(user, full_name=TRAP, email=f"{user.username}{TRAP}@example.org"))
    november.get(invoice_path(INVOICE), "staff", field=TRAP)

    reply = november.send("GET", "/_mock/?as=%3Cscript%3E&in=%22", None, {"Host": 'a"><script>.example'})

    assert reply.text.count("<script") == 3
    assert "<script>" not in reply.text
    assert "&lt;script&gt;alert" in reply.text


def test_the_root_leads_to_it(november: Api) -> None:
    reply = november.send("GET", "/", None, {})

    assert (reply.status, reply.headers["location"]) == (307, "/_mock/")


def test_a_world_without_users_has_one(november: Api) -> None:
    november.stage.put_back(load("{}"), 0)

    assert "nobody can call the API" in page(november)
