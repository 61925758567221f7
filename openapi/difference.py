"""What two bundled documents promise differently, in lines to be read.

Only promises count: operations, parameters, bodies, responses, headers and the fields of schemas with their
types, formats, enums and limits. Descriptions, notes, examples and links do not.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import METHODS

Facet: TypeAlias = str | tuple[str, ...]
"""A value in words; a tuple where single members may come and go."""

Place: TypeAlias = tuple[str, ...]
"""The steps from an operation or a schema to a spot in it; joined they read as words."""

Fact: TypeAlias = tuple[Place, dict[str, Facet]]

Facts: TypeAlias = Mapping[Place, Mapping[str, Facet]]
"""All that one operation or schema promises: a parent comes before what lies below it."""

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
_PROSE = ("x-waldur-note", "x-waldur-source")


def differences(a: Node, b: Node) -> list[str]:
    """One line for everything that `b` promises and `a` does not, or the other way round.

    Operations come first, then schemas, each in the order of `a`, followed by those that only `b` has.
    """
    old, new = _subjects(a), _subjects(b)
    lines: list[str] = []
    for subject in [*old, *(subject for subject in new if subject not in old)]:
        if subject not in new:
            lines.append(f"{subject} is removed.")
        elif subject not in old:
            lines.append(f"{subject} is added.")
        else:
            lines.extend(f"{subject}{line}" for line in _compared(old[subject], new[subject]))
    return lines


def _compared(old: Facts, new: Facts) -> Iterator[str]:
    for place in [*old, *(place for place in new if place not in old)]:
        words = "".join(place)
        if place in old and place in new:
            facets = [*old[place], *(name for name in new[place] if name not in old[place])]
            changes = [_change(name, old[place].get(name), new[place].get(name)) for name in facets]
            yield from (f"{words}: {change}." for change in changes if change)
        elif place[:-1] in old and place[:-1] in new:
            # What lies below something that came or went is told by the line of its parent.
            verb, facts = ("is removed", old) if place in old else ("is added", new)
            yield f"{words} {verb} ({_words(facts[place]['type'])})."


def _change(name: str, old: Facet | None, new: Facet | None) -> str:
    """The change of one facet in words; empty if there is none."""
    if old == new:
        return ""
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


def _subjects(document: Node) -> dict[str, Facts]:
    subjects: dict[str, Facts] = {}
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            subjects[f"{method.upper()} {path}"] = dict(_operation(document, item, item[method]))
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        subjects[f"Schema {name}"] = dict(_fields((), schema, "."))
    return subjects


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
