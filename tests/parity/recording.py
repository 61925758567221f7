"""The recording: a world and the exchanges that a real server had on it, read from a folder."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent.parent / "data" / "golden"
"""The folder of the compact copy in this repository."""

FIRST_WRITE: Final = 1281
"""From this number on, exchanges write: they follow each other on a world that is loaded anew."""

LOST_WRITES: Final = {
    2095: {"d864e485db504bf3ba5510ca7c0d0c58": {"article_code": "ROLE"}},
    2150: {
        uuid: {"article_code": "Z", "start": "2026-11-01T00:00:00Z"}
        for uuid in (
            "1b7f5c9a90034b40a7b5123136c8c850",
            "ba6b157756c74e4a9607d586823c018a",
            "5750d82f08ad41bfb822cacc9ea60cb7",
            "6658daf6f9e64169966dd35c46d4a889",
            "de25371f5a5a4934b1d870705f90094d",
            "194bd2d0522d4b6cb835a536e0ea5512",
            "0cbf0ce6d6ad486b9f8426144dde1d19",
        )
    },
}
"""What requests contained that the recording leaves out: before which exchange, to which item, which fields."""

_TOKEN: Final = re.compile(r"\{token:(\w+)\}")
_ESCAPED_BYTE: Final = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what the server answered. Texts stand as recorded, with placeholders for tokens."""

    n: int
    op: str
    role: str
    note: str
    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: str | None
    status: int
    response_headers: Mapping[str, str]
    response_body: str

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Recording:
    """The text of the world, and the exchanges in the order in which they were made."""

    world: str
    exchanges: tuple[Exchange, ...]


def read(folder: Path) -> Recording:
    """The recording in a folder. Both files may stand there as they are, or compressed with an ending `.gz`."""
    lines = _text(folder / "exchanges.jsonl").splitlines()
    return Recording(
        _text(folder / "world.json"), tuple(Exchange(**json.loads(line)) for line in lines if line.strip())
    )


def _text(path: Path) -> str:
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()).decode("utf-8")


def sent_text(text: str) -> str:
    """The text with the tokens of the golden world, where a user's token is its name."""
    return _TOKEN.sub(r"\1", text)


def sent_body(exchange: Exchange) -> bytes:
    """The body as bytes; those that were no text are written as `\\xff` in the recording."""
    body = (exchange.request_body or "").encode()
    return _ESCAPED_BYTE.sub(lambda match: bytes.fromhex(match[1].decode()), body)


def json_of(text: str) -> Any:
    """The value of a JSON text, its decimals exact. Raises `ValueError` for other texts."""
    return json.loads(text, parse_float=Decimal)
