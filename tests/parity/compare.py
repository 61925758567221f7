"""Compares an answer with a recorded one by what it says: forms of uuids, decimals, instants and links do not count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from tests.parity.client import Answer
from tests.parity.recording import Exchange, json_of

HEADERS: Final = ("Content-Type", "X-Result-Count", "Link", "Allow", "WWW-Authenticate", "Location")
ABSENT: Final = "(absent)"

_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]+")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")
_RELATION: Final = re.compile(r'<([^>]*)>; rel="(\w+)"')

Part = Literal["status", "header", "body"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which an answer is not what was recorded: in which part, where in it, and both values as text."""

    part: Part
    where: str
    recorded: str
    answered: str


def compare_status(exchange: Exchange, answer: Answer) -> Iterator[Difference]:
    """The difference in status, with the beginning of the body that explains it."""
    if exchange.status != answer.status:
        yield Difference("status", "", str(exchange.status), f"{answer.status} {answer.body}")


def compare_headers(exchange: Exchange, answer: Answer) -> Iterator[Difference]:
    """The differences in the headers that a client reads."""
    for name in HEADERS:
        recorded = _header(name, exchange.response_headers.get(name))
        answered = _header(name, answer.headers.get(name.lower()))
        if recorded != answered:
            yield Difference("header", name, recorded, answered)


def value_of(text: str) -> Any:
    """The JSON value of a body; of a page or an empty body, the words that can be read on it."""
    try:
        return json_of(text)
    except ValueError:
        return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def compare_values(recorded: Any, answered: Any, where: str = "") -> Iterator[Difference]:
    """The differences of two JSON values. `where` is the path to them: names joined by dots, `[]` for any row."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for name in {**recorded, **answered}:
            path = f"{where}.{name}" if where else name
            if name not in answered:
                yield Difference("body", path, canonical(recorded[name]), ABSENT)
            elif name not in recorded:
                yield Difference("body", path, ABSENT, canonical(answered[name]))
            else:
                yield from compare_values(recorded[name], answered[name], path)
    elif isinstance(recorded, list) and isinstance(answered, list):
        if len(recorded) != len(answered):
            yield Difference("body", f"{where}[]", f"{len(recorded)} rows", f"{len(answered)} rows")
            return
        for one, other in zip(recorded, answered, strict=True):
            yield from compare_values(one, other, f"{where}[]")
    elif canonical(recorded) != canonical(answered):
        yield Difference("body", where, canonical(recorded), canonical(answered))


def canonical(value: Any) -> str:
    """A value as text that is equal for equal values: numbers and their texts, instants, uuids, links of any host."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return _number(Decimal(value))
        case str():
            return _canonical_text(value)
        case list():
            return f"[{', '.join(canonical(one) for one in value)}]"
        case dict():
            return f"{{{', '.join(f'{name}: {canonical(value[name])}' for name in sorted(value))}}}"
    raise TypeError(f"{type(value).__name__} is no JSON value.")


def _canonical_text(text: str) -> str:
    if _DECIMAL.fullmatch(text):
        return _number(Decimal(text))
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    if _UUID.fullmatch(text):
        return text.replace("-", "")
    if text.startswith(("http://", "https://")) and urlsplit(text).path.startswith("/api/"):
        path = _UUID.sub(lambda uuid: uuid[0].replace("-", ""), urlsplit(text).path)
        return f"{urlsplit(text).scheme}:{path}"
    return f'"{text}"'


def _number(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


def _header(name: str, value: str | None) -> str:
    if value is None:
        return ABSENT
    if name == "Link":
        return ", ".join(f"{relation}: {_address(url)}" for url, relation in _RELATION.findall(value))
    return value


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme} {parts.path} {sorted(parse_qsl(parts.query, keep_blank_values=True))}"
