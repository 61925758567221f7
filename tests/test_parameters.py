"""Every query parameter that is described has an effect, in every revision and dialect, or it says why it has none."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from tests.asgi import Api, Reply, application
from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.spec.validation import types
from waldur_billing_mock.openapi.operation import Operation, Parameter, operations
from waldur_billing_mock.openapi.revision import revisions

UNKNOWN: Final = "0" * 31 + "1"
TEXTS: Final = {
    "customer": [f"/api/customers/{UNKNOWN}/"],
    "page": ["2", "last"],
    "page_size": ["1"],
    "accounting_mode": ["accounting"],
    "accounting_is_running": ["false"],
    "conceal_compensation_items": ["true"],
    "field": ["uuid"],
    "timestamp": ["2099-01-01T00:00:00Z", "1999-01-01"],
    "created_after": ["2099-01-01T00:00:00Z"],
    "created_before": ["1999-01-01T00:00:00Z"],
}
"""What to send for parameters whose schema does not tell."""

WITHOUT_EFFECT: Final = {
    "HEAD * o": "An order changes no header.",
    "GET /api/invoices/{uuid}/stats/ o": "It orders invoices, as published, and there is one.",
    "HEAD /api/invoices/growth/ *": "What they change is in the body, which HEAD leaves out.",
    "HEAD */*_costs_for_period/ period": "What it changes is in the body, which HEAD leaves out.",
    "HEAD */*_costs_for_period/ resource_uuid": "What it changes is in the body, which HEAD leaves out.",
    "HEAD */total_price/ *": "What they change is in the body, which HEAD leaves out.",
    **{
        f"GET */history/ {name}": "Published with the filters of invoices, and there is one."
        for name in ("accounting_is_running", "created", "customer*", "*_date", "month", "o", "state", "year")
    },
    "GET */consumptions/ * (wire)": "In this dialect the operation fails, whatever it is sent.",
}
"""Patterns of parameters that change no answer, and why."""


def paths(api: Api, operation: Operation) -> Iterator[str]:
    """Addresses that the operation has, of a few objects where it needs one."""
    world = api.world
    if "{id}" in operation.path:
        yield from (operation.path.replace("{id}", str(item.id)) for item in list(world.invoice_items)[:3])
    elif "{uuid}" in operation.path:
        rows: Any = world.invoices if operation.path.startswith("/api/invoices/") else world.invoice_items
        credited = {item.uuid for item in world.invoice_items if item.credit_uuid}
        credited |= {item.invoice_uuid for item in world.invoice_items if item.credit_uuid}
        found = [row.uuid for row in rows]
        chosen = [*found[:2], *[uuid for uuid in found if uuid in credited][:3]]
        yield from (operation.path.replace("{uuid}", uuid) for uuid in chosen)
    else:
        yield operation.path


def objects(api: Api) -> dict[str, str]:
    """The uuids of a project that is billed and of its customer."""
    project = api.world.projects.one(next(item.project_uuid for item in api.world.invoice_items if item.project_uuid))
    return {"project_uuid": project.uuid, "customer_uuid": project.customer_uuid}


def values(api: Api, parameter: Parameter) -> list[str]:
    """Values that the parameter takes."""
    schema = parameter.schema
    choices = schema.get("items", schema)
    enum = next((part["enum"] for part in [choices, *choices.get("anyOf", [])] if "enum" in part), None)
    if parameter.name in TEXTS:
        return TEXTS[parameter.name]
    if enum is not None:
        return [str(value) for value in enum]
    if schema.get("format") == "date":
        return ["1999-01-01", "2099-01-01"]
    if {"integer", "number"} & {*types(schema)}:
        return ["0", "1", "1999"]
    return [UNKNOWN, *([objects(api)[parameter.name]] if parameter.required else [])]


def context(api: Api, operation: Operation, parameter: Parameter) -> dict[str, str]:
    """The other parameters that the operation requires."""
    required = {name for name, found in operation.query.items() if found.required} - {parameter.name}
    return {name: uuid for name, uuid in objects(api).items() if name in required}


def shown(reply: Reply) -> tuple[object, ...]:
    """What a client sees of an answer; of the links, how many pages they tell of."""
    pages = re.findall(r"[?&]page=(\d+)", reply.headers.get("link", ""))
    return reply.status, reply.text, reply.headers.get("x-result-count"), tuple(pages)


def has_effect(api: Api, operation: Operation, parameter: Parameter) -> bool:
    """Whether two values, or a value and none, are answered differently. That a value is refused is no effect."""
    query = context(api, operation, parameter)
    for path in paths(api, operation):
        sent = [query, *({**query, parameter.name: value} for value in values(api, parameter))]
        replies = [api.ask(operation.method, path, query=each) for each in sent]
        if len({shown(reply) for reply in replies if reply.status in (200, 404)}) > 1:
            return True
    return False


Key = tuple[object, ...]
TRIED: Final[dict[Key, bool]] = {}
"""What was found of a parameter. No handler asks for the revision, so that the same description has the same effect."""


def key(operation: Operation, parameter: Parameter, wire: bool) -> Key:
    return wire, operation.method, operation.operation_id, repr(sorted(operation.switches)), repr(parameter)


def without_effect(revision: str, wire: bool) -> Iterator[str]:
    """The parameters that change nothing, as `GET /path/ name`."""
    api = application("default", revision, wire)
    for operation in operations(description(revision, wire)):
        for parameter in operation.query.values():
            known = key(operation, parameter, wire)
            if known not in TRIED:
                TRIED[known] = has_effect(api, operation, parameter)
            if not TRIED[known]:
                yield f"{operation.method} {operation.path} {parameter.name}{' (wire)' * wire}"


def explanations(name: str) -> list[str]:
    """The patterns that explain why a parameter has no effect."""
    return [pattern for pattern in WITHOUT_EFFECT if fnmatchcase(name.removesuffix(" (wire)"), pattern)] + [
        pattern for pattern in WITHOUT_EFFECT if fnmatchcase(name, pattern)
    ]


@pytest.mark.slow
@pytest.mark.xdist_group("parameters")
@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
def test_every_query_parameter_changes_some_answer_or_says_why_not(wire: bool) -> None:
    found = {revision: list(without_effect(revision, wire)) for revision in revisions(DESCRIPTION)}

    assert [(name, revision) for revision in found for name in found[revision] if not explanations(name)] == []


@pytest.mark.slow
@pytest.mark.xdist_group("parameters")
def test_every_explanation_is_needed() -> None:
    names = {
        name for revision in revisions(DESCRIPTION) for wire in (False, True) for name in without_effect(revision, wire)
    }

    assert {*WITHOUT_EFFECT} == {pattern for name in names for pattern in explanations(name)}
