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
