"""Reads the facts of contract-tables.md into contract-tables.json: names, types and limits, no sentence.

    python tests/data/extract_contract.py <folder that holds contract-tables.md>

`7.8.8` and `002` are whole: what 002 leaves unsaid it has in common with 7.8.8. `8.0.9` holds only the one
field in which that release differs from 002.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

Facts = dict[str, Any]

OPERATION: Final = re.compile(r"\| `(?P<name>\w+)` \((?P<tag>[\w-]+)\) \| (?P<method>[A-Z]+) `(?P<path>[^`]+)` \|")
PARAMETER: Final = re.compile(
    r"`(?P<name>\w+)`(?P<required>\*?)(?P<path> path)?: (?P<type>\S+?)(?:/(?P<format>\S+))?"
    r"(?: \[(?P<enum>[^\]]*)\])?(?: \{(?P<form>[^}]*)\})?(?: — .*)?"
)
MODEL: Final = re.compile(
    r"\*\*(?P<name>\w+)\*\* (?:\(object; required: (?P<required>.*)\)|— string enum: (?P<enum>.*))"
)
LIMIT: Final = re.compile(r"(\w+)=(\d+)(?: |$)")


def operation(line: str) -> Facts:
    """One row of 3.1 or 3.3."""
    head, parameters, body, response = (cell.strip() for cell in line.strip("| ").rsplit(" | ", 3))
    found = OPERATION.fullmatch(f"| {head} |")
    if found is None:
        raise ValueError(f"No operation: {line}")
    return {
        "tag": found["tag"],
        "method": found["method"],
        "path": found["path"],
        "parameters": [] if parameters == "—" else [parameter(text) for text in parameters.split("<br>")],
        "body": None if body == "—" else request(body),
        "responses": dict(answer(text) for text in response.split("; ")),
    }


def parameter(text: str) -> Facts:
    """One parameter, as `name`*: type/format [values] {form}."""
    found = PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"No parameter: {text}")
    form = dict(re.findall(r"(style|explode)=(\w+)", found["form"] or ""))
    return {
        "name": found["name"],
        "in": "path" if found["path"] else "query",
        "required": bool(found["required"]),
        "type": found["type"],
        "format": found["format"],
        "enum": found["enum"].split(", ") if found["enum"] else [],
        "explode": form.get("explode", "true") == "true",
    }


def request(text: str) -> Facts:
    """A body, as required|optional; media type: model; ..."""
    need, *bodies = text.split("; ")
    return {"required": need == "required", "content": dict(body.split(": ") for body in bodies)}


def answer(text: str) -> tuple[str, Facts]:
    """A response, as status media type model + header name; no model where there is no body."""
    status, _, promise = text.partition(" ")
    described, _, header = promise.partition(" + header ")
    model = None if described == "No response body" else described.removeprefix("application/json ")
    return status, {"model": model, "headers": [header] if header else []}


def field(cells: list[str]) -> Facts:
    """One row of a model: type, format, null, req, ro, limits."""
    kind, form, null, required, read_only, limits = cells[:6]
    pattern = re.search(r"`(\^.*\$)`", limits)
    enum = re.search(r"enum: (.*)$", limits)
    return {
        "type": kind,
        "format": form or None,
        "null": null == "yes",
        "required": required == "yes",
        "read_only": read_only == "yes",
        "limits": {name: int(value) for name, value in LIMIT.findall(limits)}
        | ({"pattern": pattern[1]} if pattern else {}),
        "enum": enum[1].split(", ") if enum else [],
    }


def section(text: str, number: str) -> list[str]:
    """The lines below the heading with this number."""
    return text.partition(f"## {number} ")[2].partition("\n## ")[0].splitlines()


def operations(lines: list[str]) -> Facts:
    """The operations of one section by name."""
    rows = [line for line in lines if line.startswith("| `")]
    return {row.split("`")[1]: operation(row) for row in rows}


def models(lines: list[str]) -> Facts:
    """The models of one section by name: each with its fields, or with the values of an enum."""
    found: Facts = {}
    fields: Facts = {}
    for line in lines:
        if match := MODEL.fullmatch(line):
            if match["enum"]:
                found[match["name"]] = {"enum": re.findall(r"`([^`]+)`", match["enum"])}
            else:
                fields = {}
                found[match["name"]] = {"fields": fields}
        elif line.startswith("| `"):
            name, *cells = (cell.strip() for cell in line.removeprefix("|").split("|"))
            fields[name.strip("`")] = field(cells)
    return found


def extract(text: str) -> Facts:
    """The revisions of contract-tables.md."""
    first = {"operations": operations(section(text, "3.1")), "models": models(section(text, "3.2"))}
    changed = operations(section(text, "3.3"))
    places = {(found["method"], found["path"]) for found in changed.values()}
    kept = {
        name: found for name, found in first["operations"].items() if (found["method"], found["path"]) not in places
    }
    gone = re.findall(r"\w+", text.partition("Gone: ")[2])
    both = {**first["models"], **models(section(text, "3.4"))}
    second = {
        "operations": {**kept, **changed},
        "models": {name: model for name, model in both.items() if name not in gone},
    }
    twins = re.findall(r"`(\w+_count)`", text.partition("HEAD twins")[2].partition("Same query")[0])
    details = {**second["models"]["InvoiceItemDetail"]["fields"]["details"], "type": "object"}
    return {
        "head_twins": twins,
        "7.8.8": first,
        "002": second,
        "8.0.9": {"models": {"InvoiceItemDetail": {"fields": {"details": details}}}},
    }


def written(node: Any, depth: int = 0) -> str:
    """The node as JSON, an object over several lines as long as a line would be too long to compare."""
    line = json.dumps(node, ensure_ascii=False)
    if len(line) + depth <= 160 or not isinstance(node, dict | list):
        return line
    indent = " " * (depth + 1)
    if isinstance(node, list):
        entries = [indent + written(entry, depth + 1) for entry in node]
        return "[\n" + ",\n".join(entries) + "\n" + " " * depth + "]"
    members = [f"{indent}{json.dumps(key)}: {written(value, depth + 1)}" for key, value in node.items()]
    return "{\n" + ",\n".join(members) + "\n" + " " * depth + "}"


def main(folder: Path) -> None:
    """Writes contract-tables.json beside this script and prints how much each revision holds."""
    revisions = extract((folder / "contract-tables.md").read_text(encoding="utf-8"))
    Path(__file__).with_name("contract-tables.json").write_text(written(revisions) + "\n", encoding="utf-8")
    for name in ("7.8.8", "002"):
        found = revisions[name]
        print(f"{name}: {len(found['operations'])} operations, {len(found['models'])} models")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
