"""The API for readers: descriptions in every dialect, what changes between them, and the known deviations."""

import json

from tests.asgi import Api, application
from tests.operations.figures import INVOICE
from tests.pages.forms import page
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.history import compare
from waldur_billing_mock.openapi.revision import wire_overlay


def test_the_reference_calls_this_server_in_its_own_dialect(november: Api) -> None:
    shown = json.loads(page(november, "/_mock/ui/openapi.json"))

    assert shown["servers"] == [{"url": "/"}]
    assert shown["info"]["version"] == "documents"
    assert "**Permission.**" in shown["paths"]["/api/invoices/"]["get"]["description"]


def test_another_dialect_is_called_beside_it_and_answers_as_it_does(november: Api) -> None:
    shown = json.loads(page(november, "/_mock/ui/openapi.json?dialect=8.0.9-wire"))
    (server,) = shown["servers"]

    headers = {"Authorization": f"Token {november.user('owner').token}"}
    answer = november.send("GET", f"{server['url']}/api/invoices/{INVOICE}/", None, headers)

    assert shown["info"]["version"] == "8.0.9"
    assert answer.body == application("one-invoice", "8.0.9", True).get(f"/api/invoices/{INVOICE}/", "owner").body


def test_a_dialect_that_there_is_not_answers_nothing(november: Api) -> None:
    assert november.send("GET", "/_mock/ui/in/9.9.9/api/invoices/", None, {}).status == 404


def test_the_reference_brings_all_that_it_needs_and_its_policy_has_no_way_around_it(november: Api) -> None:
    reply = november.send("GET", "/_mock/ui/reference", None, {})

    policy = reply.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    for part in reply.text.split('src="')[1:]:
        assert part.startswith("/_mock/static/")


def test_differences_are_those_of_the_command_line(november: Api) -> None:
    rows = compare(DESCRIPTION, "7.8.8", "8.1.3")

    text = page(november, "/_mock/ui/differences?left=7.8.8&right=8.1.3")

    assert text.count('<span class="badge state-breaking">breaking</span>') == sum(
        row.severity == "breaking" for row in rows
    )


def test_the_documents_differ_from_the_wire(november: Api) -> None:
    assert "uuid-hex" in page(november, "/_mock/ui/differences?left=documents&right=documents-wire")


def test_the_catalogue_lists_the_deviations_of_a_revision(november: Api) -> None:
    text = page(november, "/_mock/ui/deviations?revision=8.1.3")

    for action in wire_overlay(DESCRIPTION, "8.1.3").actions:
        assert str(action.extensions["x-waldur-deviation"]) in text
    assert "backend-uuid-hyphens" not in page(november, "/_mock/ui/deviations?q=nothing%20of%20the%20kind")
