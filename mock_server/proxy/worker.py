"""The process that judges exchanges: reads them from standard input, and writes a line of JSON for each.

Its only argument is an object of JSON: `revision`, `outdated`, `base` (scheme and host of the server), `shows_data`,
and `record`, the file of an HTTP archive to which exchanges are written, or null.
"""

import json
import sys
from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from traceback import format_exception
from typing import Any, Final

import httpx

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.findings import Finding
from waldur_billing_mock.contracts.redaction import Caught
from waldur_billing_mock.contracts.reports.mask import Mask
from waldur_billing_mock.contracts.reports.report import ReportedFinding, reported_finding
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.traffic import Judged, TrafficJudge, operations_in_traffic
from waldur_billing_mock.mock_server.proxy.archive import ArchiveFile
from waldur_billing_mock.mock_server.proxy.passed import FAILED, Exchange, Frames

CACHED: Final = 4_096
"""How many answers are remembered that need not be judged again."""
LARGEST: Final = 64 * 1024 * 1024
"""The largest body that is judged, in bytes, decompressed."""
MOST_LISTED: Final = 1_000
"""How many findings of an outcome are listed: a server may name its fields by chance."""
_PIECE: Final = 65_536
_READABLE: Final = frozenset({"gzip", "deflate"})
_JUDGED: Final = frozenset({"allow", "content-type", "link", "location", "www-authenticate", "x-result-count"})
"""The headers of answers that are looked at."""


class Unreadable(str):
    """Why a body cannot be judged."""

    __slots__ = ()


class Worker:
    """Judges one exchange after the other. Answers that are equal, byte for byte, are judged once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._judge: Final = TrafficJudge(settings["revision"], outdated=settings["outdated"])
        self._routes: Final = Routes(operations_in_traffic(self._judge.description).values())
        self._base: Final = str(settings["base"])
        self._mask: Final = Mask(settings["shows_data"], self._judge.description.words)
        self._positions: Final[dict[tuple[str, ...], int]] = {}
        self._listed: Final[Counter[str]] = Counter()
        self._cache: Final[OrderedDict[bytes, tuple[str, str, list[int]]]] = OrderedDict()

    def answer(self, exchange: Exchange, body: bytes | Unreadable) -> dict[str, Any]:
        """What is said of an exchange: its operation, what was found (by position), what of it is new, or a reason.

        `body` is that of the answer, decompressed, or why it cannot be read.
        """
        if reason := _unreadable(exchange, body):
            return _said(exchange, self._operation(exchange), reason)
        assert isinstance(body, bytes), "a reason would have been told"
        key = _key(exchange, body)
        if key in self._cache:
            self._cache.move_to_end(key)
            operation, reason, found = self._cache[key]
            return _said(exchange, operation, reason, found)
        with Caught() as caught:
            judged = self._judged(exchange, body)
        if caught.error is not None:
            # One answer that the judge cannot cope with, such as one nested a thousand times, must not end all judging.
            sys.stderr.write(f"Error of the judge; please report this:\n{''.join(format_exception(caught.error))}")
            return _said(exchange, self._operation(exchange), FAILED)
        new: list[dict[str, Any]] = []
        positions = [self._position(judged.operation_id, finding, new) for finding in judged.findings]
        found = [position for position in positions if position is not None]
        self._cache[key] = judged.operation_id, judged.reason, found
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return _said(exchange, judged.operation_id, judged.reason, found, new)

    def _judged(self, exchange: Exchange, body: bytes) -> Judged:
        request_headers = {name.lower(): value for name, value in exchange.headers}
        role = "a client of the proxy" if "authorization" in request_headers else "anonymous"
        shown = tuple((name, value) for name, value in request_headers.items() if name in ("accept", "content-type"))
        request = Request(exchange.method, exchange.target, shown, exchange.request_body)
        answer = Answer(exchange.status, _joined(exchange.answer_headers), body, exchange.seconds)
        return self._judge.judge(request, answer, role)

    def _operation(self, exchange: Exchange) -> str:
        described = self._routes.of_reading(exchange.method, exchange.target.partition("?")[0])
        return described.operation_id if described is not None else ""

    def _position(self, operation: str, finding: Finding, new: list[dict[str, Any]]) -> int | None:
        """The position of a finding in the list of all; one that is seen for the first time is added to `new`.

        None for one that is seen for the first time when there are as many as are listed.
        """
        complaint = finding.complaint
        key = (operation, finding.outcome, complaint.what, complaint.place, *finding.explained_by)
        if key not in self._positions:
            if self._listed[finding.outcome] >= MOST_LISTED:
                return None
            self._listed[finding.outcome] += 1
            self._positions[key] = len(self._positions)
            reported: ReportedFinding = reported_finding(finding, self._base, self._mask)
            new.append(asdict(reported))
        return self._positions[key]


def _unreadable(exchange: Exchange, body: bytes | Unreadable) -> str:
    """Why an exchange cannot be judged; blank where it can."""
    if exchange.answered_by:
        return f"answered by {exchange.answered_by}"
    if not exchange.is_whole:
        return "the answer was broken off"
    if exchange.answer_size != len(exchange.answer_body):
        return "the body is too large to be judged"
    return body if isinstance(body, Unreadable) else ""


def _said(
    exchange: Exchange,
    operation: str = "",
    reason: str = "",
    found: list[int] | None = None,
    new: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "operation": operation,
        "status": exchange.status,
        "reason": reason,
        "found": found or [],
        "new": new or [],
    }


def _key(exchange: Exchange, body: bytes) -> bytes:
    """What an exchange is judged by, as a digest."""
    asked = {name.lower(): value for name, value in exchange.headers}
    # A refusal is known by what was asked for; a good answer is judged whatever was asked.
    target = exchange.target if exchange.status >= 400 else exchange.target.partition("?")[0]
    said = sorted((name.lower(), value) for name, value in exchange.answer_headers if name.lower() in _JUDGED)
    digest = blake2b(
        repr((exchange.method, target, asked.get("accept"), exchange.status, said)).encode(), digest_size=20
    )
    digest.update(body)
    return digest.digest()


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def decompressed(exchange: Exchange) -> bytes | Unreadable:
    """The body of an answer as it was before it was compressed, or why it cannot be read."""
    encoding = _joined(exchange.answer_headers).get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return exchange.answer_body
    if encoding not in _READABLE:
        return Unreadable(f"the body is compressed by {encoding[:20]}, which is not read here")
    raw = exchange.answer_body
    pieces = (raw[place : place + _PIECE] for place in range(0, len(raw), _PIECE))
    response = httpx.Response(exchange.status, headers={"content-encoding": encoding}, content=pieces)
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > LARGEST:
                return Unreadable("the body is too large to be judged")
    except httpx.DecodingError:
        return Unreadable(f"the body says that it is compressed by {encoding}, and is not")
    return bytes(body)


def main(settings: Mapping[str, Any]) -> None:
    """Judges what comes in until there is no more."""
    worker = Worker(settings)
    archive = ArchiveFile(Path(settings["record"]), settings["base"]) if settings["record"] else None
    frames = Frames(sys.stdin.buffer.read)
    while (exchange := frames.next()) is not None:
        body = decompressed(exchange)
        said = worker.answer(exchange, body)
        if archive is not None:
            try:
                archive.add(exchange, b"" if isinstance(body, Unreadable) else body)
            except OSError as error:
                sys.stderr.write(
                    f"--record {settings['record']} cannot be written: {error.strerror}. No more is recorded.\n"
                )
                with suppress(OSError):
                    archive.close()
                archive = None
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
