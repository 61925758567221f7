"""A description for people and for the tools that draw it: notes and permissions in the texts, links and examples."""

import re
from collections.abc import Iterator
from typing import Any, Final

from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import METHODS

_DOCUMENTATION: Final = "https://api-docs.waldur.com/latest/billing-and-finance/invoices-and-payments/"
_PERMISSIONS: Final = {
    "authenticated": "Any user with a token may ask.",
    "staff": "Only staff may do this.",
    "support": "Only staff and support may ask.",
}
_NOTE: Final = "x-waldur-note"


def present(document: Node) -> Node:
    """The document with what its extensions tell written where readers see it; the argument is not changed.

    Notes follow the descriptions, operations say who may call them and link to Waldur's own page, and properties have
    the values of the examples that they occur in.
    """
    presented: Node = _annotated(document)
    for item in presented["paths"].values():
        for operation in (item[method] for method in METHODS if method in item):
            _describe(operation)
            for schema, value in _examples(presented, operation):
                _exemplify(presented, schema, value)
    return presented


def _annotated(node: Any) -> Any:
    match node:
        case dict():
            copy = {key: _annotated(value) for key, value in node.items()}
            if isinstance(node.get(_NOTE), str):
                copy["description"] = _joined(node.get("description", ""), f"**Note.** {node[_NOTE]}")
            return copy
        case list():
            return [_annotated(value) for value in node]
    return node


def _describe(operation: Node) -> None:
    """Write down who may call the operation, and where Waldur documents it."""
    permission = _PERMISSIONS[operation["x-waldur-permission"]]
    operation["description"] = _joined(f"**Permission.** {permission}", operation.get("description", ""))
    source = operation["x-waldur-source"]
    anchor = re.sub(r"[^\w-]+", "-", source["heading"].lower())
    operation["externalDocs"] = {
        "description": f"{source['heading']}, in Waldur's documentation",
        "url": f"{_DOCUMENTATION}{operation['tags'][0]}/#{anchor}",
    }


def _joined(*paragraphs: str) -> str:
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph)


def _examples(document: Node, operation: Node) -> Iterator[tuple[Node, Any]]:
    """The schemas of bodies with the values that are given as examples of them."""
    parts = [operation.get("requestBody", {}), *operation["responses"].values()]
    for part in (resolve(document, part) for part in parts):
        for content in part.get("content", {}).values():
            for example in content.get("examples", {}).values():
                yield content["schema"], resolve(document, example)["value"]


def _exemplify(document: Node, node: Node, value: Any) -> None:
    """Give each property within the schema the value that it has in an example, unless it has one already."""
    schema = resolve(document, node)
    if isinstance(value, list):
        for row in value:
            _exemplify(document, schema.get("items", {}), row)
    elif isinstance(value, dict):
        for name, property_ in schema.get("properties", {}).items():
            if name in value:
                _exemplify(document, property_, value[name])
                if not isinstance(value[name], dict | list):
                    property_.setdefault("examples", [value[name]])
