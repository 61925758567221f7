"""Validates scenarios by their schema, and says of each fault what was found and how to mend it."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from waldur_billing_mock.fixtures import Problem
from waldur_billing_mock.fixtures.scenarios import FOLDER
from waldur_billing_mock.mock_server.world_values import shown
from waldur_billing_mock.openapi.document import Node, read_yaml


@cache
def schema() -> Node:
    """The JSON Schema of scenario files. It is shared, and not to be changed."""
    content: Node = read_yaml(FOLDER / "schema.yaml")
    return content


def problems(content: Any, definition: str | None = None) -> list[Problem]:
    """Where a value does not fit the schema of scenarios, or one of its definitions; all faults, in order."""
    document = _document(definition)
    try:
        errors = list(_validator(definition).iter_errors(content))
    except ValueError as error:
        # The validator, which is written in Rust, takes neither very deep values nor halves of surrogate pairs.
        return [Problem((), f"this cannot be checked: {error}; write it as text that a person can read.")]
    found = dict.fromkeys(one for error in errors for one in _problems_of(document, error))
    return sorted(found, key=lambda problem: [str(step).rjust(9, "0") for step in problem.path])


@cache
def _document(definition: str | None) -> Node:
    if definition is None:
        return schema()
    return {**schema()["$defs"][definition], "$defs": schema()["$defs"]}


@cache
def _validator(definition: str | None) -> Any:
    import jsonschema_rs  # loaded with the first scenario that is not built in

    return jsonschema_rs.validator_for(_document(definition), validate_formats=True)


def _problems_of(document: Node, error: Any) -> Iterator[Problem]:
    """What a violation comes down to; of alternatives, the violations of the one that was meant."""
    kind, path, node = error.kind.as_dict(), tuple(error.instance_path), _node(document, error)
    match error.kind.name:
        case "anyOf" if all(one.kind.name == "required" for branch in kind["context"] for one in branch):
            names = [branch[0].kind.as_dict()["property"] for branch in kind["context"]]
            yield Problem(path, f"one of the fields {', '.join(names)} is missing; add it.")
        case "anyOf" if isinstance(error.instance, dict | list):
            for one in min(kind["context"], key=lambda branch: _distance(branch, path)):
                yield from _problems_of(document, one)
        case "required":
            yield Problem(path, f"the field {kind['property']} is missing; add it.")
        case "additionalProperties":
            for name in kind["unexpected"]:
                yield Problem((*path, name), _unknown(name, list(node.get("properties", ()))))
        case "enum":
            yield Problem(path, f"found {shown(error.instance)}; use one of {', '.join(map(str, node['enum']))}.")
        case _:
            found = f"found {shown(error.instance)}" if path else "this is no scenario"
            said = node.get("description", "").partition(". ")[0].rstrip(".")
            yield Problem(path, f"{found}; expected: {said}." if said else f"{found}; expected: {_plain(error)}")


def _distance(branch: Sequence[Any], path: tuple[str | int, ...]) -> tuple[int, int, int]:
    """An alternative of another type is the farthest; the nearest knows all of the fields that are there."""
    here = [error.kind.name for error in branch if tuple(error.instance_path) == path]
    other_type = 2 if "type" in here else int("anyOf" in here)
    unexpected = sum(
        len(error.kind.as_dict()["unexpected"]) for error in branch if error.kind.name == "additionalProperties"
    )
    return other_type, unexpected, len(branch)


def _plain(error: Any) -> str:
    """What is expected of a value of which the schema says nothing in words."""
    kind = error.kind.as_dict()
    match error.kind.name:
        case "type":
            types = kind.get("types") or [kind.get("type")]
            return f"{' or '.join(map(str, types))}."
        case "maxLength" | "minLength" | "maximum" | "minimum" | "minItems" | "pattern" as name:
            return f"{name} {kind.get('limit', kind.get('pattern'))}."
    return f"{error.message}."


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"this field is not known; {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(known) + '.'}"


def _node(document: Node, error: Any) -> Node:
    """The schema that a value violates, or the nearest above it that says what is expected."""
    node: Any = document
    found: Node = {}
    for step in list(error.schema_path)[:-1]:
        node = node[step]
        if isinstance(node, dict) and ("description" in node or "properties" in node or "enum" in node):
            found = node
    return node if isinstance(node, dict) and node else found
