"""Reads the tables of the documents 000-003 into document-tables.json: facts only, no sentence of theirs.

    python tests/data/extract_tables.py <folder that holds documents/>

Three documents are Markdown. 002 is a text in which every row lost its line: a name ends one line, type, mark
and description follow on the next, and empty cells may be missing, so that only its content tells what a cell
is.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict

SUMMARY: Final = re.compile(r"\| (GET|POST|PUT|PATCH|DELETE) \| (/api/\S*) \| (.+) \|")
HEADER: Final = re.compile(r"\| (Name|Field) \| Type \|( Required \|)?( Description \|)?")
PLACES: Final = {("Name", True): "path", ("Name", False): "query", ("Field", True): "body"}
MARKS: Final = ("✓", "âœ“")
"""The mark of a required row, and the same mark as a wrong decoding left it in 001."""


class Row(TypedDict):
    """A parameter or field. `name` is dotted below the top; `enum` is empty where no values are shown."""

    place: str
    name: str
    type: str
    enum: list[str]
    required: bool


class Operation(TypedDict):
    """A heading and the rows below it.

    `body` is required, optional, none, or shown where the document does not tell which of the first two it
    is; `answer` is array, object or none.
    """

    document: str
    operation_id: str
    heading: str
    method: str
    path: str
    body: str
    status: str
    answer: str
    rows: list[Row]


def extract(document: str, text: str) -> list[Operation]:
    """All operations of one document, in its order. Raises ValueError where it is built otherwise."""
    lines = list(_lines(text))
    summary = {found[3]: found for line in lines if (found := SUMMARY.fullmatch(line))}
    after = max(at for at, line in enumerate(lines) if SUMMARY.fullmatch(line))
    starts = [lines.index(heading, after) for heading in summary]
    order = sorted(zip(starts, summary.values(), strict=True))
    ends = [*sorted(starts)[1:], len(lines)]
    return [_operation(document, found, lines[start:end]) for (start, found), end in zip(order, ends, strict=True)]


def _lines(text: str) -> Iterator[str]:
    """The lines without their Markdown signs, and each row of a table on one line."""
    kept = ""
    for line in text.splitlines():
        plain = re.sub(r"<[^>]+>|`|\*\*|^### |\]\(#[^)]*\)|(?<=\| )\[", "", line.strip()).strip()
        if kept:
            yield f"{kept} {plain}"
            kept = ""
        elif re.fullmatch(r"[\w.]+ \|", plain):
            kept = f"| {plain}"
        elif re.fullmatch(r"\| [A-Z]+ \| /api/\S* \|", plain):
            kept = plain
        else:
            yield plain


def _operation(document: str, found: re.Match[str], lines: list[str]) -> Operation:
    rows = list(_rows(lines))
    status = [line for line in lines if re.match(r"\d{3} -", line)]
    if len(status) != 1:
        raise ValueError(f"{document}, {found[3]}: one status is expected, not {status}.")
    titles = [line for line in lines if "Request Body" in line]
    shown = "shown" if any(row["place"] == "body" for row in rows) else "none"
    answered = any(row["place"] == "response" for row in rows)
    listed = any("array of objects, where" in line for line in lines)
    return Operation(
        document=document,
        operation_id=_operation_id("\n".join(lines)),
        heading=found[3],
        method=found[1],
        path=found[2],
        body=("required" if "(required)" in titles[0] else "optional") if titles else shown,
        status=status[0][:3],
        answer=("array" if listed else "object") if answered else "none",
        rows=rows,
    )


def _operation_id(section: str) -> str:
    match = re.search(r"API Source:\s*\[?(\w+)", section)
    if match is None:
        raise ValueError(f"No operation is named below {section.splitlines()[0]}.")
    return match[1]


def _rows(lines: list[str]) -> Iterator[Row]:
    place = ""
    for line in lines:
        if header := HEADER.fullmatch(line):
            place = PLACES.get((header[1], header[2] is not None), "response")
        elif re.match(r"\| [\w.]+ \| ", line):
            name, kind, *cells = (cell.strip() for cell in line.strip("| ").split("|"))
            enum = [cell.rpartition("Enum: ")[2].strip("_").split(", ") for cell in cells if "Enum: " in cell]
            required = any(mark in cells for mark in MARKS)
            yield Row(place=place, name=name, type=kind, enum=enum[0] if enum else [], required=required)


def written(operations: list[Operation]) -> str:
    """The operations as JSON with one row a line, so that a changed row is a changed line."""
    blocks = []
    for operation in operations:
        facts = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in operation.items() if key != "rows"]
        rows = ",\n".join(f"    {json.dumps(row)}" for row in operation["rows"])
        blocks.append(" {\n" + ",\n".join([*facts, f'  "rows": [\n{rows}\n  ]']) + "\n }")
    return "[\n" + ",\n".join(blocks) + "\n]\n"


def main(folder: Path) -> None:
    """Writes document-tables.json beside this script and prints how many rows each document has."""
    operations: list[Operation] = []
    for path in sorted((folder / "documents").glob("*.txt")):
        operations.extend(extract(path.name[:3], path.read_text(encoding="utf-8")))
    Path(__file__).with_name("document-tables.json").write_text(written(operations), encoding="utf-8")
    for document in sorted({operation["document"] for operation in operations}):
        rows = [len(operation["rows"]) for operation in operations if operation["document"] == document]
        print(f"{document}: {len(rows)} operations, {sum(rows)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
