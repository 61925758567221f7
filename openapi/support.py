"""The neighbours of the billing operations: a description of its own, and how a server joins the two.

The page `support.yaml` describes operations that clients of the billing API call as well: where links of its answers
lead, and what a front end asks for. They are not part of what the billing documents promise, so no revision contains
them. One overlay holds what real servers send instead, another what they take besides.
"""

from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.openapi.document import Node, bundle
from waldur_billing_mock.openapi.overlay import apply, load

TAG: Final = "support"
_OWN: Final = "support."


def describe_support(folder: Path, *, wire: bool = False, tolerant: bool = False) -> Node:
    """The neighbours as one document, in the wire dialect where asked; with `tolerant` also what servers take besides.

    Raises `OverlayError`, `DocumentError`.
    """
    document = bundle(folder, f"{TAG}.yaml")
    for name in ["tolerant"] * tolerant + ["wire"] * wire:
        document = apply(document, load(folder / "overlays" / TAG / f"{name}.yaml"))
    return document


def join(document: Node, support: Node) -> Node:
    """One document with the operations of both. Components of the neighbours get names of their own."""
    components = {kind: dict(members) for kind, members in document["components"].items()}
    for kind, members in support["components"].items():
        if kind != "securitySchemes":
            own = {f"{_OWN}{name}": _renamed(member) for name, member in members.items()}
            components.setdefault(kind, {}).update(own)
    return {**document, "paths": {**document["paths"], **_renamed(support["paths"])}, "components": components}


def _renamed(node: Any) -> Any:
    match node:
        case {"$ref": str(reference), **others}:
            kind, _, name = reference.removeprefix("#/components/").partition("/")
            return {"$ref": f"#/components/{kind}/{_OWN}{name}", **_renamed(others)}
        case dict():
            return {key: _renamed(value) for key, value in node.items()}
        case list():
            return [_renamed(value) for value in node]
    return node
