"""The neighbours are described as the billing operations are, apart from them, and answer as described."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.asgi import application
from tests.descriptions import description
from tests.support.neighbours import addresses, neighbours, reads
from waldur_billing_mock.mock_server.operations import registry as billing
from waldur_billing_mock.mock_server.operations.support import registry as support
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.operation import operations
from waldur_billing_mock.openapi.revision import revisions
from waldur_billing_mock.openapi.support import join
from waldur_billing_mock.openapi.validation import AnswerValidator

IN_DIALECTS = pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
PERMISSIONS: Final = ("public", "authenticated", "support")


@IN_DIALECTS
def test_the_validator_of_openapi_finds_nothing(wire: bool) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(neighbours(wire)).iter_errors()] == []


def test_every_neighbour_has_a_function_and_every_function_is_described() -> None:
    described = [operation.operation_id for operation in operations(neighbours())]

    assert sorted(described) == sorted(support.functions(""))
    assert len(set(described)) == len(described)


def test_no_neighbour_is_one_of_the_billing_operations() -> None:
    names = {operation.operation_id for operation in operations(neighbours())}
    paths = set(neighbours()["paths"])

    assert names.isdisjoint(billing.functions())
    for revision in revisions(DESCRIPTION):
        assert paths.isdisjoint(description(revision)["paths"])


def test_every_neighbour_says_who_may_call_it_and_wants_to_know_the_caller_unless_it_is_public() -> None:
    for operation in operations(neighbours()):
        node = neighbours()["paths"][operation.path][operation.method.lower()]
        assert operation.permission in PERMISSIONS, operation.operation_id
        assert operation.tag == "support"
        assert (node.get("security") == []) == (operation.permission == "public"), operation.operation_id
        refuses = operation.permission != "public" or operation.operation_id == "api_auth_password"
        assert ("401" in node["responses"]) == refuses, operation.operation_id
        assert ("403" in node["responses"]) == (operation.permission == "support")


def words(node: Any) -> Iterator[str]:
    """Every description and note of the schemas and operations below a node; examples hold none."""
    if isinstance(node, dict):
        yield from (text for key, text in node.items() if key in ("description", "x-waldur-note") and type(text) is str)
        yield from (text for key, child in node.items() if key != "example" for text in words(child))
    elif isinstance(node, list):
        yield from (text for child in node for text in words(child))


def test_descriptions_are_sentences() -> None:
    assert [text for text in words(neighbours()) if not text.rstrip().endswith(".")] == []


def test_joined_descriptions_hold_the_operations_of_both_and_change_neither() -> None:
    joined = join(description(), neighbours())

    assert set(joined["paths"]) == set(description()["paths"]) | set(neighbours()["paths"])
    assert joined["components"]["schemas"]["Invoice"] == description()["components"]["schemas"]["Invoice"]
    assert [str(error) for error in OpenAPIV31SpecValidator(joined).iter_errors()] == []


@IN_DIALECTS
def test_every_answer_is_as_described(wire: bool) -> None:
    api = application("default", "documents", wire)
    document = neighbours(wire)
    described = {found.operation_id: found for found in operations(document)}
    validator, complaints = AnswerValidator(document), []

    for operation in reads():
        if operation.success.schema is None:
            continue
        for address in addresses(api, operation):
            reply = api.get(address)
            assert reply.status == 200, (address, reply.text)
            mismatches = validator.mismatches(described[operation.operation_id], 200, json.loads(reply.text))
            complaints += [f"{address}: {mismatch}" for mismatch in mismatches]

    assert complaints[:5] == []


@pytest.mark.parametrize("operation", reads(), ids=lambda operation: operation.operation_id)
def test_a_neighbour_knows_its_caller_unless_it_is_public(operation: Any) -> None:
    api = application("default")
    address = next(addresses(api, operation), operation.path)

    reply = api.get(address, None)

    assert reply.status == (200 if operation.permission == "public" else 401)
