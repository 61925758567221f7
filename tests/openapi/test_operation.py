"""Operations are read from a document, or it is said which fact is missing where."""

from typing import Any, Final

import pytest

from waldur_billing_mock.openapi.document import DocumentError
from waldur_billing_mock.openapi.operation import operations

GET: Final[dict[str, Any]] = {
    "operationId": "fruits_list",
    "tags": ["fruits"],
    "summary": "List fruits",
    "x-waldur-permission": "authenticated",
    "x-waldur-switches": ["ripe"],
    "parameters": [{"$ref": "#/components/parameters/o"}],
    "responses": {"200": {"$ref": "#/components/responses/Fruits"}, "404": {}},
}
DOCUMENT: Final[dict[str, Any]] = {
    "paths": {
        "/fruits/{uuid}/": {
            "parameters": [{"name": "uuid", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": GET,
            "post": {
                **GET,
                "operationId": "fruits_create",
                "x-waldur-permission": "staff",
                "parameters": [],
                "requestBody": {"$ref": "#/components/requestBodies/Fruit"},
                "responses": {"204": {"description": "Done."}},
            },
        }
    },
    "components": {
        "parameters": {"o": {"name": "o", "in": "query", "schema": {"type": "array"}, "explode": False, "x-a": 1}},
        "responses": {"Fruits": {"content": {"application/json": {"schema": {"type": "array"}}}}},
        "requestBodies": {"Fruit": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    },
}


def test_an_operation_has_what_is_said_of_it_and_of_its_path() -> None:
    read, _ = operations(DOCUMENT)

    assert (read.operation_id, read.method, read.path) == ("fruits_list", "GET", "/fruits/{uuid}/")
    assert (read.tag, read.summary, read.permission) == ("fruits", "List fruits", "authenticated")
    assert [(parameter.name, parameter.location) for parameter in read.parameters] == [("uuid", "path"), ("o", "query")]
    assert (read.success.status, read.success.schema, read.bodies) == (200, {"type": "array"}, {})
    assert read.switches == {"ripe"}


def test_a_query_parameter_keeps_its_habits_and_extensions() -> None:
    read, _ = operations(DOCUMENT)

    parameter = read.query["o"]

    assert (parameter.required, parameter.allows_empty, parameter.explode) == (False, False, False)
    assert parameter.extensions == {"x-a": 1}


def test_a_body_is_known_by_its_media_types_and_no_answer_is_no_schema() -> None:
    _, write = operations(DOCUMENT)

    assert write.bodies == {"application/json": {"type": "object"}}
    assert (write.success.status, write.success.schema) == (204, None)


@pytest.mark.parametrize("fact", ["operationId", "tags", "x-waldur-permission"])
def test_a_missing_fact_is_named_with_its_place(fact: str) -> None:
    document = {**DOCUMENT, "paths": {"/fruits/": {"get": {key: GET[key] for key in GET if key != fact}}}}

    with pytest.raises(DocumentError, match=rf"GET /fruits/: the operation has no {fact}\."):
        list(operations(document))


@pytest.mark.parametrize("responses", [{}, {"404": {}}, {"200": {}, "201": {}}])
def test_an_operation_succeeds_in_exactly_one_way(responses: dict[str, Any]) -> None:
    document = {**DOCUMENT, "paths": {"/fruits/": {"get": {**GET, "responses": responses}}}}

    with pytest.raises(DocumentError, match=r"GET /fruits/: describe exactly one 2xx response, not [02]"):
        list(operations(document))
