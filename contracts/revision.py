"""Finds out which revision a target speaks: by the version that it tells, or by fields that tell revisions apart."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from waldur_billing_mock.contracts.description import FOLDER, REVISIONS, Description
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, parse
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import BASE, describe_all

_VERSION: Final = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,4}")
_NUMBERED: Final = tuple(name for name in REVISIONS if re.fullmatch(r"\d+(?:\.\d+)*", name))
_LONGEST: Final = 60
_LISTS: Final = {
    "Invoice": "/api/invoices/?page_size=3",
    "InvoiceItem": "/api/invoices/?page_size=3",
    "InvoiceItemDetail": "/api/invoice-items/?page_size=3",
}
"""Where objects of a schema are shown."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The name of a revision, and how it was found, in words; `told` is the version that the server tells.

    `outdated` says that the server is older or newer than every described revision.
    """

    name: str
    how: str
    told: str = ""
    outdated: str = ""


def find_revision(target: Target) -> Revision:
    """The revision of a target. Raises `CannotAsk` where it does not answer."""
    told = _told(target)
    if told in REVISIONS:
        return Revision(told, f"/api/version/ tells {told}", told)
    match = _VERSION.match(told)
    if match is None:
        return _by_fields(target, told)
    number = _parts(match[0])
    not_later = [name for name in _NUMBERED if _parts(name) <= number]
    name = max(not_later, key=_parts) if not_later else min(_NUMBERED, key=_parts)
    newest = max(_NUMBERED, key=_parts)
    outdated = "" if not_later else f"older than {name}"
    if number[:2] > _parts(newest)[:2]:
        outdated = f"newer than {newest}"
    return Revision(name, f"/api/version/ tells {told}", told, outdated)


def place_in_history(revision: Revision, lacking: Sequence[str], operations: int) -> str:
    """How a server relates to the described revisions, where it is older or newer than all; else blank."""
    if lacking:
        oldest = min(_NUMBERED, key=_parts)
        age = f"older than {oldest}; " if revision.name == oldest else ""
        return f"lacks {len(lacking)} of {operations} operations: {age}judged by {revision.name}, the nearest revision"
    return f"{revision.outdated}; judged by {revision.name}" if revision.outdated else ""


def _told(target: Target) -> str:
    """The version that the server tells, shortened; blank where it tells none."""
    answer = target.guard.send(Request("GET", "/api/version/"), target.main)
    try:
        found = parse(answer.body) if answer.status == 200 else {}
    except Malformed:
        return ""
    version = found.get("version") if isinstance(found, dict) else None
    return str(version)[:_LONGEST] if version else ""


def _by_fields(target: Target, told: str) -> Revision:
    """The revision whose described fields are nearest to those that the server shows, and that tells most of them."""
    shown = _shown(target)
    if not shown:
        return Revision(BASE, "the server shows nothing that tells revisions apart", told)
    documents = describe_all(FOLDER, tolerant=True)
    described = {name: _fields(document) for name, document in documents.items()}
    distances = {
        name: sum(len(fields ^ described[name].get(schema, frozenset())) for schema, fields in shown.items())
        for name in described
    }
    least = min(distances.values())
    nearest = [name for name in (*sorted(_NUMBERED, key=_parts), *REVISIONS) if distances[name] == least]
    nearest = list(dict.fromkeys(nearest))
    if len(nearest) > 1:
        takes_state = _by_state(target, documents)
        nearest = [name for name in nearest if takes_state(name)] or nearest
    span = nearest[-1] if len(nearest) == 1 else f"one of {', '.join(nearest)}"
    version = f"; /api/version/ tells {told}" if told else ""
    return Revision(nearest[-1], f"by the fields that it shows: {span}{version}", told)


def _by_state(target: Target, documents: Mapping[str, Node]) -> Callable[[str], bool]:
    """Whether a revision takes the state `pending_finalization` as the server does."""
    request = Request("GET", "/api/invoices/?state=pending_finalization&page_size=1")
    taken = target.guard.send(request, target.main).status == 200

    def agrees(name: str) -> bool:
        description = Description(documents[name], name, "documented")
        operation = description.operations["invoices_list"]
        return taken == ("pending_finalization" in description.choices(operation.query["state"]))

    return agrees


def _shown(target: Target) -> Mapping[str, frozenset[str]]:
    """The fields of objects that the server shows, by schema."""
    found: dict[str, set[str]] = {}
    for schema, path in _LISTS.items():
        try:
            rows = parse(target.guard.send(Request("GET", path), target.main).body)
        except Malformed:
            continue
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if schema == "InvoiceItem":
            lists = [row.get("items") for row in rows]
            rows = [line for one in lists if isinstance(one, list) for line in one if isinstance(line, dict)]
        if rows:
            found[schema] = {name for row in rows for name in row}
    return {schema: frozenset(names) for schema, names in found.items()}


def _fields(document: Node) -> Mapping[str, frozenset[str]]:
    schemas = document["components"]["schemas"]
    return {name: frozenset(schemas[name].get("properties", {})) for name in _LISTS if name in schemas}


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
