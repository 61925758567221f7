"""Differences between two documents are listed in lines that a reader understands without either document."""

from copy import deepcopy
from typing import Any

from waldur_billing_mock.openapi import difference


def document() -> dict[str, Any]:
    return {
        "paths": {
            "/fruits/": {
                "get": {
                    "operationId": "fruits_list",
                    "description": "All fruits.",
                    "parameters": [
                        {"$ref": "#/components/parameters/page"},
                        {"name": "colour", "in": "query", "schema": {"type": "string", "enum": ["red"]}},
                    ],
                    "responses": {
                        "200": {
                            "headers": {"X-Result-Count": {"schema": {"type": "integer"}}},
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Fruit"},
                                    }
                                }
                            },
                        }
                    },
                },
                "post": {
                    "operationId": "fruits_create",
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fruit"}}},
                    },
                    "responses": {"201": {"description": "Planted."}},
                },
            }
        },
        "components": {
            "parameters": {"page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
            "schemas": {
                "Fruit": {
                    "type": "object",
                    "required": ["uuid"],
                    "properties": {
                        "uuid": {"type": "string", "format": "uuid"},
                        "weight": {"type": "number", "minimum": 0},
                        "seed": {"type": "object", "properties": {"size": {"type": "integer"}}},
                    },
                }
            },
        },
    }


def differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return [found.text for found in difference.differences(a, b)]


def test_a_document_does_not_differ_from_itself() -> None:
    assert differences(document(), document()) == []


def test_prose_makes_no_difference() -> None:
    other = document()
    other["paths"]["/fruits/"]["get"]["description"] = "Every fruit."
    other["paths"]["/fruits/"]["get"]["x-waldur-note"] = "Decided."

    assert differences(document(), other) == []


def test_operations_and_schemas_come_and_go() -> None:
    other = document()
    other["paths"]["/nuts/"] = {"get": {"operationId": "nuts_list", "responses": {}}}
    del other["paths"]["/fruits/"]["post"]
    other["components"]["schemas"]["Nut"] = {"type": "object"}

    assert differences(document(), other) == [
        "POST /fruits/ is removed.",
        "GET /nuts/ is added.",
        "Schema Nut is added.",
    ]


def test_an_operation_is_compared_by_name_parameters_body_and_responses() -> None:
    other = document()
    listing, create = other["paths"]["/fruits/"]["get"], other["paths"]["/fruits/"]["post"]
    listing["operationId"] = "fruits_retrieve"
    other["components"]["parameters"]["page"]["schema"]["type"] = ["integer", "string"]
    listing["parameters"][1]["schema"]["enum"] = ["green"]
    listing["parameters"].append({"name": "ripe", "in": "query", "schema": {"type": "boolean"}})
    listing["responses"]["200"]["headers"] = {"Link": {"schema": {"type": "string"}}}
    create["requestBody"]["required"] = False
    create["responses"] = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}

    assert differences(document(), other) == [
        "GET /fruits/: operationId is fruits_retrieve instead of fruits_list.",
        "GET /fruits/, query parameter page: type is integer or string instead of integer.",
        "GET /fruits/, query parameter colour: enum gains green and loses red.",
        "GET /fruits/, response 200, header X-Result-Count is removed (integer).",
        "GET /fruits/, query parameter ripe is added (boolean).",
        "GET /fruits/, response 200, header Link is added (string).",
        "POST /fruits/, body: required is false instead of true.",
        "POST /fruits/, response 201 is removed (no body).",
        "POST /fruits/, response 200 is added (object).",
    ]


def test_a_choice_is_told_in_one_line_as_long_as_it_is_one_of_types() -> None:
    other = document()
    colour = other["paths"]["/fruits/"]["get"]["parameters"][1]
    colour["schema"] = {"anyOf": [{"type": "string", "enum": ["red"]}, {"type": "integer"}]}

    assert differences(document(), other) == [
        "GET /fruits/, query parameter colour: type is string or integer instead of string.",
        "GET /fruits/, query parameter colour: enum is not stated any more, was red.",
        "GET /fruits/, query parameter colour (choice 1) is added (string).",
    ]


def test_a_schema_is_compared_field_by_field() -> None:
    other = document()
    fruit = other["components"]["schemas"]["Fruit"]
    fruit["required"].append("weight")
    fruit["properties"]["uuid"] = {"type": ["string", "null"], "format": "hex", "maxLength": 32}
    fruit["properties"]["weight"] = {"type": "number", "minimum": 1}
    fruit["properties"]["seed"] = {"type": "object", "properties": {"colour": {"type": "string"}}}
    fruit["properties"]["seedless"] = {"type": "object", "properties": {"since": {"type": "string"}}}

    assert differences(document(), other) == [
        "Schema Fruit: required gains weight.",
        "Schema Fruit.uuid: type is string or null (hex) instead of string (uuid).",
        "Schema Fruit.uuid: maxLength is 32, was not stated.",
        "Schema Fruit.weight: minimum is 1 instead of 0.",
        "Schema Fruit.seed.size is removed (integer).",
        "Schema Fruit.seed.colour is added (string).",
        "Schema Fruit.seedless is added (object).",
    ]


def test_the_other_way_round_additions_are_removals() -> None:
    other = deepcopy(document())
    other["components"]["schemas"]["Fruit"]["properties"]["name"] = {"type": "string", "maxLength": 9}

    assert differences(document(), other) == ["Schema Fruit.name is added (string)."]
    assert differences(other, document()) == ["Schema Fruit.name is removed (string)."]
