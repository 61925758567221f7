"""What two bundled documents promise differently, in lines to be read.

Only promises count: operations, parameters, bodies, responses, headers and the fields of schemas with their
types, formats, enums and limits. Descriptions, notes, examples and links do not.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeAlias

from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import METHODS

Facet: TypeAlias = str | tuple[str, ...]
"""A value in words; a tuple where single members may come and go."""

Place: TypeAlias = tuple[str, ...]
"""The steps from an operation or a schema to a spot in it; joined they read as words."""

Fact: TypeAlias = tuple[Place, dict[str, Facet]]

Facts: TypeAlias = Mapping[Place, Mapping[str, Facet]]
"""All that one operation or schema promises: a parent comes before what lies below it."""

Swap: TypeAlias = Literal["loses required fields", "loses fields", "keeps all fields"]
"""What an object that takes another's place does to who reads it."""

_KIND: Final = "whole"
_LIMITS = (
    "default",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "additionalProperties",
)
_PARAMETER_FACETS = ("required", "allowEmptyValue", "style", "explode")
_TYPE = {"type", "format", "description"}
_SCHEMA: Final = "Schema "
_SCHEMAS: Final = "#/components/schemas/"
_SECURITY: Final = "Security"
_PROSE = ("x-waldur-note", "x-waldur-source")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of a facet, or of the whole place where `facet` is empty.

    `subject` is an operation or a schema, and `operations` are those that it concerns. Where a place came or went,
    `old` or `new` is its type, and `required` says whether it was or is among the required fields.
    """

    subject: str
    place: Place
    facet: str
    old: Facet | None
    new: Facet | None
    required: bool
    operations: tuple[str, ...]
    directions: frozenset[str]
    swap: Swap | None = None

    @property
    def text(self) -> str:
        """The difference as a sentence."""
        words = self.subject + "".join(self.place)
        if self.facet:
            return f"{words}: {_change(self.facet, self.old, self.new)}."
        verb = "added" if self.old is None else "removed"
        kind = f" ({_words(self.new if self.old is None else self.old)})" if self.place else ""
        return f"{words} is {verb}{kind}."


def differences(a: Node, b: Node) -> list[Difference]:
    """Everything that `b` promises and `a` does not, or the other way round.

    Operations come first, then schemas, each in the order of `a`, followed by those that only `b` has.
    """
    old, new = _facts(a), _facts(b)
    uses = {**_uses(b), **_uses(a)}
    found: list[Difference] = []
    for subject in [*old, *(subject for subject in new if subject not in old)]:
        operations, directions = uses.get(subject, ((subject,), frozenset()))
        make = partial(Difference, subject, operations=operations, directions=directions)
        if subject not in new:
            found.append(make((), "", _KIND, None, False))
        elif subject not in old:
            found.append(make((), "", None, _KIND, False))
        else:
            found.extend(_compared(old[subject], new[subject], make, partial(_swap, a, b)))
    return found


def _compared(
    old: Facts, new: Facts, make: Callable[..., Difference], swap: Callable[[Facet | None, Facet | None], Swap | None]
) -> Iterator[Difference]:
    for place in [*old, *(place for place in new if place not in old)]:
        if place in old and place in new:
            for name in dict.fromkeys([*old[place], *new[place]]):
                one, other = old[place].get(name), new[place].get(name)
                if one != other:
                    swapped = swap(one, other) if name == "type" else None
                    yield make(place, name, one, other, False, swap=swapped)
        elif place[:-1] in old and place[:-1] in new:
            # What lies below something that came or went is in the line of its parent.
            gone = place in old
            facts = old if gone else new
            kind = facts[place]["type"]
            yield make(place, "", kind if gone else None, None if gone else kind, _is_required(facts, place))


def _is_required(facts: Facts, place: Place) -> bool:
    """Whether a field is among the required ones of its object, or a parameter is required itself."""
    listed = facts[place[:-1]].get("required", ())
    return place[-1].lstrip(". ") in listed or facts[place].get("required") == "true"


def _change(name: str, old: Facet | None, new: Facet | None) -> str:
    """The change of one facet in words."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        lost = [member for member in old if member not in new]
        gained = [member for member in new if member not in old]
        words = [f"gains {', '.join(gained)}"] * bool(gained) + [f"loses {', '.join(lost)}"] * bool(lost)
        return f"{name} {' and '.join(words)}" if words else f"{name} is in another order"
    if old is None:
        return f"{name} is {_words(new)}, was not stated"
    if new is None:
        return f"{name} is not stated any more, was {_words(old)}"
    return f"{name} is {_words(new)} instead of {_words(old)}"


def _words(facet: Facet | None) -> str:
    return ", ".join(facet) if isinstance(facet, tuple) else str(facet)


def _facts(document: Node) -> dict[str, Facts]:
    facts: dict[str, Facts] = {}
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            facts[f"{method.upper()} {path}"] = dict(_operation(document, item, item[method]))
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        facts[f"{_SCHEMA}{name}"] = dict(_fields((), schema, "."))
    if "security" in document:
        facts[_SECURITY] = {(): {"schemes": tuple(_schemes(document))}}
    return facts


