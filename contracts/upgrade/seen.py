"""What answers show: how many objects of each schema, with which fields, and what was asked for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import operations

_SCHEMAS: Final = "#/components/schemas/"


class Answered(NamedTuple):
    """A request that was answered. `value` is the JSON value of the answer, None where there was none."""

    method: str
    target: str
    status: int
    value: Any


@dataclass
class Seen:
    """Numbers of objects by schema, of their fields that are not null, of requests by operation, and of parameters.

    Operations are named as `GET /api/invoices/`, and fields and parameters by their owner and their name. Requests and
    parameters are those `of_a_client`, or were made to see the answers.
    """

    of_a_client: bool
    objects: Counter[str] = field(default_factory=Counter)
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    parameters: Counter[tuple[str, str]] = field(default_factory=Counter)


def seen_in(document: Node, answered: Iterable[Answered], *, of_a_client: bool) -> Seen:
    """What the answers show, by the description of the release that gave them. Requests to other paths do not count."""
    routes = Routes(operations(document))
    seen = Seen(of_a_client)
    for one in answered:
        parts = urlsplit(one.target)
        operation = routes.find(one.method, parts.path)
        if operation is None:
            continue
        label = f"{operation.method} {operation.path}"
        seen.requests[label] += 1
        for name in {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
            seen.parameters[label, name] += 1
        if one.status == operation.success.status and operation.success.schema is not None and one.value is not None:
            _count(document, operation.success.schema, one.value, seen)
    return seen


def _count(document: Node, schema: Mapping[str, Any], value: Any, seen: Seen) -> None:
    """Counts the objects within a value, each by the named schema that describes it."""
    reference = str(schema.get("$ref", ""))
    name = reference.removeprefix(_SCHEMAS) if reference.startswith(_SCHEMAS) else ""
    if name:
        schema = document["components"]["schemas"][name]
        if isinstance(value, dict):
            seen.objects[name] += 1
            seen.fields.update((name, key) for key, member in value.items() if member is not None)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        _count(document, choice, value, seen)
    if isinstance(value, list) and "items" in schema:
        for member in value:
            _count(document, schema["items"], member, seen)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key in schema.get("properties", {}):
                _count(document, schema["properties"][key], member, seen)
