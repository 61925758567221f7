"""What operations are asked about has much to show."""

import json
from typing import Any, Final

import pytest

from tests.contracts.altered import INVOICES, ITEMS, Change, answered, context
from tests.contracts.readings.books import key, link
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.example_targets import ExampleTarget, example_target

FEW: Final[dict[str, Any]] = {
    "uuid": key(1),
    "customer": link(7),
    "items": [{"uuid": key(11), "project_uuid": key(5), "credit": False}],
}
MANY: Final[dict[str, Any]] = {
    "uuid": key(2),
    "customer": link(8),
    "items": [
        {"uuid": key(12), "project_uuid": key(6), "credit": True},
        {"uuid": key(13), "project_uuid": key(6), "credit": True},
        *({"uuid": key(number), "credit": False} for number in (14, 15, 16)),
    ],
}


def listing(*invoices: dict[str, Any]) -> tuple[Change, Change]:
    """A server with these invoices, and with their lines as items, the last one first."""
    items = [line for invoice in invoices for line in invoice["items"]][::-1]
    return (
        answered(INVOICES, body=json.dumps(invoices).encode(), x_result_count=str(len(invoices))),
        answered(ITEMS, body=json.dumps(items).encode(), x_result_count=str(len(items))),
    )


@pytest.mark.parametrize(
    ("operation", "about"),
    [
        ("invoices_list", ExampleTarget()),
        ("invoices_growth_retrieve", ExampleTarget()),
        ("invoices_retrieve", ExampleTarget(key(2))),
        ("invoices_stats_list", ExampleTarget(key(2))),
        ("invoice_items_consumptions_list", ExampleTarget(key(12))),
        ("invoice_items_retrieve", ExampleTarget(key(16))),
        ("provider_invoice_items_retrieve", ExampleTarget("1")),
        ("invoice_items_costs_list", ExampleTarget(query={"project_uuid": key(6)})),
        (
            "invoice_items_project_costs_for_period_retrieve",
            ExampleTarget(query={"project_uuid": "00000000-0000-0000-0000-000000000006"}),
        ),
        (
            "invoice_items_customer_costs_for_period_retrieve",
            ExampleTarget(query={"customer_uuid": "00000000-0000-0000-0000-000000000007"}),
        ),
    ],
)
def test_an_operation_is_asked_about_what_has_most_to_show(operation: str, about: ExampleTarget) -> None:
    asking, _ = context(*listing(FEW, MANY))

    assert example_target(asking, operation) == about


def test_consumptions_are_of_the_first_line_where_no_credit_pays() -> None:
    asking, _ = context(*listing(FEW))

    assert example_target(asking, "invoice_items_consumptions_list").of == key(11)


def test_without_a_project_there_are_no_costs_to_ask_about() -> None:
    asking, _ = context(*listing({**MANY, "items": MANY["items"][2:]}))

    with pytest.raises(NotExercised, match="no line of an invoice has a project_uuid"):
        example_target(asking, "invoice_items_costs_list")
