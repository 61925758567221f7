"""The examples of the documents, as `tests/data/extract_examples.py` has read them."""

import json
from pathlib import Path
from typing import TypedDict

PUBLISHED = Path(__file__).parent.parent / "data" / "documented-examples.json"
DOCUMENTED_HOST = "https://api.example.com"
DOCUMENTED_TOKEN = "YOUR_API_TOKEN"


class Command(TypedDict):
    """An HTTPie command: headers and data are items in HTTPie's own syntax."""

    method: str
    url: str
    headers: list[str]
    data: list[str]


class Model(TypedDict):
    """The body of a call: a class of the client and what it is made of."""

    module: str
    name: str
    arguments: dict[str, str]


class Call(TypedDict):
    """A call of the Python client: a function's package and name, its arguments, its body if any."""

    package: str
    function: str
    arguments: dict[str, str | int]
    model: Model | None


class Example(TypedDict):
    """What a document shows for one operation."""

    operation: str
    document: str
    heading: str
    httpie: Command
    python: Call


def examples() -> list[Example]:
    """All 24, in the order of the pages."""
    read: list[Example] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return read
