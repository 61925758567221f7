"""The description says what the documents say, row by row, and what the published contracts of all releases say.

Compared are the base and every release: with every row of document-tables.json (what the pages print), and with
releases.json (what was published, with types, nulls and limits, which the pages leave out). Every difference is listed
below with its reason.
"""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.descriptions import description
from tests.openapi.flat import Entry, Flat, described, published
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi import overlay
from waldur_billing_mock.openapi.document import resolve
from waldur_billing_mock.openapi.revision import revisions

DATA: Final = Path(__file__).parents[1] / "data"
PRINTED: Final = {"documents": ("002", "003", "001"), "7.8.8": ("000", "003", "001")}
"""The documents of a revision."""

EXPLAINED: Final = {
    "invoices_items_retrieve: answer is array instead of object": (
        "003 shows one item and calls it a list; the contract has the same mistake, and servers answer a list."
    ),
    "* response issuer_details: type is object instead of any": (
        "003 leaves the fields out, and the contract says that they are those of a customer."
    ),
    "* response issuer_details.*: not promised": "They follow from the line above.",
    "* query period: enum is 1, 3, 12 instead of none": "000 and 002 list these months beside the costs of a project.",
    "* query period: enum is 1, 2, 3, 4 instead of *": (
        "Published as a plain integer, and 000 speaks of months; servers take the codes 1 to 4 and refuse 12."
    ),
    "invoices_paid: body is optional instead of required": (
        "Without a body the invoice is paid and no payment is recorded, as the pages say in words."
    ),
    "invoices_growth_* query customers_count: limits is minimum 0, maximum 20 instead of none": (
        "Nothing is published; servers refuse more than 20 and fail below 0."
    ),
    "* body* unit_price: limits is pattern ^* instead of pattern ^-*": (
        "The published pattern allows a minus, and servers refuse it."
    ),
    "* body* quantity: limits is *pattern ^-?\\d{1,12}* instead of *": (
        "The published pattern also matches text without a digit, and servers refuse it."
    ),
    "*_count: counted is True instead of False": "Published without the header, which the twin is there to answer.",
    "* query customer: limits is pattern * instead of none": "Nothing is published; servers refuse the character NUL.",
    "* body* offering_component_name: limits is minLength 1, pattern * instead of minLength 1": (
        "Servers trim the name, so that blanks alone are refused as well."
    ),
    "* body application/x-www-form-urlencoded *: not promised": "Servers read forms where JSON is documented.",
    "* body multipart/form-data *: not promised": "Servers read forms where JSON is documented.",
}
"""Differences, as patterns of the lines that `differences` makes of them, and why they stay."""


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def releases() -> dict[str, dict[str, Any]]:
    """The published operations of every release, made of the patches."""
    patches, found = load("releases.json"), {}
    operations: Any = {}
    for release, patch in patches.items():
        operations = patched(operations, patch)
        found[release] = operations
    return found


