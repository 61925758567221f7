"""The description that a target is judged by: documents, a revision, a dialect. Knows no target."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

import jsonschema_rs

from waldur_billing_mock import openapi
from waldur_billing_mock.openapi import revision as revisions
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, Parameter, operations

FOLDER: Final = Path(str(files(openapi)))
Dialect = Literal["documented", "wire"]
REVISIONS: Final = revisions.revisions(FOLDER)
_UTC: Final = ("Z", "+00:00")
_HYPHENATED: Final = "-".join(f"[0-9a-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12))
_CRASHES: Final = ("consumptions-fail", "usage-needs-quantity", "deep-json-fails")


class Fault(NamedTuple):
    """Where a value does not fit its schema: a pointer into the description, one into the value, a sentence."""

    place: str
    at: str
    message: str
    got: object


class Description:
    """A bundled document with the questions that the contracts ask of it."""

    def __init__(self, document: Node, revision: str, dialect: Dialect) -> None:
        self.document: Final = document
        self.revision: Final = revision
        self.dialect: Final = dialect
        self._validators: Final[dict[str, jsonschema_rs.Draft202012Validator]] = {}

    @cached_property
    def everything(self) -> Mapping[str, Operation]:
        """All operations by their names, the HEAD twins included."""
        return {operation.operation_id: operation for operation in operations(self.document)}

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that the documents name; each HEAD is judged together with its GET."""
        return {name: found for name, found in self.everything.items() if found.method != "HEAD" and not found.beyond}

    def lists(self) -> Iterator[Operation]:
        """The operations whose answers come in pages."""
        return (operation for operation in self.operations.values() if "page" in operation.query)

    def reads(self) -> Iterator[Operation]:
        """The operations that change nothing."""
        return (operation for operation in self.operations.values() if operation.method == "GET")

    def place(self, operation: Operation) -> str:
        """The pointer to what the description says of an operation."""
        return f"/paths/{_escape(operation.path)}/{operation.method.lower()}"

    def place_of_parameter(self, operation: Operation, name: str) -> str:
        """The pointer to a query parameter, or to its operation where it has none of this name."""
        for level in (operation.method.lower(), ""):
            node = self.document["paths"][operation.path]
            node = node.get(level, {}) if level else node
            for number, parameter in enumerate(node.get("parameters", [])):
                reference = parameter.get("$ref", "").removeprefix("#")
                found = self._at(reference) if reference else parameter
                if found["name"] == name:
                    return str(reference) or f"{self.place(operation)}/parameters/{number}"
        return self.place(operation)

    def place_of_field(self, schema: str, name: str) -> str:
        """The pointer to a property of a named schema."""
        return f"/components/schemas/{_escape(schema)}/properties/{_escape(name)}"

    def faults(self, operation: Operation, status: int, value: Any) -> list[Fault]:
        """Where the body of an answer does not fit what is described for its status."""
        pointer = f"{self.place(operation)}/responses/{status}"
        responses = self._at(self.place(operation))["responses"]
        if str(status) not in responses:
            return [Fault(f"{self.place(operation)}/responses", "", f"the status {status} is not described", status)]
        if reference := responses[str(status)].get("$ref", ""):
            pointer = reference.removeprefix("#")
        content = self._at(pointer).get("content", {})
        if "application/json" not in content:
            return []
        validator = self._validator(f"{pointer}/content/application~1json/schema")
        return [
            Fault(
                "".join(f"/{_escape(str(step))}" for step in error.schema_path),
                "".join(f"/{step}" for step in error.instance_path),
                f"the value does not fit its {error.schema_path[-1] if error.schema_path else 'schema'}",
                error.instance,
            )
            for error in validator.iter_errors(value)
        ]

    def unseen(self, operation: Operation, values: Sequence[Any], enough: int) -> Iterator[str]:
        """The places of described fields that are missing from all of so many objects, within rows as well."""
        success = f"{self.place(operation)}/responses/{operation.success.status}"
        yield from self._unseen(f"{success}/content/application~1json/schema", values, enough)

    def _unseen(self, pointer: str, values: Sequence[Any], enough: int) -> Iterator[str]:
        schema = self._at(pointer)
        if "$ref" in schema:
            yield from self._unseen(schema["$ref"].removeprefix("#"), values, enough)
        for number in range(len(schema.get("anyOf", ()))):
            yield from self._unseen(f"{pointer}/anyOf/{number}", values, enough)
        if "items" in schema:
            rows = [row for value in values if isinstance(value, list) for row in value]
            yield from self._unseen(f"{pointer}/items", rows, enough)
        owners = [value for value in values if isinstance(value, dict)]
        for name, field in schema.get("properties", {}).items():
            place = f"{pointer}/properties/{_escape(name)}"
            shown = [owner[name] for owner in owners if name in owner]
            if not shown and len(owners) >= enough and not field.get("x-waldur-unsent"):
                yield place
            yield from self._unseen(place, shown, enough)

    def misspelled(self, operation: Operation, value: Any) -> Iterator[Fault]:
        """Links whose identifier is not written in the described form, and instants in UTC that end otherwise."""
        success = f"{self.place(operation)}/responses/{operation.success.status}"
        for place, field, text in self._texts(f"{success}/content/application~1json/schema", value):
            link, utc = field.get("x-waldur-link"), field.get("x-waldur-utc", "Z")
            if link and not _link(link).search(text):
                yield Fault(f"{place}/x-waldur-link", "", f"a link must be written like {link}", text)
            if field.get("format") == "date-time" and text.endswith(_UTC) and not text.endswith(utc):
                yield Fault(f"{place}/x-waldur-utc", "", f"an instant in UTC must end in {utc}", text)

    def _texts(self, pointer: str, value: Any) -> Iterator[tuple[str, Node, str]]:
        """The texts within a value, each with the place and the schema of its field."""
        schema = self._at(pointer)
        if "$ref" in schema:
            yield from self._texts(schema["$ref"].removeprefix("#"), value)
        elif isinstance(value, str):
            yield pointer, schema, value
        elif isinstance(value, list) and "items" in schema:
            for row in value:
                yield from self._texts(f"{pointer}/items", row)
        elif isinstance(value, dict):
            for name in schema.get("properties", {}).keys() & value.keys():
                yield from self._texts(f"{pointer}/properties/{_escape(name)}", value[name])

    def switched(self, operation: Operation, switch: str) -> bool:
        """Whether the dialect gives an operation a behaviour that no schema can express."""
        return switch in self._at(self.place(operation)).get("x-waldur-switches", [])

    def may_fail(self, operation_id: str) -> bool:
        """Whether the dialect has the operation answer 500 to something."""
        operation = self.operations.get(operation_id)
        if operation is None:
            return False
        by_input = any("x-waldur-server-error" in parameter.extensions for parameter in operation.parameters)
        return by_input or any(self.switched(operation, switch) for switch in _CRASHES)

    def choices(self, parameter: Parameter) -> tuple[Any, ...]:
        """The values that a parameter is documented to take, empty where they are not listed."""
        found = list(_enums(parameter.schema))
        return tuple(found[0]) if found else ()

    def _validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        if pointer not in self._validators:
            schema = {
                "$ref": "#" + quote(pointer, safe="/~"),
                "paths": self.document["paths"],
                "components": self.document["components"],
            }
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return self._validators[pointer]

    def _at(self, pointer: str) -> Any:
        node: Any = self.document
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node


def describe(revision: str, dialect: Dialect = "documented") -> Description:
    """The description of a revision in a dialect. Raises `DocumentError` or `OverlayError` where it is not whole."""
    document = revisions.describe(FOLDER, revision, wire=dialect == "wire", tolerant=True)
    return Description(document, revision, dialect)


@cache
def _link(template: str) -> re.Pattern[str]:
    """What the path of a link is like: 32 digits where the template says `:hex`, else digits with hyphens."""
    start, _, rest = template.partition("{")
    written, _, end = rest.partition("}")
    digits = "[0-9a-f]{32}" if written.endswith(":hex") else _HYPHENATED
    return re.compile(f"{re.escape(start)}{digits}{re.escape(end)}$")


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _enums(schema: Node) -> Iterator[list[Any]]:
    if "enum" in schema:
        yield schema["enum"]
    for part in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from _enums(part)
