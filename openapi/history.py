"""Reports of differences: between two revisions, and of all releases, as text, Markdown or JSON."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from waldur_billing_mock.openapi.difference import differences
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.revision import choose, describe, describe_all, revisions
from waldur_billing_mock.openapi.severity import SEVERITIES, Severity, severity

Format: TypeAlias = Literal["text", "markdown", "json"]
FORMATS: Final[tuple[Format, ...]] = ("text", "markdown", "json")


class Row(NamedTuple):
    """A change: the release that made it or the second of two revisions, and the operations that it concerns."""

    release: str
    severity: Severity
    change: str
    operations: tuple[str, ...]


def compare(folder: Path, one: str, other: str, *, wire: bool = False) -> list[Row]:
    """What changes from one revision to another, the most serious first. Raises `OverlayError`, `DocumentError`."""
    release = choose(folder, other).revision
    return changes(release, *(describe(folder, revision, wire=wire) for revision in (one, other)))


def history(folder: Path, *, wire: bool = False) -> list[Row]:
    """What each release changed, the oldest first. Raises `OverlayError`, `DocumentError`."""
    _, *releases = revisions(folder)
    documents = describe_all(folder, wire=wire)
    return [row for one, other in pairwise(releases) for row in changes(other, documents[one], documents[other])]


def changes(release: str, one: Node, other: Node) -> list[Row]:
    """What one document promises otherwise than another, the most serious first."""
    rows = [Row(release, severity(found), found.text, found.operations) for found in differences(one, other)]
    return sorted(rows, key=lambda row: SEVERITIES.index(row.severity))


def render(rows: Sequence[Row], form: Format) -> str:
    """The rows as a report; nothing to report is said in a sentence, or is an empty list in JSON."""
    if form == "json":
        return json.dumps([row._asdict() for row in rows], indent=2) + "\n"
    if not rows:
        return "No difference.\n"
    return _markdown(rows) if form == "markdown" else _text(rows)


def _text(rows: Iterable[Row]) -> str:
    return "".join(f"{row.release:7} {row.severity:8} {row.change}\n" for row in rows)


def _markdown(rows: Iterable[Row]) -> str:
    head = "| release | severity | change | operations |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {row.release} | {row.severity} | {_cell(row.change)} | {_cell(', '.join(row.operations))} |\n"
        for row in rows
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
