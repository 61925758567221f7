"""The schema is the serializer: it says what is read, in which order, and how it is written."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from waldur_billing_mock.mock_server.spec.render import Renderer
from waldur_billing_mock.openapi.document import DocumentError

UUID: Final = "0b2c4d6e8f10324354657687980badc1"
DASHED: Final = "0b2c4d6e-8f10-3243-5465-7687980badc1"
BASE: Final = "https://mock.example"
PATTERN: Final = r"^-?\d{0,12}(?:\.\d{0,4})?$"


@dataclass(frozen=True)
class Tree:
    uuid: str
    name: str = "pear tree"


@dataclass(frozen=True)
class Fruit:
    value: Any = None
    tree: Tree | None = None
    uuid: str = UUID


def text_of(schema: dict[str, Any], value: Any, **document: Any) -> str:
    """What is written for an object whose only property has the schema."""
    return Renderer(document, {"type": "object", "properties": {"value": schema}}).render(Fruit(value), BASE).decode()


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": "string"}, 'a "ä" \n\x00\u2028', '"a \\"ä\\" \\n\\u0000\u2028"'),
        ({"type": "string"}, "", '""'),
        ({"type": "integer"}, 10**30, str(10**30)),
        ({"type": "boolean"}, True, "true"),
        ({"type": "boolean"}, False, "false"),
        ({"type": "number", "format": "double"}, Decimal("0.10"), "0.10"),
        ({"type": "number", "format": "double"}, Decimal("1E+3"), "1000"),
        ({"type": "number", "format": "double"}, Decimal("1E-30"), "0.000000000000000000000000000001"),
        ({"type": "string", "format": "decimal", "pattern": PATTERN}, Decimal("1.00005"), '"1.0000"'),
        ({"type": "string", "format": "decimal", "pattern": PATTERN}, Decimal("1.00015"), '"1.0002"'),
        ({"type": "string", "format": "decimal", "pattern": PATTERN}, Decimal(-3), '"-3.0000"'),
        ({"type": "string", "format": "uuid"}, UUID, f'"{DASHED}"'),
        ({"type": "string", "format": "date"}, date(2025, 1, 2), '"2025-01-02"'),
        ({"type": "string", "format": "date-time"}, datetime(2025, 1, 2, tzinfo=UTC), '"2025-01-02T00:00:00Z"'),
        (
            {"type": "string", "format": "date-time"},
            datetime(2025, 1, 2, 3, 4, 5, 60, tzinfo=UTC),
            '"2025-01-02T03:04:05.000060Z"',
        ),
        (
            {"type": "string", "format": "date-time", "x-waldur-utc": "+00:00"},
            datetime(2025, 1, 2, tzinfo=UTC),
            '"2025-01-02T00:00:00+00:00"',
        ),
        ({"type": "array", "items": {"type": "integer"}}, (1, 2), "[1,2]"),
        ({"type": "array", "items": {"type": "integer"}}, [], "[]"),
        ({}, {"any": [1, None, "ä"]}, '{"any":[1,null,"ä"]}'),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1, "1"),
        ({"$ref": "#/number"}, 1, "1"),
    ],
)
def test_a_value_is_written_as_its_schema_says(schema: dict[str, Any], value: object, text: str) -> None:
    assert text_of(schema, value, number={"type": "integer"}) == f'{{"value":{text}}}'


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": ["string", "null"]}, '{"value":null}'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, '{"value":null}'),
        ({"type": "string"}, "{}"),
        ({"$ref": "#/text"}, "{}"),
    ],
)
def test_a_missing_value_is_null_or_left_out(schema: dict[str, Any], text: str) -> None:
    assert text_of(schema, None, text={"type": "string"}) == text


@pytest.mark.parametrize("kind", ["uuid", "uri", "email", "date", "date-time"])
def test_an_empty_text_counts_as_missing_where_the_format_forbids_it(kind: str) -> None:
    assert text_of({"type": "string", "format": kind}, "") == "{}"


@pytest.mark.parametrize(("required", "text"), [(["value"], '{"value":"none"}'), ([], "{}")])
def test_what_stands_for_a_required_value_is_written_where_it_is_required(required: list[str], text: str) -> None:
    schema = {
        "type": "object",
        "required": required,
        "properties": {"value": {"type": "string", "x-waldur-absent": "none"}},
    }

    assert Renderer({}, schema).render(Fruit(), BASE).decode() == text


def test_a_required_value_without_anything_to_stand_for_it_is_a_fault_of_the_description() -> None:
    schema = {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"}}}

    with pytest.raises(DocumentError, match=r"Fruit\.value has no value, but the description requires one; allow null"):
        Renderer({}, schema).render(Fruit(), BASE).decode()


def test_a_property_may_be_read_from_another_attribute() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string", "x-waldur-attribute": "uuid"}}}

    assert Renderer({}, schema).render(Fruit(), BASE).decode() == f'{{"id":"{UUID}"}}'


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("/fruits/{uuid}/", f'{{"url":"{BASE}/fruits/{DASHED}/"}}'),
        ("/fruits/{uuid:hex}/", f'{{"url":"{BASE}/fruits/{UUID}/"}}'),
        ("/trees/{tree.uuid}/", f'{{"url":"{BASE}/trees/{DASHED}/"}}'),
    ],
)
def test_a_link_is_absolute_and_read_along_its_dots(link: str, text: str) -> None:
    schema = {"type": "object", "properties": {"url": {"type": "string", "format": "uri", "x-waldur-link": link}}}

    assert Renderer({}, schema).render(Fruit(tree=Tree(UUID)), BASE).decode() == text


def test_a_link_to_nothing_is_missing() -> None:
    link = {"type": ["string", "null"], "format": "uri", "x-waldur-link": "/trees/{tree.uuid}/"}

    assert (
        Renderer({}, {"type": "object", "properties": {"url": link}}).render(Fruit(), BASE).decode() == '{"url":null}'
    )


def test_properties_come_in_the_order_of_the_schema_and_nothing_else_comes() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "integer"}}}

    assert Renderer({}, schema).render({"a": 1, "b": 2, "c": 3}, BASE).decode() == '{"b":2,"a":1}'


def test_a_mapping_leaves_out_what_it_does_not_have() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": ["integer", "null"]}}}

    assert Renderer({}, schema).render({"b": 1}, BASE).decode() == '{"b":1}'


def test_an_open_object_keeps_the_other_keys() -> None:
    schema = {
        "type": "object",
        "additionalProperties": True,
        "properties": {"uuid": {"type": "string", "format": "uuid"}},
    }

    written = Renderer({}, schema).render({"x": [1], "uuid": UUID}, BASE).decode()

    assert json.loads(written) == {"uuid": DASHED, "x": [1]}


def test_a_schema_may_contain_itself() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/node"}}},
    }
    value = {"name": "a", "children": [{"name": "b", "children": []}]}

    assert json.loads(Renderer({"node": node}, {"$ref": "#/node"}).render(value, BASE)) == value


@pytest.mark.parametrize(
    ("fields", "keys"),
    [(set(), {"a", "b"}), ({"a"}, {"a"}), ({"a", "x"}, {"a"}), ({"x"}, {"a", "b"})],
)
def test_only_the_named_properties_are_written_unless_none_is_known(fields: set[str], keys: set[str]) -> None:
    one = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    rows = Renderer({}, {"type": "array", "items": one})

    written = rows.render([{"a": 1, "b": 2}], BASE, frozenset(fields)).decode()

    assert [row.keys() for row in json.loads(written)] == [keys]
    assert rows.is_array


def test_a_decimal_without_the_published_pattern_stops_the_start() -> None:
    with pytest.raises(DocumentError, match="A decimal needs the published pattern"):
        text_of({"type": "string", "format": "decimal"}, Decimal(1))
