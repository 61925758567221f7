"""An exchange that has passed the proxy, and its form on the way to the process that judges it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

Pair = tuple[bytes, bytes]
"""A header: name and value as they came."""
MOST_BODY_BYTES: Final = 16 * 1024 * 1024
"""The largest body that is held for judging. A larger one passes all the same."""
FAILED: Final = "an error of the judge, which it has told on standard error"
"""Why an exchange was not judged that should have been."""
_SIZE_BYTES: Final = 4


class Body:
    """The first bytes of a body that passes, up to a limit, and its whole length."""

    def __init__(self, most: int = MOST_BODY_BYTES) -> None:
        self._most: Final = most
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Adds what has passed. Beyond the limit, nothing is held any more."""
        self.size += len(piece)
        if self.size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces = []

    @property
    def is_whole(self) -> bool:
        """Whether all of the body is held."""
        return self.size <= self._most

    @property
    def content(self) -> bytes:
        """What is held: the whole body, or nothing."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


@dataclass(slots=True)
class Passed:
    """One request and its answer as they passed. `target` is path and query; `is_whole` says that nothing is missing.

    `started` is the time of day in ISO form. `answered_by` is blank unless the server's own answer was replaced.
    """

    method: str
    target: str
    headers: list[Pair]
    started: str
    request: Body = field(default_factory=Body)
    answer: Body = field(default_factory=Body)
    status: int = 0
    answer_headers: list[Pair] = field(default_factory=list)
    seconds: float = 0.0
    is_whole: bool = False
    answered_by: str = ""

    @property
    def held_bytes(self) -> int:
        """About what it takes in memory."""
        held = [body.size for body in (self.request, self.answer) if body.is_whole]
        return sum(held) + 1_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """The same, in the process that judges it. Header names are as they came; both are text in Latin-1."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    started: str
    status: int
    answer_headers: list[tuple[str, str]]
    seconds: float
    is_whole: bool
    answered_by: str
    request_size: int
    answer_size: int
    request_body: bytes
    answer_body: bytes


def written(passed: Passed) -> list[bytes]:
    """The bytes of an exchange: the length of the head, the head as JSON, and both bodies."""
    request, answer = passed.request.content, passed.answer.content
    head = json.dumps(
        {
            "method": passed.method,
            "target": passed.target,
            "headers": _text(passed.headers),
            "started": passed.started,
            "status": passed.status,
            "answer_headers": _text(passed.answer_headers),
            "seconds": passed.seconds,
            "is_whole": passed.is_whole,
            "answered_by": passed.answered_by,
            "request_size": passed.request.size,
            "answer_size": passed.answer.size,
            "lengths": [len(request), len(answer)],
        }
    ).encode()
    return [len(head).to_bytes(_SIZE_BYTES, "big"), head, request, answer]


class Frames:
    """Reads what `written` has written from a stream of bytes, given a function that reads so many of them."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read: Final = read

    def next(self) -> Exchange | None:
        """The next exchange, None at the end of the stream."""
        size = self._read(_SIZE_BYTES)
        if len(size) < _SIZE_BYTES:
            return None
        head = json.loads(self._read(int.from_bytes(size, "big")))
        bodies = [self._read(length) for length in head.pop("lengths")]
        for name in ("headers", "answer_headers"):
            head[name] = [(key, value) for key, value in head[name]]
        return Exchange(**head, request_body=bodies[0], answer_body=bodies[1])


def _text(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
