"""Answers are validated by what a document says of them: status, body, and how links and instants are written."""

from typing import Any, Final

import pytest

from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.pointer import find, look_up, pointer
from waldur_billing_mock.openapi.validation import AnswerValidator

TREE: Final = "/api/trees/0b3f1c1e-52aa-4c4e-8a3f-6d1f2b9a7c55/"
DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "Fruits", "version": "1"},
    "paths": {
        "/fruits/{id}/": {
            "get": {
                "operationId": "fruits_retrieve",
                "tags": ["fruits"],
                "x-waldur-permission": "any",
                "responses": {
                    "200": {
                        "description": "A fruit.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fruit"}}},
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                    "500": {"description": "No JSON."},
                },
            }
        }
    },
    "components": {
        "responses": {
            "NotFound": {
                "description": "No fruit.",
                "content": {"application/json": {"schema": {"required": ["detail"]}}},
            }
        },
        "schemas": {
            "Fruit": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "a/b": {"type": "integer"},
                    "tree": {"type": "string", "x-waldur-link": "/api/trees/{uuid}/"},
                    "picked": {"type": "string", "format": "date-time"},
                },
            }
        },
    },
}
RETRIEVE: Final[Operation] = next(operations(DOCUMENT))


@pytest.mark.parametrize(
    ("status", "value", "places"),
    [
        (200, {"name": "fig", "a/b": 1}, []),
        (200, {"name": 1}, ["/components/schemas/Fruit/properties/name/type"]),
        (200, {"name": "fig", "a/b": ""}, ["/components/schemas/Fruit/properties/a~1b/type"]),
        (404, {"detail": "Not found."}, []),
        (404, {}, ["/components/responses/NotFound/content/application~1json/schema/required"]),
        (500, "anything", []),
        (418, {}, ["/paths/~1fruits~1{id}~1/get/responses"]),
    ],
)
def test_a_mismatch_names_the_place_that_an_answer_does_not_fit(status: int, value: Any, places: list[str]) -> None:
    mismatches = AnswerValidator(DOCUMENT).mismatches(RETRIEVE, status, value)

    assert [mismatch.place for mismatch in mismatches] == places
    assert all(look_up(DOCUMENT, place) is not None for place in places)


def test_a_mismatch_names_fields_that_are_missing_or_not_described() -> None:
    mismatches = AnswerValidator(DOCUMENT).mismatches(RETRIEVE, 200, {"stone": True})

    assert sorted((mismatch.kind, *mismatch.names) for mismatch in mismatches) == [
        ("additionalProperties", "stone"),
        ("required", "name"),
    ]


@pytest.mark.parametrize(
    ("field", "text", "is_described"),
    [
        ("tree", f"http://host{TREE}", True),
        ("tree", f"http://host{TREE.replace('-', '')}", False),
        ("tree", "http://host/api/trees/7/", False),
        ("picked", "2025-11-22T09:00:00Z", True),
        ("picked", "2025-11-22T09:00:00+00:00", False),
        ("picked", "2025-11-22T09:00:00+02:00", True),
    ],
)
def test_links_and_instants_are_written_as_described(field: str, text: str, is_described: bool) -> None:
    mismatches = list(AnswerValidator(DOCUMENT).misspelled(RETRIEVE, {"name": "fig", field: text}))

    assert (mismatches == []) is is_described


@pytest.mark.parametrize(("steps", "written"), [((), ""), (("a/b", "~", 0), "/a~1b/~0/0")])
def test_a_pointer_leads_back_to_its_node(steps: tuple[str | int, ...], written: str) -> None:
    document: Any = {"a/b": {"~": ["here"]}}

    assert pointer(steps) == written
    assert look_up(document, written) == (document if not steps else "here")


@pytest.mark.parametrize("nowhere", ["/b", "/a/0", "/a/x", "/n/x", "/n/0/y"])
def test_a_pointer_that_leads_nowhere_raises(nowhere: str) -> None:
    document: Any = {"a": [], "n": 1}

    with pytest.raises(LookupError):
        look_up(document, nowhere)
    assert find(document, nowhere) is None
