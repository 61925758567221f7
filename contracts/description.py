"""The description that a target is judged by: documents, a revision, a dialect. Knows no target."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from waldur_billing_mock import openapi
from waldur_billing_mock.openapi import revision as revisions
from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import Operation, Parameter, operations
from waldur_billing_mock.openapi.pointer import escape, look_up, pointer, unescape
from waldur_billing_mock.openapi.support import describe_support
from waldur_billing_mock.openapi.validation import AnswerValidator, Mismatch, place_of, place_of_success

FOLDER: Final = Path(str(files(openapi)))
Dialect = Literal["documented", "wire"]
REVISIONS: Final = revisions.revisions(FOLDER)
_CRASHES: Final = ("consumptions-fail", "usage-needs-quantity", "deep-json-fails")


class Description:
    """A bundled document with the questions that the contracts ask of it."""

    def __init__(self, document: Node, revision: str, dialect: Dialect) -> None:
        self.document: Final = document
        self.revision: Final = revision
        self.dialect: Final = dialect
        self._answers: Final = AnswerValidator(document)

    @cached_property
    def everything(self) -> Mapping[str, Operation]:
        """All operations by their names, the HEAD twins included."""
        return {operation.operation_id: operation for operation in operations(self.document)}

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that the documents name; each HEAD is judged together with its GET."""
        return {name: found for name, found in self.everything.items() if found.method != "HEAD" and not found.beyond}

    @cached_property
    def words(self) -> frozenset[str]:
        """The names and choices of the contract itself, which are no data of a deployment."""
        found: set[str] = set()
        waiting: list[Any] = [self.document]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                found.update(str(name) for name in node.get("properties", {}) if isinstance(node["properties"], dict))
                choices = node.get("enum", [])
                found.update(str(one) for one in choices if isinstance(choices, list) and isinstance(one, str))
                if isinstance(node.get("name"), str) and "in" in node:
                    found.add(node["name"])
                waiting.extend(node.values())
            elif isinstance(node, list):
                waiting.extend(node)
        return frozenset(found)

    def lists(self) -> Iterator[Operation]:
        """The operations whose answers come in pages."""
        return (operation for operation in self.operations.values() if "page" in operation.query)

    def reads(self) -> Iterator[Operation]:
        """The operations that change nothing."""
        return (operation for operation in self.operations.values() if operation.method == "GET")

    def place(self, operation: Operation) -> str:
        """The pointer to what the description says of an operation."""
        return place_of(operation)

    def headers(self, operation: Operation, status: int) -> Mapping[str, Node]:
        """What is described of the headers of an answer, by their names; empty for a status that is not described."""
        responses = self.document["paths"][operation.path][operation.method.lower()]["responses"]
        described = resolve(self.document, responses.get(str(status), {})).get("headers", {})
        return {name: resolve(self.document, header) for name, header in described.items()}

    def describes(self, operation: Operation, status: int) -> bool:
        """Whether a status of an operation is described."""
        return str(status) in self.document["paths"][operation.path][operation.method.lower()]["responses"]

    def place_of_parameter(self, operation: Operation, name: str) -> str:
        """The pointer to a query parameter, or to its operation where it has none of this name."""
        for at in (self.place(operation), pointer(("paths", operation.path))):
            for number, parameter in enumerate(look_up(self.document, at).get("parameters", [])):
                reference = str(parameter.get("$ref", "")).removeprefix("#")
                if resolve(self.document, parameter)["name"] == name:
                    return reference or f"{at}/parameters/{number}"
        return self.place(operation)

    def place_of_field(self, schema: str, name: str) -> str:
        """The pointer to a property of a named schema."""
        return pointer(("components", "schemas", schema, "properties", name))

    def faults(self, operation: Operation, status: int, value: Any) -> list[Mismatch]:
        """Where the body of an answer does not fit what is described for its status."""
        return self._answers.mismatches(operation, status, value)

    def unseen(self, operation: Operation, values: Sequence[Any], enough: int) -> Iterator[str]:
        """The places of described fields that are missing from all of so many objects, within rows as well."""
        yield from self._unseen(place_of_success(operation), values, enough)

    def _unseen(self, at: str, values: Sequence[Any], enough: int) -> Iterator[str]:
        schema = look_up(self.document, at)
        if "$ref" in schema:
            yield from self._unseen(schema["$ref"].removeprefix("#"), values, enough)
        for number in range(len(schema.get("anyOf", ()))):
            yield from self._unseen(f"{at}/anyOf/{number}", values, enough)
        if "items" in schema:
            rows = [row for value in values if isinstance(value, list) for row in value]
            yield from self._unseen(f"{at}/items", rows, enough)
        owners = [value for value in values if isinstance(value, dict)]
        for name, field in schema.get("properties", {}).items():
            place = f"{at}/properties/{escape(name)}"
            shown = [owner[name] for owner in owners if name in owner]
            if not shown and len(owners) >= enough and not field.get("x-waldur-unsent"):
                yield place
            yield from self._unseen(place, shown, enough)

    def requires(self, place: str) -> bool:
        """Whether the schema around a property requires it."""
        schema, _, name = place.rpartition("/properties/")
        required = look_up(self.document, schema).get("required", []) if schema else []
        return unescape(name) in required

    def types_at(self, place: str) -> frozenset[str]:
        """The types that a schema allows, by the pointer to its `type`."""
        found = look_up(self.document, place)
        return frozenset([found] if isinstance(found, str) else found)

    def misspelled(self, operation: Operation, value: Any) -> Iterator[Mismatch]:
        """Links whose identifier is not written in the described form, and instants in UTC that end otherwise."""
        return self._answers.misspelled(operation, value)

    def switched(self, operation: Operation, switch: str) -> bool:
        """Whether the dialect gives an operation a behaviour that no schema can express."""
        return switch in look_up(self.document, self.place(operation)).get("x-waldur-switches", [])

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


@lru_cache(maxsize=8)
def describe(revision: str, dialect: Dialect = "documented") -> Description:
    """The description of a revision in a dialect, which all callers share and nobody may change.

    Making one takes a quarter of a second; the last eight are kept, of a few megabytes each. Raises `DocumentError` or
    `OverlayError` where it is not whole.
    """
    document = revisions.describe(FOLDER, revision, wire=dialect == "wire", tolerant=True)
    return Description(document, revision, dialect)


@cache
def describe_neighbours(dialect: Dialect = "documented") -> Description:
    """The description of the neighbours of the billing operations, which no revision contains, for judging answers.

    All callers share it. Making one takes 0.2 s.
    """
    return Description(describe_support(FOLDER, wire=dialect == "wire"), "support", dialect)


def _enums(schema: Node) -> Iterator[list[Any]]:
    if "enum" in schema:
        yield schema["enum"]
    for part in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from _enums(part)
