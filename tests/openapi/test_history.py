"""What each release changed, with the severities that its history tells, as text, Markdown and JSON."""

import json
from functools import cache
from typing import Final

import pytest

from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.history import Row, compare, history, render
from waldur_billing_mock.openapi.severity import SEVERITIES

CHANGES: Final = {
    "7.9.0": {
        "info": ["InvoiceItemDetail.offering_uuid is added", "InvoiceItemDetail.offering_component_type is added"]
    },
    "7.9.8": {
        "breaking": ["InvoiceItem.project_uuid: type is string or null"],
        "info": ["InvoiceItemDetail.price is added", "InvoiceItemDetail.customer_name is added"],
    },
    "8.0.0": {"info": ["InvoiceItemDetail.offering_name is added"]},
    "8.0.2": {
        "warning": ["InvoiceStateEnum: enum gains pending_finalization"],
        "info": ["GET /api/invoices/, query parameter state[]: enum gains pending_finalization"],
    },
    "8.0.4": {
        "breaking": ["query parameter customer: type is string (uri)", "query parameter provider_uuid: type is"],
        "info": ["query parameter accounting_is_running is added"],
    },
    "8.0.5": {"info": ["InvoiceCost.items is added"]},
    "8.0.7": {"info": ["schemes gains waldurPATAuth"]},
    "8.0.8": {"info": ["send_notification/, response 200: type is Invoice instead of no body"]},
    "8.0.9": {
        "breaking": [
            "paid/, response 200: type is no body instead of Invoice",
            "operationId is invoice_items_consumptions_list",
            "consumptions/, response 200: type is array of CustomerCreditConsumptionByMonth",
            "create_compensation/, response 200 is removed",
            "migrate_to/, response 200: type is InvoiceItemUUID",
        ],
        "warning": ["send_notification/, response 200: type is Detail instead of Invoice"],
        "info": [
            "create_compensation/, response 201 is added",
            "InvoiceItemDetail.details: type is object instead of any",
        ],
    },
    "8.1.2": {
        "info": ["query parameter resource_uuid is added", "InvoiceCost.compensation is added", "loses tokenAuth"],
    },
    "8.1.3": {"breaking": ["ResourceLimitPeriod.quantity: type is number instead of integer"]},
}
"""What the published history tells of each release that changed anything, by severity."""


@cache
def rows() -> list[Row]:
    return history(DESCRIPTION)


def test_the_history_names_the_releases_that_changed_something_in_their_order() -> None:
    assert list(dict.fromkeys(row.release for row in rows())) == list(CHANGES)


@pytest.mark.parametrize("release", CHANGES)
def test_a_change_of_a_release_has_the_severity_that_its_history_tells(release: str) -> None:
    found = [row for row in rows() if row.release == release]

    for expected, fragments in CHANGES[release].items():
        for fragment in fragments:
            assert {row.severity for row in found if fragment in row.change} == {expected}, fragment
    assert {row.severity for row in found} == {*CHANGES[release]}


def test_a_change_of_a_schema_names_the_operations_that_it_concerns() -> None:
    (row,) = (row for row in rows() if "InvoiceItem.project_uuid" in row.change)

    assert {"GET /api/invoices/", "GET /api/provider-invoice-items/{id}/"} <= set(row.operations)
    assert "GET /api/invoice-items/" not in row.operations


def test_two_revisions_are_compared_with_the_most_serious_first() -> None:
    found = compare(DESCRIPTION, "7.9.1", "8.0.2")

    severities = [row.severity for row in found]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert {row.release for row in found} == {"8.0.2"}


def test_the_same_report_comes_as_text_markdown_and_json() -> None:
    found = compare(DESCRIPTION, "8.1.2", "8.1.3")
    (row,) = found

    text, markdown, objects = render(found, "text"), render(found, "markdown"), json.loads(render(found, "json"))

    assert text == f"8.1.3   breaking {row.change}\n"
    assert markdown.splitlines()[2] == f"| 8.1.3 | breaking | {row.change} | {', '.join(row.operations)} |"
    assert objects == [
        {"release": "8.1.3", "severity": "breaking", "change": row.change, "operations": list(row.operations)}
    ]


def test_no_difference_is_said_in_words_or_is_an_empty_list() -> None:
    found = compare(DESCRIPTION, "8.0.5", "8.0.6")

    assert (render(found, "text"), render(found, "markdown"), render(found, "json")) == (
        "No difference.\n",
        "No difference.\n",
        "[]\n",
    )
