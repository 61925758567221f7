"""Writes exchanges to an HTTP archive (HAR 1.2). Tokens, passwords and cookies are masked, wherever they are."""

import base64
import binascii
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from waldur_billing_mock import __version__
from waldur_billing_mock.mock_server.control import journal
from waldur_billing_mock.mock_server.control.archive import MASK, archive_of, entry_of
from waldur_billing_mock.mock_server.proxy.passed import Exchange

_SECRET: Final = re.compile(r"(?i)token|secret|passw|signature|cookie|credential|session_?id|(api|private)_?key|^key$")
_LEAST: Final = 6
"""Secrets that are shorter are no secrets, and would replace ordinary words."""
_REMEMBERED: Final = 200
"""How many secrets are looked for in later exchanges. Each takes time, and a server may set a new cookie each time."""
_TAIL: Final = b"\n]}}\n"


def make_archive(path: Path) -> None:
    """Makes a file with an archive of nothing, in the place of what is there, that only its owner may read.

    Raises `OSError` where the file cannot be written.
    """
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(json.dumps(archive_of([], __version__)).removesuffix("]}}").encode() + _TAIL)


class ArchiveFile:
    """A file that `make_archive` has made, and that holds a whole archive after each exchange.

    `base` is scheme and host of the server. Raises `OSError` where the file cannot be written.
    """

    def __init__(self, path: Path, base: str) -> None:
        self._parts: Final = urlsplit(base)
        self._secrets: Final[OrderedDict[str, None]] = OrderedDict()
        self._file: Final = path.open("r+b")
        self._entries = 0

    def add(self, exchange: Exchange, body: bytes) -> None:
        """Adds an exchange. `body` is that of the answer, decompressed."""
        for secret in _credentials(exchange):
            self._secrets[secret] = None
            self._secrets.move_to_end(secret)
        while len(self._secrets) > _REMEMBERED:
            self._secrets.popitem(last=False)
        text = json.dumps(self._entry(exchange, body), ensure_ascii=False)
        for secret in self._secrets:
            for spelling in {secret, json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}:
                text = text.replace(spelling, MASK)
        self._file.seek(-len(_TAIL), 2)
        self._file.write((",\n" if self._entries else "\n").encode() + text.encode() + _TAIL)
        self._file.flush()
        self._entries += 1

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _entry(self, exchange: Exchange, body: bytes) -> dict[str, Any]:
        path, _, query = exchange.target.partition("?")
        scope = {
            "method": exchange.method,
            "path": path,
            "query_string": query.encode("latin-1"),
            "scheme": self._parts.scheme,
            "headers": [
                (b"host", self._parts.netloc.encode()),
                *(_encoded(pair) for pair in exchange.headers if pair[0].lower() != "host"),
            ],
        }
        kept = journal.Exchange(
            0,
            datetime.fromisoformat(exchange.started),
            scope,
            _masked(exchange.request_body, exchange.headers),
            exchange.request_size,
            exchange.status,
            [_encoded(pair) for pair in exchange.answer_headers],
            _masked(body, exchange.answer_headers),
            exchange.answer_size,
            exchange.seconds,
        )
        entry = entry_of(kept)
        if exchange.answered_by:
            entry["comment"] = f"The client was answered by {exchange.answered_by} instead."
        elif not exchange.is_whole:
            entry["comment"] = "The answer was broken off."
        return entry


def _encoded(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    return pair[0].encode("latin-1"), pair[1].encode("latin-1")


def _credentials(exchange: Exchange) -> Iterator[str]:
    """The secrets that a request or its answer shows in headers."""
    for name, value in (*exchange.headers, *exchange.answer_headers):
        match name.lower():
            case "authorization" | "proxy-authorization":
                scheme, _, rest = value.partition(" ")
                found = [rest.strip() or scheme]
                found += _passwords(rest) if scheme.lower() == "basic" else []
            case "cookie" | "set-cookie":
                found = [part.partition("=")[2].partition(";")[0].strip() for part in value.split("; ")]
                found = found if name.lower() == "cookie" else found[:1]
            case _:
                found = []
        yield from (one for one in found if len(one) >= _LEAST)


def _passwords(text: str) -> list[str]:
    try:
        return [base64.b64decode(text, validate=True).decode("utf-8", "replace").partition(":")[2]]
    except binascii.Error:
        return []


def _masked(body: bytes, headers: list[tuple[str, str]]) -> bytes:
    """A body without the values of fields that are named like secrets: of JSON, or of a form."""
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    if "x-www-form-urlencoded" in kind:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        if not any(_SECRET.search(name) for name, _ in pairs):
            return body
        return urlencode([(name, MASK if _SECRET.search(name) else value) for name, value in pairs]).encode()
    if "json" not in kind or not _SECRET.search(body.decode("utf-8", "replace")):
        return body
    try:
        return json.dumps(_without_secrets(json.loads(body)), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return MASK.encode()  # it may hold a secret, and nobody can say where


def _without_secrets(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: MASK
                if _SECRET.search(str(name)) and isinstance(member, str) and member
                else _without_secrets(member)
                for name, member in value.items()
            }
        case list():
            return [_without_secrets(one) for one in value]
    return value
