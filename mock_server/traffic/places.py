"""Where the description speaks of a spot in an answer."""

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.openapi.operation import Operation
from waldur_billing_mock.openapi.pointer import escape, find
from waldur_billing_mock.openapi.validation import place_of_success


def place_in(description: Description, operation: Operation, where: str) -> str:
    """The pointer to what describes a spot in the answer of an operation: `[].items[].price` leads to the property.

    The nearest place around it where nothing describes the spot itself.
    """
    place = description.place(operation)
    if not where or where.startswith("header "):
        return place
    found = _resolved(description, place_of_success(operation))
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
    schema = find(description.document, pointer)
    if step == "[]":
        return _resolved(description, f"{pointer}/items")
    if step in schema.get("properties", {}):
        return _resolved(description, f"{pointer}/properties/{escape(step)}", into=False)
    return None


def _resolved(description: Description, pointer: str, *, into: bool = True) -> str | None:
    """The pointer with references followed; that of a property itself stays where it has words of its own."""
    node = find(description.document, pointer)
    if not isinstance(node, dict):
        return None
    reference = node.get("$ref")
    if isinstance(reference, str):
        return _resolved(description, reference.removeprefix("#"), into=into)
    return pointer