def _schemes(document: Node) -> Iterator[str]:
    """The alternative ways to authenticate: name and kind of each."""
    declared = document["components"]["securitySchemes"]
    for alternative in document["security"]:
        for name in alternative:
            kind = (declared[name].get(key) for key in ("type", "scheme", "in", "name"))
            yield f"{name} ({' '.join(filter(None, kind))})"


def _uses(document: Node) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """For each schema, the operations that it concerns, and whether requests or responses hold it."""
    found: dict[str, tuple[list[str], set[str]]] = {}
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            node = item[method]
            for direction, part in (("request", [node.get("requestBody", {})]), ("response", [node["responses"]])):
                for name in _reached(document, part):
                    operations, directions = found.setdefault(f"{_SCHEMA}{name}", ([], set()))
                    operations.append(f"{method.upper()} {path}")
                    directions.add(direction)
    return {
        subject: (tuple(dict.fromkeys(operations)), frozenset(directions))
        for subject, (operations, directions) in found.items()
    }


def _reached(document: Node, nodes: list[object]) -> Iterator[str]:
    """The names of the schemas that the nodes refer to, directly or not."""
    seen: set[str] = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                nodes.append(resolve(document, node))
                if reference.startswith(_SCHEMAS):
                    yield reference.removeprefix(_SCHEMAS)
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)


def _swap(a: Node, b: Node, old: Facet | None, new: Facet | None) -> Swap | None:
    """What it means that one named schema takes another's place; None where one of them is no schema of objects."""
    one, other = (
        document.get("components", {}).get("schemas", {}).get(name, {}) for document, name in ((a, old), (b, new))
    )
    if "properties" not in one or "properties" not in other:
        return None
    lost = [name for name in one["properties"] if name not in other["properties"]]
    if any(name in one.get("required", ()) for name in lost):
        return "loses required fields"
    return "loses fields" if lost else "keeps all fields"


def _operation(document: Node, item: Node, node: Node) -> Iterator[Fact]:
    yield (), {"operationId": node["operationId"], **_extensions(node)}
    for reference in (*item.get("parameters", []), *node.get("parameters", [])):
        parameter = resolve(document, reference)
        facets = {name: _text(parameter[name]) for name in _PARAMETER_FACETS if name in parameter}
        place = f", {parameter['in']} parameter {parameter['name']}"
        yield from _described((place,), parameter["schema"], {**facets, **_extensions(parameter)})
    if "requestBody" in node:
        body = resolve(document, node["requestBody"])
        yield (
            (", body",),
            {"type": ", ".join(body["content"]), "required": _text(body.get("required", False))},
        )
        for media, content in body["content"].items():
            yield from _described((", body", f" {media}"), content["schema"], {})
    for status, reference in node["responses"].items():
        yield from _response(document, (f", response {status}",), resolve(document, reference))


def _response(document: Node, place: Place, response: Node) -> Iterator[Fact]:
    content = list(response.get("content", {}).values())
    if content:
        yield from _described(place, content[0]["schema"], {})
    else:
        yield place, {"type": "no body"}
    for name, reference in response.get("headers", {}).items():
        yield from _described((*place, f", header {name}"), resolve(document, reference)["schema"], {})


def _described(place: Place, schema: Node, facets: Mapping[str, Facet]) -> Iterator[Fact]:
    """The schema's fields; the first place, which the schema as a whole describes, has `facets` as well."""
    (first, own), *below = _fields(place, schema, " ")
    yield first, {**own, **facets}
    yield from below


def _fields(place: Place, schema: Node, joint: str) -> Iterator[Fact]:
    """The schema itself, then all that is written into it; what it refers to is a subject of its own."""
    facets: dict[str, Facet] = {"type": _type(schema)}
    if "enum" in schema:
        facets["enum"] = tuple(_text(value) for value in schema["enum"])
    facets.update({limit: _text(schema[limit]) for limit in _LIMITS if limit in schema})
    if "required" in schema:
        facets["required"] = tuple(schema["required"])
    yield place, {**facets, **_extensions(schema)}
    for name, field in schema.get("properties", {}).items():
        yield from _fields((*place, f"{joint}{name}"), field, ".")
    if "items" in schema and _inline(schema["items"]):
        yield from _fields((*place, "[]"), schema["items"], ".")
    for number, choice in enumerate(_choices(schema), 1):
        if _inline(choice) and not choice.keys() <= _TYPE:
            yield from _fields((*place, f" (choice {number})"), choice, ".")


def _choices(schema: Node) -> list[Node]:
    found: list[Node] = schema.get("anyOf") or schema.get("oneOf") or []
    return found


def _inline(schema: Node) -> bool:
    return bool(schema) and "$ref" not in schema


def _type(schema: Node) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if choices := _choices(schema):
        return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    kinds = schema.get("type", "any")
    name = kinds if isinstance(kinds, str) else " or ".join(kinds)
    if "items" in schema:
        name = f"{name} of {_type(schema['items'])}"
    return f"{name} ({schema['format']})" if "format" in schema else name


def _extensions(node: Node) -> dict[str, Facet]:
    return {key: _text(value) for key, value in node.items() if key.startswith("x-") and key not in _PROSE}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
