"""Which answers to fuzzed requests are not judged by their schema."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.serving import ROOT
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


def test_what_generates_no_request_does_without_schemathesis() -> None:
    """It takes a third of a second to be loaded."""
    script = (
        "import sys\n"
        "from waldur_billing_mock.contracts.__main__ import main\n"
        "assert main(['explain', 'shapes/invoices_list']) == 0\n"
        "assert not {'schemathesis', 'hypothesis'} & set(sys.modules)\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
