"""Every Python example of the documents, run by the real client in the release that the page belongs to."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clients.lazily import LAZILY
from tests.examples.documented import DOCUMENTED_TOKEN, Example, examples
from tests.serving import Mock

RUNNER = Path(__file__).with_name("run_client.py")
RELEASES = {"000": "8.0.9.dev334", "001": "7.8.8", "003": "7.8.8"}
DOCUMENTED_UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"

# The page shows one item and describes a list. The client took the page by its word, the mock by its meaning: the
# client sends this call, its model reads every item, and only the step between is bridged.
SHOWN_AS_ONE = {"invoices_items_retrieve": "InvoiceItem"}

# Starting a release takes a second, so one worker makes all calls.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("python client")]


class One(NamedTuple):
    """The answer is one object of a model, with these values among others."""

    model: str
    values: dict[str, Any]


class Many(NamedTuple):
    """The answer is a list of objects of a model, at least one unless it may be empty."""

    model: str
    may_be_empty: bool = False


class Nothing(NamedTuple):
    """The answer has no body, and this status."""

    status: int


EXPECTED: dict[str, One | Many | Nothing] = {
    "invoices_list": Many("Invoice"),
    "invoices_retrieve": One("Invoice", {"uuid": DOCUMENTED_UUID}),
    "invoices_growth_retrieve": One("InvoiceGrowth", {}),
    "invoices_items_retrieve": Many("InvoiceItem"),
    "invoices_stats_list": Many("InvoiceStatsOffering"),
    "invoices_paid": One("Invoice", {"uuid": DOCUMENTED_UUID, "state": "paid"}),
    "invoices_send_notification": Nothing(200),
    "invoices_set_backend_id": Nothing(200),
    "invoices_set_payment_url": Nothing(200),
    "invoices_set_reference_number": Nothing(200),
    "invoice_items_list": Many("InvoiceItemDetail"),
    "invoice_items_retrieve": One("InvoiceItemDetail", {"uuid": DOCUMENTED_UUID}),
    "invoice_items_create_compensation": One("InvoiceItemUUID", {}),
    "invoice_items_update": One("InvoiceItemUpdate", {}),
    "invoice_items_partial_update": One("InvoiceItemUpdate", {}),
    "invoice_items_destroy": Nothing(204),
    "invoice_items_consumptions_list": Many("CustomerCreditConsumptionByMonth", may_be_empty=True),
    "invoice_items_costs_list": Many("InvoiceCost"),
    "invoice_items_customer_costs_for_period_retrieve": One("CostsForPeriod", {}),
    "invoice_items_project_costs_for_period_retrieve": One("CostsForPeriod", {}),
    "invoice_items_total_price_retrieve": One("InvoiceItemTotalPrice", {}),
    "invoice_items_migrate_to": One("InvoiceItemUUID", {"invoice_item_uuid": DOCUMENTED_UUID}),
    "provider_invoice_items_list": Many("InvoiceItem"),
    "provider_invoice_items_retrieve": One("InvoiceItem", {}),
}


def outcomes(release: str, mock: Mock) -> dict[str, Any]:
    """Make all calls that belong to a release; `tests/examples/run_client.py` says what an outcome is."""
    python = Path(sys.prefix, "clients", release, "bin", "python")
    assert python.exists(), f"the client's environment {python.parent.parent} is missing: make test sets it up"
    chosen = [example for example in examples() if RELEASES[example["document"]] == release]
    calls = [{**example["python"], "each": SHOWN_AS_ONE.get(example["operation"])} for example in chosen]
    finished = subprocess.run(
        [python, LAZILY, RUNNER],
        input=json.dumps({"base_url": mock.url, "token": DOCUMENTED_TOKEN, "calls": calls}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    return {example["operation"]: outcome for example, outcome in zip(chosen, found, strict=True)}


@pytest.fixture(scope="module")
def outcome_of(served: Mock) -> dict[str, Any]:
    """What came of every call, by operation."""
    return {
        operation: found for release in set(RELEASES.values()) for operation, found in outcomes(release, served).items()
    }


@pytest.mark.parametrize("example", examples(), ids=lambda example: example["operation"])
def test_the_documented_call_gets_the_documented_model(example: Example, outcome_of: dict[str, Any]) -> None:
    expected = EXPECTED[example["operation"]]

    outcome = outcome_of[example["operation"]]

    assert "failure" not in outcome, outcome["failure"]
    match expected:
        case One(model, values):
            assert outcome["parsed"]["type"] == model
            assert outcome["parsed"]["value"].items() >= values.items()
        case Many(model, may_be_empty):
            assert {item["type"] for item in outcome["parsed"]} == {model} or (may_be_empty and not outcome["parsed"])
        case Nothing(status):
            assert outcome == {"status": status, "parsed": None}
