"""Which answers to fuzzed requests are not judged by their schema."""

import json
from typing import Any

import pytest

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.shapes import leads_nowhere


@pytest.mark.parametrize(
    ("target", "status", "body", "expected"),
    [
        ("/api/invoices/?customer=%2Fx", 404, {"tried": [], "path": "x"}, True),
        ("/api/invoices/?customer=%2Fx", 404, {"detail": "Not found."}, False),
        ("/api/invoices/?customer=%2Fx", 400, {"tried": [], "path": "x"}, False),
        ("/api/invoices/?year=2025", 404, {"tried": [], "path": "x"}, False),
    ],
)
def test_only_the_routes_that_a_server_tried_for_a_customer_are_no_refusal(
    target: str, status: int, body: Any, expected: bool
) -> None:
    answer = Answer(status, {"content-type": "application/json"}, json.dumps(body).encode(), 0.1)
    assert leads_nowhere(Request("GET", target), answer) is expected
