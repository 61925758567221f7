"""How much a client may send. What is more is refused, before it is held in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

LARGEST: Final[Mapping[str, int]] = {"json_depth": 800}
"""The largest values of limits that cannot be any number: deeper JSON exceeds Python's limit on recursion."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit on a request. What exceeds one is refused with 413, 414 or 431, and JSON nested too deep with 400.

    Raises `ValueError` for a limit that is not positive, or more than `LARGEST`.
    """

    body_bytes: int = 2_621_440
    """Bytes of a JSON or form body, and of all fields of a multipart form. Django has the same limit."""
    upload_bytes: int = 1 << 28
    """Bytes of a multipart form with its files, none of which is stored."""
    fields: int = 1000
    """Fields of a form."""
    files: int = 100
    """Files of a multipart form."""
    json_depth: int = 500
    """Arrays and objects in each other."""
    url_bytes: int = 1 << 15
    """Bytes of a path with its query."""
    headers: int = 100
    """Headers of a request."""
    head_bytes: int = 1 << 16
    """Bytes of the request line and all headers."""
    connections: int = 1000
    """Connections at one time. More are answered with 503."""
    silence_seconds: float = 60
    """How long a client may take for a head, or be silent in the middle of a body. Then the connection is closed."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not 0 < value <= LARGEST.get(one.name, value):
                most = f" to {LARGEST[one.name]}" if one.name in LARGEST else " on"
                raise ValueError(f"{one.name} is {value}; use a number from 1{most}.")
