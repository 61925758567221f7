"""What may be shown of values: everything of a mock; of a deployment the contract's own words, statuses and counts."""

import json
import re
import shlex
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from waldur_billing_mock.contracts.exchange import Exchange
from waldur_billing_mock.contracts.transports import IN_PROCESS
from waldur_billing_mock.contracts.values import Month, is_uuid

_LONGEST: Final = 400
_LARGEST_COUNT: Final = 100_000
_MOCK: Final = "http://localhost:8080"
_OWN: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|Invalid page\.|application/json|\d{4}-\d{1,2})\Z")
_HARMLESS: Final = re.compile(r"[0-9]{1,5}|true|false|last|first|-[a-z_]+|no-[a-z-]+|surely[a-z_]*\Z")


class Mask:
    """Shows values, or with `shows_data` off their shape. `words` are names and choices of the contract."""

    def __init__(self, shows_data: bool, words: frozenset[str]) -> None:
        self._shows: Final = shows_data
        self._words: Final = words

    def text(self, value: Any) -> str:
        """A value as a report may show it."""
        text = _plain(value if self._shows else self._shape(value))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"

    def hint(self, expected: Any, got: Any) -> str:
        """How two values differ, where that can be said without showing them."""
        if isinstance(expected, Decimal) and isinstance(got, Decimal):
            return f"they differ by {got - expected}"
        if not isinstance(expected, str) or not isinstance(got, str) or self._shows:
            return ""
        if self._shape(expected) != self._shape(got):
            return ""
        at = next((n for n, (one, other) in enumerate(zip(expected, got, strict=False)) if one != other), None)
        return "" if at is None else f"they differ from character {at + 1} on"

    def target(self, target: str) -> str:
        """Path and query of a request: names of parameters are shown, and values that are no data."""
        path, _, query = target.partition("?")
        if self._shows or not query:
            return target
        pairs = [(name, value if self._is_harmless(value) else "…") for name, value in parse_qsl(query, True)]
        # `safe` takes ASCII alone, so the mark is put back after the encoding.
        return f"{path}?{urlencode(pairs, safe='/').replace(quote('…'), '…')}"

    def body(self, body: bytes) -> str:
        """The body of a request: with its values, or with their names alone."""
        text = body[:_LONGEST].decode("utf-8", "replace")
        if self._shows:
            return text
        try:
            value = json.loads(body)
        except ValueError:
            return f"… {len(body)} bytes"
        return json.dumps(dict.fromkeys(value, "…"), ensure_ascii=False) if isinstance(value, dict) else "…"

    def _is_harmless(self, value: str) -> bool:
        last = value.rstrip("/").rpartition("/")[2]
        return not value or is_uuid(last.lower()) or value in self._words or bool(_HARMLESS.match(value))

    def _shape(self, value: Any) -> Any:
        """Types and lengths, the names of an object's fields, and whatever the contract itself says."""
        match value:
            case None | bool() | Month():
                return value
            case int():
                return value if abs(value) < _LARGEST_COUNT else "a large integer"
            case float():
                return value
            case Decimal():
                return f"a number with {max(0, -int(value.as_tuple().exponent))} decimals"
            case str() if value in self._words or _OWN.match(value):
                return value
            case str() if is_uuid(value):
                return "a uuid with hyphens" if "-" in value else "a uuid of 32 digits"
            case str() if _is_day(value):
                return "a date"
            case str():
                return f"text of {len(value)} characters" if value else "blank text"
            case Mapping():
                return {key if str(key) in self._words else "…": self._shape(member) for key, member in value.items()}
            case list() | tuple() if len(value) > 3:
                return [*(self._shape(one) for one in value[:2]), f"… {len(value)} in all"]
            case list() | tuple():
                return [self._shape(one) for one in value]
            case set() | frozenset():
                return f"{len(value)} values"
        return type(value).__name__


def curl(exchange: Exchange, base: str, mask: Mask) -> str:
    """The request as a command line; the token is the variable TOKEN, to be set by who runs it."""
    request = exchange.request
    address = _MOCK if base == IN_PROCESS else base
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET":
        words += ["-X", request.method]
    command = " ".join(words)
    if exchange.role != "anonymous":
        command += ' -H "Authorization: Token $TOKEN"'
    for name, text in request.headers:
        if name.lower() in ("content-type", "accept"):
            command += f" -H {shlex.quote(f'{name}: {text}')}"
    if request.body:
        command += f" --data-raw {shlex.quote(mask.body(request.body))}"
    return f"{command} {shlex.quote(address + mask.target(request.target))}  # as {exchange.role}"


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _plain(what: Any) -> str:
    match what:
        case list() | tuple():
            return "[" + ", ".join(map(_plain, what)) + "]"
        case set() | frozenset():
            return "{" + ", ".join(sorted(map(_plain, what))) + "}"
        case dict():
            return "{" + ", ".join(f"{key}: {_plain(member)}" for key, member in what.items()) + "}"
    return str(what)
