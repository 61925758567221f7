"""Differences are classed from the side of a client that was built for the older document."""

from typing import Any

import pytest

from waldur_billing_mock.openapi.difference import differences
from waldur_billing_mock.openapi.severity import severity


def content(schema: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def document(
    *,
    parameters: list[dict[str, Any]] | None = None,
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    status: str = "200",
    extension: str = "authenticated",
    **more: Any,
) -> dict[str, Any]:
    """One operation with a body in its request and its response, where they are given."""
    operation: dict[str, Any] = {"operationId": "fruits_change", "parameters": parameters or [], **more}
    operation["x-waldur-permission"] = extension
    operation["responses"] = {status: {"description": "Done."}}
    if response is not None:
        operation["responses"][status]["content"] = {
            "application/json": {"schema": {"$ref": "#/components/schemas/Fruit"}}
        }
    if request is not None:
        operation["requestBody"] = content("Order")
    schemas = {name: schema for name, schema in (("Fruit", response), ("Order", request)) if schema is not None}
    return {"paths": {"/fruits/": {"post": operation}}, "components": {"schemas": schemas}}


def fields(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def worst(a: dict[str, Any], b: dict[str, Any]) -> str | None:
    found = [severity(difference) for difference in differences(a, b)]
    return min(found, key=("breaking", "warning", "info").index) if found else None


TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}
NULLABLE: dict[str, Any] = {"type": ["string", "null"]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (fields(a=TEXT), fields(a=TEXT), None),
        (fields(a=TEXT), fields(a=TEXT, b=TEXT), "info"),
        (fields(a=TEXT), fields("b", a=TEXT, b=TEXT), "info"),
        (fields("a", a=TEXT, b=TEXT), fields("a", a=TEXT), "warning"),
        (fields("a", "b", a=TEXT, b=TEXT), fields("a", a=TEXT), "breaking"),
        (fields("a", a=TEXT), fields(a=TEXT), "breaking"),
        (fields(a=TEXT), fields(a=NULLABLE), "breaking"),
        (fields(a=NULLABLE), fields(a=TEXT), "info"),
        (fields(a=INTEGER), fields(a=NUMBER), "breaking"),
        (fields(a=NUMBER), fields(a=INTEGER), "info"),
        (fields(a={}), fields(a={"type": "object"}), "info"),
        (fields(a={"enum": ["x"]}), fields(a={"enum": ["x", "y"]}), "warning"),
        (fields(a={"enum": ["x", "y"]}), fields(a={"enum": ["x"]}), "info"),
    ],
)
def test_what_answers_hold(old: dict[str, Any], new: dict[str, Any], expected: str | None) -> None:
    assert worst(document(response=old), document(response=new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (fields(a=TEXT), fields(a=TEXT, b=TEXT), "info"),
        (fields(a=TEXT), fields("b", a=TEXT, b=TEXT), "breaking"),
        (fields(a=TEXT, b=TEXT), fields(a=TEXT), "warning"),
        (fields(a=TEXT), fields("a", a=TEXT), "breaking"),
        (fields("a", a=TEXT), fields(a=TEXT), "info"),
        (fields(a=TEXT), fields(a=NULLABLE), "info"),
        (fields(a=NULLABLE), fields(a=TEXT), "breaking"),
        (fields(a=INTEGER), fields(a=NUMBER), "info"),
        (fields(a=TEXT), fields(a={"type": "string", "format": "uri"}), "breaking"),
        (fields(a={"type": "string", "format": "uri"}), fields(a=TEXT), "info"),
        (fields(a=TEXT), fields(a={"type": "string", "maxLength": 9}), "breaking"),
        (fields(a={"type": "string", "maxLength": 9}), fields(a=TEXT), "info"),
        (fields(a={"enum": ["x"]}), fields(a={"enum": ["x", "y"]}), "info"),
        (fields(a={"enum": ["x", "y"]}), fields(a={"enum": ["x"]}), "breaking"),
    ],
)
def test_what_requests_hold(old: dict[str, Any], new: dict[str, Any], expected: str) -> None:
    assert worst(document(request=old), document(request=new)) == expected


def parameter(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "in": "query", "schema": TEXT, **more}]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (document(), document(parameters=parameter()), "info"),
        (document(), document(parameters=parameter(required=True)), "breaking"),
        (document(parameters=parameter()), document(parameters=parameter(required=True)), "breaking"),
        (document(parameters=parameter()), document(), "warning"),
        (document(status="200"), document(status="201"), "breaking"),
        (document(), document(response=fields(a=TEXT)), "info"),
        (document(response=fields(a=TEXT)), document(), "breaking"),
        (document(), document(operationId="fruits_replace"), "breaking"),
        (document(), document(summary="Changes.", extension="staff"), "info"),
        (document(), {"paths": {}}, "breaking"),
        ({"paths": {}}, document(), "info"),
    ],
)
def test_what_operations_promise(old: dict[str, Any], new: dict[str, Any], expected: str) -> None:
    assert worst(old, new) == expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"Other": fields("a", "b", a=TEXT, b=TEXT)}, "info"),
        ({"Other": fields("a", a=TEXT)}, "warning"),
        ({"Other": fields(b=TEXT)}, "breaking"),
    ],
)
def test_a_schema_that_takes_the_place_of_another_is_judged_by_the_fields_that_are_lost(
    new: dict[str, Any], expected: str
) -> None:
    old, other = (document(response=fields("a", a=TEXT, b=TEXT)) for _ in range(2))
    operation = other["paths"]["/fruits/"]["post"]
    operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Other"
    other["components"]["schemas"] = new

    assert worst(old, other) == expected


def with_security(*names: str) -> dict[str, Any]:
    schemes = {name: {"type": "http", "scheme": name.rstrip("2")} for name in names}
    return {"paths": {}, "components": {"securitySchemes": schemes}, "security": [{name: []} for name in names]}


@pytest.mark.parametrize(
    ("new", "expected"), [(("basic", "bearer"), "info"), (("basic2",), "info"), (("bearer",), "breaking")]
)
def test_a_way_to_authenticate_may_get_another_name_but_must_not_go(new: tuple[str, ...], expected: str) -> None:
    assert worst(with_security("basic"), with_security(*new)) == expected
