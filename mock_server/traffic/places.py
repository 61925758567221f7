"""Where the description speaks of a spot in an answer."""

from typing import Any

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.openapi.operation import Operation


def place_in(description: Description, operation: Operation, where: str) -> str:
    """The pointer to what describes a spot in the answer of an operation: `[].items[].price` leads to the property.

    The nearest place around it where nothing describes the spot itself.
    """
    place = description.place(operation)
    if not where or where.startswith("header "):
        return place
    status = operation.success.status
    content = f"{place}/responses/{status}/content/application~1json/schema"
    found = _resolved(description, content)
    if found is None:
        return place
    for step in where.replace("[]", ".[]").split("."):
        if not step:
            continue
        below = _below(description, found, step)
        if below is None:
            return found
        found = below
    return found


def _below(description: Description, pointer: str, step: str) -> str | None:
    schema = _at(description.document, pointer)
    if step == "[]":
        return _resolved(description, f"{pointer}/items")
    if step in schema.get("properties", {}):
        return _resolved(description, f"{pointer}/properties/{_escape(step)}", into=False)
    return None


def _resolved(description: Description, pointer: str, *, into: bool = True) -> str | None:
    """The pointer with references followed; that of a property itself stays where it has words of its own."""
    node = _at(description.document, pointer)
    if not isinstance(node, dict):
        return None
    reference = node.get("$ref")
    if isinstance(reference, str):
        return _resolved(description, reference.removeprefix("#"), into=into)
    return pointer


def _at(document: Any, pointer: str) -> Any:
    node = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            node = node[int(key)] if key.isdecimal() and int(key) < len(node) else None
        else:
            node = node.get(key) if isinstance(node, dict) else None
    return node


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
