"""Flattens an operation into entries, whether it is described in OpenAPI, printed in a document or tabulated.

An entry is one parameter, one field of a body or one field of an answer, with a dotted name. Where a
description takes more types than one, or chooses with `anyOf`, the first is the documented one; null is noted
apart.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import METHODS

LIMITS: Final = defaultdict(
    tuple[str, ...],
    string=("minLength", "maxLength", "pattern"),
    integer=("minimum", "maximum"),
    number=("minimum", "maximum"),
)
"""What can limit a value of a type; others stand there for the further types that are taken as well."""
JSON: Final = "application/json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is promised of one name. `type` is as in `string`, `object`, `array<object>` or `any`."""

    place: str
    name: str
    type: str
    format: str | None = None
    null: bool = False
    required: bool = False
    read_only: bool = False
    explode: bool = True
    enum: tuple[str, ...] = ()
    limits: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Flat:
    """An operation as entries.

    `body` is required, optional or none, `answer` is array, object or none. `counted` tells whether the number of all
    rows comes along; None where the source does not tell.
    """

    operation_id: str
    method: str
    path: str
    body: str
    status: str
    answer: str
    counted: bool | None = None
    entries: tuple[Entry, ...]


def described(document: Node) -> dict[str, Flat]:
    """The operations of a bundled description."""
    return {
        node["operationId"]: _described_operation(document, method, path, item)
        for path, item in document["paths"].items()
        for method, node in item.items()
        if method in METHODS
    }


def _described_operation(document: Node, method: str, path: str, item: Node) -> Flat:
    node = item[method]
    parameters = [resolve(document, found) for found in (*item.get("parameters", []), *node.get("parameters", []))]
    body = resolve(document, node.get("requestBody", {}))
    (status,) = (status for status in node["responses"] if status.startswith("2"))
    response = resolve(document, node["responses"][status])
    content = response.get("content")
    answer = resolve(document, content[JSON]["schema"]) if content else None
    listed = answer is not None and answer.get("type") == "array"
    entries = [_described_parameter(document, parameter) for parameter in parameters]
    for media, found in body.get("content", {}).items():
        entries.extend(_fields(document, _body(media), "", resolve(document, found["schema"])))
    if answer is not None:
        row = resolve(document, answer["items"]) if listed else answer
        entries.extend(_fields(document, "response", "", row))
    return Flat(
        operation_id=node["operationId"],
        method=method.upper(),
        path=path,
        body="none" if not body else "required" if body.get("required", False) else "optional",
        status=status,
        answer="none" if answer is None else "array" if listed else "object",
        counted="X-Result-Count" in response.get("headers", {}),
        entries=tuple(entries),
    )


def _described_parameter(document: Node, parameter: Node) -> Entry:
    required = parameter.get("required", False)
    found = _entry(document, parameter["in"], parameter["name"], parameter["schema"], required=required)
    explode = parameter.get("explode", parameter.get("style", "form") == "form")
    return Entry(**{**vars(found), "explode": explode})


def _fields(document: Node, place: str, prefix: str, schema: Node) -> Iterator[Entry]:
    for name, node in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        yield _entry(document, place, f"{prefix}{name}", node, required=required)
        inner = _first(document, node)
        inner = _first(document, inner["items"]) if "items" in inner else inner
        yield from _fields(document, place, f"{prefix}{name}.", inner)


def _first(document: Node, node: Node) -> Node:
    """The schema without references, and without any choice but its first that is not null."""
    schema = {**resolve(document, node), **{key: value for key, value in node.items() if key != "$ref"}}
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    return {**schema, **_first(document, choices[0])} if choices else schema


def _types(schema: Node) -> list[str]:
    kinds: str | list[str] = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _entry(document: Node, place: str, name: str, node: Node, *, required: bool) -> Entry:
    schema = _first(document, node)
    inner = _first(document, schema["items"]) if "items" in schema else schema
    kinds = [kind for kind in _types(schema) if kind != "null"] or ["any"]
    return Entry(
        place=place,
        name=name,
        type=f"array<{_types(inner)[0]}>" if kinds[0] == "array" else kinds[0],
        format=inner.get("format"),
        null="null" in _types(schema) or {"type": "null"} in schema.get("anyOf", []),
        required=required,
        read_only=schema.get("readOnly", False),
        enum=tuple(str(value) for value in inner.get("enum", ())),
        limits={limit: schema[limit] for limit in LIMITS[kinds[0]] if limit in schema},
    )


def _body(media: str) -> str:
    """The place of a body's field: bodies are JSON unless another type is named."""
    return "body" if media == JSON else f"body {media}"


def published(operations: Mapping[str, Any]) -> dict[str, Flat]:
    """The operations of a release as releases.json has them."""
    return {
        name: Flat(
            operation_id=name,
            **{fact: node[fact] for fact in ("method", "path", "body", "status", "answer", "counted")},
            entries=tuple(_published_entry(key, facets) for key, facets in node["entries"].items()),
        )
        for name, node in operations.items()
    }


def _published_entry(key: str, facets: Mapping[str, Any]) -> Entry:
    place, _, name = key.rpartition(" ")
    given = {facet: value for facet, value in facets.items() if facet not in ("joined", "enum")}
    return Entry(place=place, name=name, explode="joined" not in facets, enum=tuple(facets.get("enum", ())), **given)
