"""Finds out which revision a target speaks: by the version that it tells, or by fields that tell revisions apart."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from waldur_billing_mock.contracts.description import FOLDER, REVISIONS, Description
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, parse
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import BASE, describe_all

_VERSION: Final = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,4}")
_NUMBERED: Final = tuple(name for name in REVISIONS if re.fullmatch(r"\d+(?:\.\d+)*", name))
_LONGEST: Final = 60
_SCHEMAS: Final = ("Invoice", "InvoiceItem", "InvoiceItemDetail", "InvoiceCost")
"""The schemas whose fields tell revisions apart."""
_SENT_EARLY: Final = {"InvoiceCost": frozenset({"compensation", "incurred"})}
"""Fields that servers sent before they were described: where they are shown, they tell nothing."""
_COSTS: Final = "/api/invoice-items/costs/"
_PROJECTS: Final = 3
"""How many projects are asked for their costs: only the current month shows what newer releases added."""
Agrees = Callable[[str], bool]
"""Whether a revision, by its name, does what the server did."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The name of a revision, and how it was found, in words; `reported` is the version that the server reports.

    `outdated` says that the server is older or newer than every described revision.
    """

    name: str
    how: str
    reported: str = ""
    outdated: str = ""


def find_revision(target: Target) -> Revision:
    """The revision of a target. Raises `CannotAsk` where it does not answer."""
    reported = _reported(target)
    if reported in REVISIONS:
        return Revision(reported, f"/api/version/ reports {reported}", reported)
    match = _VERSION.match(reported)
    if match is None:
        return _by_fields(target, reported)
    number = _parts(match[0])
    not_later = [name for name in _NUMBERED if _parts(name) <= number]
    name = max(not_later, key=_parts) if not_later else min(_NUMBERED, key=_parts)
    newest = max(_NUMBERED, key=_parts)
    outdated = "" if not_later else f"older than {name}"
    if number[:2] > _parts(newest):  # of a later minor release
        outdated = f"newer than {newest}"
    return Revision(name, f"/api/version/ reports {reported}", reported, outdated)


def place_in_history(revision: Revision, lacking: Sequence[str], operations: int) -> str:
    """How a server relates to the described revisions, where it is older or newer than all; else blank."""
    if lacking:
        oldest = min(_NUMBERED, key=_parts)
        age = f"older than {oldest}; " if revision.name == oldest else ""
        return f"lacks {len(lacking)} of {operations} operations: {age}judged by {revision.name}, the nearest revision"
    return f"{revision.outdated}; judged by {revision.name}" if revision.outdated else ""


def _reported(target: Target) -> str:
    """The version that the server tells, shortened; blank where it tells none."""
    answer = target.guard.send(Request("GET", "/api/version/"), target.main)
    try:
        found = parse(answer.body) if answer.status == 200 else {}
    except Malformed:
        return ""
    version = found.get("version") if isinstance(found, dict) else None
    return str(version)[:_LONGEST] if version else ""


def _by_fields(target: Target, reported: str) -> Revision:
    """The revision whose described fields are nearest to those that the server shows, and that tells most of them."""
    shown = _shown(target)
    if not shown:
        return Revision(BASE, "the server shows nothing that tells revisions apart", reported)
    documents = describe_all(FOLDER)
    distances = {name: _distance(document, shown) for name, document in documents.items()}
    least = min(distances.values())
    nearest = [name for name in dict.fromkeys((*_ordered(), *REVISIONS)) if distances[name] == least]
    for tell in (_by_state, _by_consumptions):
        if len(nearest) > 1 and (agrees := tell(target, documents)) is not None:
            nearest = [name for name in nearest if agrees(name)] or nearest
    version = f"; /api/version/ reports {reported}" if reported else ""
    return Revision(nearest[-1], f"by the fields that it shows: {_span(nearest)}{version}", reported)


def _ordered() -> list[str]:
    return sorted(_NUMBERED, key=_parts)


def _span(names: Sequence[str]) -> str:
    """One name, or those between which the server is; the documents, which have no number, come last."""
    if len(names) == 1:
        return names[0]
    known = _ordered()
    first = known.index(names[0])
    if known[first : first + len(names)] == list(names):
        return f"between {names[0]} and {names[-1]}"
    return f"one of {', '.join(names)}"


def _distance(document: Node, shown: Mapping[str, frozenset[str]]) -> int:
    """How many fields a document describes that are not shown, or the other way round."""
    described = _fields(document)
    return sum(
        len((fields ^ described.get(schema, frozenset())) - (fields & _SENT_EARLY.get(schema, frozenset())))
        for schema, fields in shown.items()
    )


def _by_state(target: Target, documents: Mapping[str, Node]) -> Agrees:
    """Whether a revision takes the state `pending_finalization` as the server does."""
    request = Request("GET", "/api/invoices/?state=pending_finalization&page_size=1")
    taken = target.guard.send(request, target.main).status == 200

    def agrees(name: str) -> bool:
        description = Description(documents[name], name, "documented")
        operation = description.operations["invoices_list"]
        return taken == ("pending_finalization" in description.choices(operation.query["state"]))

    return agrees


def _by_consumptions(target: Target, documents: Mapping[str, Node]) -> Agrees | None:
    """Whether a revision describes a list of consumptions, as the server sends one, or not; None where it fails."""
    items = _rows(target, "/api/invoice-items/?page_size=1")
    if not items or not isinstance(items[0].get("uuid"), str):
        return None
    answer = target.guard.send(Request("GET", f"/api/invoice-items/{items[0]['uuid']}/consumptions/"), target.main)
    if answer.status != 200:
        return None
    is_list = answer.body.lstrip().startswith(b"[")
    path = "/api/invoice-items/{uuid}/consumptions/"
    return lambda name: is_list == documents[name]["paths"][path]["get"]["operationId"].endswith("_list")


def _shown(target: Target) -> Mapping[str, frozenset[str]]:
    """The fields of objects that the server shows, by schema."""
    invoices = _rows(target, "/api/invoices/?page_size=3")
    lines = [line for row in invoices if isinstance(row.get("items"), list) for line in row["items"]]
    lines = [line for line in lines if isinstance(line, dict)]
    projects = dict.fromkeys(str(line["project_uuid"]) for line in lines if line.get("project_uuid"))
    found = {
        "Invoice": invoices,
        "InvoiceItem": lines,
        "InvoiceItemDetail": _rows(target, "/api/invoice-items/?page_size=3"),
        "InvoiceCost": [
            row for uuid in list(projects)[:_PROJECTS] for row in _rows(target, f"{_COSTS}?project_uuid={uuid}")
        ],
    }
    return {schema: frozenset(name for row in rows for name in row) for schema, rows in found.items() if rows}


def _rows(target: Target, path: str) -> list[dict[str, Any]]:
    """The objects of a list; none where it cannot be read."""
    try:
        rows = parse(target.guard.send(Request("GET", path), target.main).body)
    except Malformed:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _fields(document: Node) -> Mapping[str, frozenset[str]]:
    schemas = document["components"]["schemas"]
    return {name: frozenset(schemas[name].get("properties", {})) for name in _SCHEMAS if name in schemas}


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
