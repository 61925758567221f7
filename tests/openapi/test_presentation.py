"""What extensions tell can be read in the texts, and every property has a value to show."""

from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.presentation import present
from waldur_billing_mock.openapi.revision import revisions


def objects(node: Any) -> list[Node]:
    """Every object within a node, itself included."""
    if isinstance(node, list):
        return [found for value in node for found in objects(value)]
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in objects(value))]
    return []


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_notes_and_permissions_are_part_of_the_descriptions(revision: str) -> None:
    presented = present(description(revision))

    noted = [node for node in objects(presented) if isinstance(node.get("x-waldur-note"), str)]
    operations = [node for node in objects(presented["paths"]) if "operationId" in node and "responses" in node]
    assert all(node["x-waldur-note"].strip() in node["description"] for node in noted)
    for operation in operations:
        staff = operation["x-waldur-permission"] == "staff"
        assert ("Only staff may do this." in operation["description"]) is staff
        assert operation["externalDocs"]["url"].startswith("https://api-docs.waldur.com/")
    assert len(noted) > 50
    assert len(operations) >= 32


def test_a_link_leads_to_the_heading_of_the_page() -> None:
    operation = present(description())["paths"]["/api/invoices/{uuid}/stats/"]["get"]

    assert operation["externalDocs"]["url"] == (
        "https://api-docs.waldur.com/latest/billing-and-finance/invoices-and-payments/invoices/"
        "#spendings-grouped-by-offerings-and-filtered-by-provider"
    )


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_property_has_an_example_that_fits_it(revision: str) -> None:
    presented = present(description(revision))

    shown = 0
    for name, schema in presented["components"]["schemas"].items():
        for field, node in schema.get("properties", {}).items():
            for example in node.get("examples", []):
                shown += 1
                validator = jsonschema_rs.Draft202012Validator(
                    {**node, "components": presented["components"]}, validate_formats=True
                )
                assert validator.is_valid(example), f"{name}.{field}: {example}"
    assert shown > 90


def test_the_document_that_is_presented_stays_as_it_is() -> None:
    document = description()
    before = deepcopy(document)

    present(document)

    assert document == before
