"""The changes between two releases with what each touches, as text, Markdown or JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from waldur_billing_mock.contracts.upgrade.seen import Seen
from waldur_billing_mock.openapi.difference import Difference, differences
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.severity import SEVERITIES, Severity, severity

Format = Literal["text", "markdown", "json"]
FORMATS: Final[tuple[Format, ...]] = ("text", "markdown", "json")
_SCHEMA: Final = "Schema "
_PARAMETER: Final = " parameter "
_SECURITY: Final = "Security"


@dataclass(frozen=True, slots=True)
class Change:
    """What changes, for which operations. `touches` is the number of objects or requests; None: it was not seen."""

    severity: Severity
    change: str
    operations: tuple[str, ...]
    touches: int | None
    touched: str


@dataclass(frozen=True, slots=True)
class Upgrade:
    """All changes from one release to another. `looked_at` says what they were compared with; blank: with nothing.

    `requests_seen` says whether that were the requests of a client.
    """

    old: str
    new: str
    looked_at: str
    requests_seen: bool
    changes: tuple[Change, ...]


def upgrade(old: tuple[str, Node], new: tuple[str, Node], looked_at: str, seen: Seen | None) -> Upgrade:
    """The changes between two releases, each a name and a document, the most serious first, then those that touch."""
    made = [_change(found, seen) for found in differences(old[1], new[1])]
    made.sort(key=lambda change: (SEVERITIES.index(change.severity), -(change.touches or 0)))
    return Upgrade(old[0], new[0], looked_at, seen is not None and seen.of_a_client, tuple(made))


def _change(found: Difference, seen: Seen | None) -> Change:
    number, what = _touched(found, seen) if seen is not None else (None, "")
    return Change(severity(found), found.text, found.operations, number, what)


def _touched(found: Difference, seen: Seen) -> tuple[int | None, str]:
    """How many objects that were seen, or requests of a client, a change is about. A server shows no such requests."""
    if found.subject.startswith(_SCHEMA):
        schema = found.subject.removeprefix(_SCHEMA)
        name = found.place[0].strip(".[] ") if found.place else ""
        if not name or found.old is None:
            return seen.objects[schema], f"objects of {schema}"
        return seen.fields[schema, name], f"objects of {schema} with a {name}"
    first = found.place[0] if found.place else ""
    if not seen.of_a_client:
        return None, ""
    if found.subject == _SECURITY:
        return seen.requests.total(), "requests"
    if _PARAMETER in first:
        name = first.partition(_PARAMETER)[2]
        return seen.parameters[found.subject, name], f"requests with the parameter {name}"
    return sum(seen.requests[one] for one in found.operations), "requests"


def render(made: Upgrade, form: Format) -> str:
    """The report; where nothing changes, it says so."""
    if form == "json":
        return json.dumps(asdict(made), indent=2) + "\n"
    lines = [*_head(made, form), ""]
    if form == "markdown" and made.changes:
        lines += ["| severity | change | touches | operations |", "|---|---|---|---|"]
    for change in made.changes:
        lines += _markdown(change) if form == "markdown" else _text(change)
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(made: Upgrade, form: Format) -> Sequence[str]:
    counts = Counter(change.severity for change in made.changes)
    summary = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES)
    title = f"From {made.old} to {made.new}: {summary if made.changes else 'nothing changes'}."
    touching = sum(bool(change.touches) for change in made.changes)
    looked = (
        f"Compared with {made.looked_at}: {touching} of {len(made.changes)} changes touch what was seen."
        if made.looked_at
        else "Compared with no data; name a server (--target) or a recording (--har) to see what the changes touch."
    )
    if made.looked_at and not made.requests_seen:
        looked += " What clients ask is not seen on a server: for changes of requests, see --har."
    return [f"# {title}", "", looked] if form == "markdown" else [title, looked]


def _told(change: Change) -> str:
    return "" if change.touches is None else f"{change.touches} {change.touched}"


def _text(change: Change) -> list[str]:
    lines = [f"{change.severity:8}  {change.change}"]
    lines += [f"          touches {_told(change)}"] if change.touches is not None else []
    return [*lines, f"          {', '.join(change.operations)}"]


def _markdown(change: Change) -> list[str]:
    cells = (change.severity, change.change, _told(change), ", ".join(change.operations))
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"]
