"""Validates answers by a description: their status, their body by its schema, how links and instants are written."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import jsonschema_rs

from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation
from waldur_billing_mock.openapi.pointer import escape, look_up, pointer

_JSON: Final = "application/json"
_UTC: Final = ("Z", "+00:00")
_HYPHENATED: Final = "-".join(f"[0-9a-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12))


class Mismatch(NamedTuple):
    """Where a value does not fit its schema: a pointer into the description, one into the value, a sentence.

    `names` are the fields that are missing, or that nothing describes; `kind` is the keyword of the schema.
    """

    place: str
    at: str
    message: str
    got: object
    names: tuple[str, ...] = ()
    kind: str = ""

    @property
    def sentence(self) -> str:
        """What does not fit, with the names of fields that are missing or not described."""
        if self.kind == "additionalProperties":
            return "it has fields that are not described: " + ", ".join(self.names)
        if self.kind == "required":
            return "a field is missing: " + ", ".join(self.names)
        return self.message


class _Described(NamedTuple):
    """A schema with its place, references followed, and the places of its items (blank: none) and properties."""

    place: str
    schema: Node
    items: str
    members: Mapping[str, str]


class AnswerValidator:
    """The answers that a bundled document describes. Each schema is compiled once, when it is first needed."""

    def __init__(self, document: Node) -> None:
        self._document: Final = document
        self._compiled: Final[dict[str, jsonschema_rs.Draft202012Validator]] = {}
        self._places: Final[dict[str, _Described]] = {}

    def mismatches(self, operation: Operation, status: int, value: Any) -> list[Mismatch]:
        """Where an answer does not fit what is described for its status. `value` is the JSON value of its body."""
        responses = f"{place_of(operation)}/responses"
        if str(status) not in look_up(self._document, responses):
            return [Mismatch(responses, "", f"the status {status} is not described", status)]
        response = f"{responses}/{status}"
        if reference := look_up(self._document, response).get("$ref"):
            response = reference.removeprefix("#")
        if _JSON not in look_up(self._document, response).get("content", {}):
            return []
        schema = f"{response}/content/{escape(_JSON)}/schema"
        return [_mismatch(error) for error in self._validator(schema).iter_errors(value)]

    def misspelled(self, operation: Operation, value: Any) -> Iterator[Mismatch]:
        """Links whose identifier is not written in the described form, and instants in UTC that end otherwise."""
        for place, field, text in self._texts(place_of_success(operation), value):
            link, utc = field.get("x-waldur-link"), field.get("x-waldur-utc", "Z")
            if link and not _link(link).search(text):
                yield Mismatch(f"{place}/x-waldur-link", "", f"a link must be written like {link}", text)
            if field.get("format") == "date-time" and text.endswith(_UTC) and not text.endswith(utc):
                yield Mismatch(f"{place}/x-waldur-utc", "", f"an instant in UTC must end in {utc}", text)

    def _texts(self, place: str, value: Any) -> Iterator[tuple[str, Node, str]]:
        """The texts within a value, each with the place and the schema of its field."""
        found = self._described(place)
        if isinstance(value, str):
            yield found.place, found.schema, value
        elif isinstance(value, list) and found.items:
            for row in value:
                yield from self._texts(found.items, row)
        elif isinstance(value, dict):
            for name in found.members.keys() & value.keys():
                yield from self._texts(found.members[name], value[name])

    def _described(self, place: str) -> "_Described":
        """The schema at a place, looked up once: answers have the same few places again and again."""
        if place not in self._places:
            at = place
            while "$ref" in (schema := look_up(self._document, at)):
                at = schema["$ref"].removeprefix("#")
            members = {name: f"{at}/properties/{escape(name)}" for name in schema.get("properties", {})}
            self._places[place] = _Described(at, schema, f"{at}/items" if "items" in schema else "", members)
        return self._places[place]

    def _validator(self, place: str) -> jsonschema_rs.Draft202012Validator:
        if place not in self._compiled:
            schema = {
                "$ref": "#" + quote(place, safe="/~"),
                "paths": self._document["paths"],
                "components": self._document["components"],
            }
            self._compiled[place] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return self._compiled[place]


def place_of(operation: Operation) -> str:
    """The pointer to what a document says of an operation."""
    return pointer(("paths", operation.path, operation.method.lower()))


def place_of_success(operation: Operation) -> str:
    """The pointer to the schema of an operation's 2xx answer in JSON."""
    return place_of(operation) + pointer(("responses", operation.success.status, "content", _JSON, "schema"))


def _mismatch(error: jsonschema_rs.ValidationError) -> Mismatch:
    keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
    names: tuple[str, ...] = ()
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        names, keyword = (str(kind.property),), "required"
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        names = tuple(map(str, kind.unexpected))
    return Mismatch(
        pointer(error.schema_path),
        "".join(f"/{step}" for step in error.instance_path),
        f"the value does not fit its {keyword}",
        error.instance,
        names,
        keyword,
    )


@cache
def _link(template: str) -> re.Pattern[str]:
    """What the path of a link is like: 32 digits where the template says `:hex`, else digits with hyphens."""
    start, _, rest = template.partition("{")
    written, _, end = rest.partition("}")
    digits = "[0-9a-f]{32}" if written.endswith(":hex") else _HYPHENATED
    return re.compile(f"{re.escape(start)}{digits}{re.escape(end)}$")