def patched(old: Any, patch: Any) -> Any:
    """What a merge patch (RFC 7396) makes of a value."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = patched(new.get(name), value)
    return new


def document_rows(documents: tuple[str, ...]) -> dict[str, Flat]:
    """The operations of some documents as their tables print them."""
    return {
        found["operation_id"]: Flat(
            **{key: found[key] for key in ("operation_id", "method", "path", "body", "status", "answer")},
            entries=tuple(document_entry(row) for row in found["rows"]),
        )
        for found in load("document-tables.json")
        if found["document"] in documents
    }


def document_entry(row: Mapping[str, Any]) -> Entry:
    """A row: `string (uuid)`, `array of objects`, `array of number (double)s`, or for parameters just `array`."""
    found = re.fullmatch(r"(array)?(?: of )?(\w*?)(?: \((\S+)\))?s?", row["type"])
    assert found is not None, row
    kind = f"array<{found[2]}>" if found[1] else found[2]
    return Entry(
        place=row["place"],
        name=row["name"],
        type=kind,
        format=found[3],
        required=row["required"],
        enum=tuple(row["enum"]),
    )


def published_of(revision: str) -> dict[str, Flat]:
    """The operations of a revision as they were published; the base has each page of its own day."""
    if revision != "documents":
        return published(releases()[revision])
    # Document 002 is of the days before 8.0.9; the others are of 7.8.8.
    first, second = published(releases()["7.8.8"]), published(releases()["8.0.9.dev334"])
    items = {name: found for name, found in second.items() if name.startswith("invoice_items_")}
    return items | {name: found for name, found in first.items() if not name.startswith("invoice_items_")}


def differences(ours: Mapping[str, Flat], theirs: Mapping[str, Flat], *, printed: bool) -> Iterator[str]:
    """Every difference in words; of `printed` tables, which show less, only what they can show, but in order."""
    yield from (f"{name}: not described" for name in theirs if name not in ours)
    yield from (f"{name}: not promised" for name in ours if name not in theirs)
    for name in (name for name in ours if name in theirs):
        our, their = ours[name], theirs[name]
        for fact in ("method", "path", "body", "status", "answer", "counted"):
            one, other = getattr(our, fact), getattr(their, fact)
            silent = other is None or (other == "shown" and one != "none")
            if one != other and not silent:
                yield f"{name}: {fact} is {one} instead of {other}"
        mine = {(entry.place, entry.name): entry for entry in our.entries}
        due = {(entry.place, entry.name): entry for entry in their.entries}
        yield from (f"{name} {' '.join(key)}: not described" for key in due if key not in mine)
        yield from (f"{name} {' '.join(key)}: not promised" for key in mine if key not in due)
        common = [key for key in mine if key in due]
        for key in common:
            for facet, one, other in facets(mine[key], due[key], printed=printed):
                yield f"{name} {' '.join(key)}: {facet} is {words(one)} instead of {words(other)}"
        if printed and common != [key for key in due if key in mine]:
            yield f"{name}: the rows are in another order"


def facets(our: Entry, their: Entry, *, printed: bool) -> Iterator[tuple[str, object, object]]:
    """The facets in which two entries differ."""
    listed = their.type.startswith("array<")
    names = ["type", "format", "enum"]
    if printed and their.place == "query" and listed:
        our, names = Entry(**{**vars(our), "type": "array<>"}), ["type"]
    if not printed:
        names += ["null", "read_only", "limits"] + ["explode"] * (their.place == "query" and listed)
    if not printed or their.place != "response":
        names.append("required")
    for name in names:
        one, other = getattr(our, name), getattr(their, name)
        # The contract was tabulated without the format of an array's entries, and enums have no order.
        silent = name == "format" and listed and other is None
        if not silent and one != other and not (name == "enum" and not printed and {*one} == {*other}):
            yield name, one, other


def words(value: object) -> str:
    match value:
        case tuple():
            return ", ".join(value) or "none"
        case dict():
            return ", ".join(f"{limit} {number}" for limit, number in value.items()) or "none"
    return "none" if value is None else str(value)


def compared(revision: str) -> list[str]:
    """All differences of a revision from what was printed and from what was published of it."""
    ours = described(description(revision))
    lines = list(differences(ours, published_of(revision), printed=False))
    if revision in PRINTED:
        rows = document_rows(PRINTED[revision])
        lines += differences({name: ours[name] for name in rows}, rows, printed=True)
    return lines


def is_explained(line: str) -> bool:
    return any(fnmatchcase(line, pattern) for pattern in EXPLAINED)


def test_the_tables_of_the_documents_are_all_there() -> None:
    """614 parameters and fields of the tables, and 23 path parameters."""
    rows = [row for operation in load("document-tables.json") for row in operation["rows"]]

    path = [row for row in rows if row["place"] == "path"]

    assert (len(rows) - len(path), len(path)) == (614, 23)


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_a_revision_says_what_was_printed_and_published(revision: str) -> None:
    lines = compared(revision)

    assert [line for line in lines if not is_explained(line)] == []


def test_every_explanation_explains_a_difference() -> None:
    lines = [line for revision in revisions(DESCRIPTION) for line in compared(revision)]

    assert [pattern for pattern in EXPLAINED if not any(fnmatchcase(line, pattern) for line in lines)] == []


@pytest.mark.parametrize("revision", revisions(DESCRIPTION))
def test_the_twins_that_only_count_take_the_parameters_of_their_operation(revision: str) -> None:
    """Except `field`, which the published twin of the list of invoices does not have."""
    document = description(revision)

    for item in (item for item in document["paths"].values() if "head" in item):
        taken = [resolve(document, parameter)["name"] for parameter in item["head"]["parameters"]]
        known = [resolve(document, parameter)["name"] for parameter in item["get"]["parameters"]]
        assert taken == [name for name in known if name != "field"]


@pytest.mark.parametrize("revision", [revision for revision in revisions(DESCRIPTION) if revision != "documents"])
def test_every_action_of_a_revision_tells_what_it_changes(revision: str) -> None:
    loaded = overlay.load(DESCRIPTION / "overlays" / f"{revision}.yaml")

    assert loaded.version == revision
    assert [action.target for action in loaded.actions if not action.description.endswith(".")] == []
