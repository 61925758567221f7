"""Reads the facts of every published contract into releases.json: names, types and limits, no sentence.

    python tests/data/extract_releases.py <folder with one JSON file for each release>

The first release is whole, and each later one is a merge patch (RFC 7396) of the release before.
"""

import json
import sys
from pathlib import Path
from typing import Any

LIMITS = ("minLength", "maxLength", "minimum", "maximum", "pattern")
RELEASES = (
    *("7.8.8", "7.9.0", "7.9.3", "7.9.8", "8.0.0", "8.0.2", "8.0.4", "8.0.5", "8.0.7", "8.0.8"),
    *("8.0.9.dev334", "8.0.9", "8.1.2", "8.1.3"),
)
JSON = "application/json"


def kind(node: dict[str, Any]) -> str:
    """The type of a field or parameter, as `array<string>` where it is a list."""
    inner = node.get("items", {})
    return f"array<{inner.get('type', 'object')}>" if node["type"] == "array" else str(node["type"])


def entry(node: dict[str, Any]) -> dict[str, Any]:
    """The facets that are not the usual ones."""
    inner = node.get("items", node)
    found = {
        "type": kind(node),
        "format": inner.get("format"),
        "null": node["nullable"],
        "required": node["required"],
        "read_only": node.get("readOnly", False),
        "joined": node.get("explode") is False,
        "enum": sorted(map(str, inner.get("enum", ()))),
        "limits": {limit: node[limit] for limit in LIMITS if limit in node},
    }
    return {name: value for name, value in found.items() if value}


def fields(place: str, content: dict[str, Any]) -> dict[str, Any]:
    return {f"{place} {name}": entry(node) for name, node in content["fields"].items()}


def operation(node: dict[str, Any]) -> dict[str, Any]:
    ((status, success),) = [(code, found) for code, found in node["responses"].items() if code.startswith("2")]
    request, answer = node.get("request"), success["content"].get(JSON)
    entries = {f"{parameter['in']} {name}": entry(parameter) for name, parameter in node["parameters"].items()}
    for media, content in request["content"].items() if request else ():
        entries |= fields("body" if media == JSON else f"body {media}", content)
    entries |= fields("response", answer) if answer else {}
    return {
        "method": node["method"],
        "path": node["path"],
        "body": "none" if not request else "required" if request.get("required") else "optional",
        "status": status,
        "answer": answer["body"] if answer else "none",
        "counted": "x-result-count" in success.get("headers", {}),
        "entries": entries,
    }


def patch(old: Any, new: Any) -> Any:
    """The merge patch that makes `new` of `old`."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    changed = {name: patch(old.get(name), value) for name, value in new.items() if old.get(name) != value}
    return changed | {name: None for name in old if name not in new}


def main(folder: Path) -> None:
    """Write releases.json beside this script and print the size of each patch."""
    before: dict[str, Any] = {}
    patches = {}
    for release in RELEASES:
        content = json.loads((folder / f"{release}.json").read_text(encoding="utf-8"))
        found = {node["operationId"]: operation(node) for node in content["operations"].values()}
        patches[release] = patch(before, found)
        before = found
        print(release, len(json.dumps(patches[release])))
    lines = [f' "{release}": {{\n{written(found)}\n }}' for release, found in patches.items()]
    Path(__file__).with_name("releases.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def written(found: dict[str, Any]) -> str:
    """One line for each operation."""
    return ",\n".join(f'  "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in found.items())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
