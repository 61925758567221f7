"""What the neighbours of the billing operations answer otherwise than described is told, and fails no deployment."""

import json
from pathlib import Path

import pytest

from tests.wrapping.changes import Make
from tests.wrapping.proxy import Plant, Proxy, Request, Response, Server
from tests.wrapping.serving_app import serving
from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.mock_server.app import create_default_app


def names_are_numbers() -> Plant:
    """Customers have numbers for names."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.path != "/api/customers/" or response.status != 200:
            return response
        return response.saying([{**row, "name": 5} for row in response.json])

    return plant


def customers_are_missing() -> Plant:
    """No customer is found by its link."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.path.startswith("/api/customers/") and len(request.path) > len("/api/customers/"):
            return response.saying({"detail": "Not found."}, 404)
        return response

    return plant


@pytest.mark.parametrize(
    ("make", "check", "what"),
    [
        (names_are_numbers, "neighbours_answer_as_described", "an answer of GET /api/customers/ does not fit"),
        (customers_are_missing, "links_lead_to_what_they_name", "the link customer must lead to an object"),
    ],
)
def test_what_differs_beside_the_billing_operations_is_a_note(
    make: Make, check: str, what: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"

    with serving(Proxy(create_default_app(wire=True), make)) as url:
        code = main(["--target", url, "--profile", "quick", "--only", f"conventions/{check}", "--json", str(path)])

    (result,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert code == 0
    assert result["outcome"] == "note"
    assert any(finding["what"].startswith(what) for finding in result["findings"])


def fields_of_another_release() -> Plant:
    """Credits have a field that nothing describes, and lack another."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if request.path != "/api/customer-credits/" or response.status != 200:
            return response
        rows = [{name: row[name] for name in row if name != "customer_slug"} for row in response.json]
        return response.saying([{**row, "phones": 1} for row in rows])

    return plant


def test_fields_that_a_neighbour_lacks_or_adds_are_named(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    only = ["--only", "conventions/neighbours_answer_as_described"]

    with serving(Proxy(create_default_app(wire=True), fields_of_another_release)) as url:
        main(["--target", url, "--profile", "quick", *only, "--json", str(path)])

    (result,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    found = {finding["what"].partition("description: ")[2] for finding in result["findings"]}
    assert {"it has fields that are not described: phones", "a field is missing: customer_slug"} <= found
