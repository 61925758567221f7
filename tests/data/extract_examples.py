"""Read the examples off the documents: `python tests/data/extract_examples.py <shared folder>`.

Writes `documented-examples.json` next to this script: for every operation the HTTPie command and the call of
the Python client, as facts without prose. The invoice items appear in two pages; the newer one (002) has lost
its code blocks, so its names of the operations are put on the examples of the older one (000).
"""

import ast
import json
import re
import shlex
import sys
from pathlib import Path
from typing import TypeAlias

TARGET = Path(__file__).with_name("documented-examples.json")

Fact: TypeAlias = "bool | int | float | str | list[Fact] | dict[str, Fact] | None"


def main(shared: Path) -> None:
    """Write all examples, in the order of the pages: invoices, invoice items, provider invoice items."""
    pages = {number: _page(shared / "documents", number) for number in ("000", "001", "002", "003")}
    names = re.findall(r"API Source:\n(\w+)", pages["002"])
    examples = [
        *_examples("003", pages["003"]),
        *_examples("000", pages["000"], names),
        *_examples("001", pages["001"]),
    ]
    TARGET.write_text(json.dumps(examples, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _page(documents: Path, number: str) -> str:
    (path,) = documents.glob(f"{number}_*.txt")
    return path.read_text(encoding="utf-8")


def _examples(document: str, page: str, names: list[str] | None = None) -> list[Fact]:
    """The examples of one page; `names` are the operations of a newer revision of it, in the same order."""
    sections = [section for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:] if "```bash" in section]
    if names is not None and len(names) != len(sections):
        raise SystemExit(f"{document}: {len(sections)} sections, but {len(names)} names in the newer page")
    found: list[Fact] = []
    for index, section in enumerate(sections):
        python = _python(_block(section, "python"))
        if names is not None:
            python["function"] = names[index]
        found.append(
            {
                "operation": python["function"],
                "document": document,
                "heading": section.partition("\n")[0].strip(),
                "httpie": _httpie(_block(section, "bash")),
                "python": python,
            }
        )
    return found


def _block(section: str, language: str) -> str:
    match = re.search(rf"^    ```{language}\n(.*?)^    ```", section, flags=re.MULTILINE | re.DOTALL)
    if match is None:
        raise SystemExit(f"no {language} block under {section.partition(chr(10))[0]}")
    return re.sub(r"^    ", "", match[1], flags=re.MULTILINE)


def _httpie(command: str) -> dict[str, Fact]:
    """Take a command apart: method, address, then headers and data items in HTTPie's own syntax."""
    program, method, url, *items = shlex.split(command.replace("\\\n", ""))
    if program != "http":
        raise SystemExit(f"not an HTTPie command: {command}")
    headers: list[Fact] = [item for item in items if re.match(r"[\w-]+:", item)]
    return {
        "method": method,
        "url": url,
        "headers": headers,
        "data": [item for item in items if item not in headers],
    }


def _python(source: str) -> dict[str, Fact]:
    """Take a call of the client apart: the function's module, its arguments, the model of the body if any."""
    tree = ast.parse(source)
    modules = {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    call = assigned["response"]
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    assert isinstance(call.func.value, ast.Name)
    assert call.func.attr == "sync"
    function = call.func.value.id
    found: dict[str, Fact] = {
        "package": modules[function],
        "function": function,
        "arguments": {
            word.arg: ast.literal_eval(word.value)
            for word in call.keywords
            if word.arg is not None and not isinstance(word.value, ast.Name)
        },
        "model": None,
    }
    if "body_data" in assigned:
        body = assigned["body_data"]
        assert isinstance(body, ast.Call)
        assert isinstance(body.func, ast.Name)
        found["model"] = {
            "module": modules[body.func.id],
            "name": body.func.id,
            "arguments": {word.arg: ast.literal_eval(word.value) for word in body.keywords if word.arg is not None},
        }
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
