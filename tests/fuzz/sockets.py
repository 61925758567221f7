"""Attacks through real sockets, where time matters: slow senders, half-closed connections, masses of headers.

Each talks to a mock that listens in this process, and ends with a plain question that must be answered.
"""

import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Final

from tests.web.listening import Answer, Listening, answer, head, listening
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.world_file import dump

LIMITS: Final = Limits(silence_seconds=1.0, connections=40)
INVOICE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
_JSON: Final = "Content-Type: application/json"
_BODY: Final = b'{"backend_id": "slow"}'
_LATEST: Final = 20.0


def _write(length: int, *lines: str) -> bytes:
    return head("POST", f"{INVOICE}set_backend_id/", _JSON, f"Content-Length: {length}", *lines)


def slow_head(server: Listening, chance: Random) -> None:
    """A head that comes byte by byte is cut off when its time is over, and is no answer before."""
    with server.connect() as connection, suppress(ConnectionError):
        begun = time.monotonic()
        for byte in head("GET", "/api/invoices/", "X: " + "x" * 500):
            connection.sendall(bytes([byte]))
            time.sleep(0.02)
            if time.monotonic() - begun > _LATEST:
                raise AssertionError("a slow head keeps its connection")


def slow_body(server: Listening, chance: Random) -> None:
    """A body that comes piece by piece is taken."""
    with server.connect() as connection:
        connection.sendall(_write(len(_BODY)))
        for start in range(0, len(_BODY), size := chance.randint(1, 9)):
            connection.sendall(_BODY[start : start + size])
            time.sleep(0.005)
        expect(answer(connection), 200)


def silent(server: Listening, chance: Random) -> None:
    """Who says nothing, or stops in the middle, is cut off."""
    with server.connect() as connection:
        connection.sendall(chance.choice([b"", b"G", b"GET / HTTP/1.1\r\n", _write(100), _write(100) + _BODY]))
        connection.settimeout(_LATEST)
        while connection.recv(65536):
            pass


def half_closed(server: Listening, chance: Random) -> None:
    """Who sends a whole request and closes its side is answered."""
    with server.connect() as connection:
        connection.sendall(head("GET", "/api/invoices/"))
        connection.shutdown(socket.SHUT_WR)
        expect(answer(connection), 200, 0)


def gone(server: Listening, chance: Random) -> None:
    """Who resets the connection in the middle of a write has changed nothing."""
    connection = server.connect()
    request = _write(len(_BODY) + 1) + _BODY
    connection.sendall(request[: chance.randint(1, len(request))])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def not_reading(server: Listening, chance: Random) -> None:
    """Who asks much and reads nothing does not keep others waiting."""
    with server.connect() as connection:
        connection.setblocking(False)
        with suppress(BlockingIOError, ConnectionError):
            for _ in range(200):
                connection.send(head("GET", "/api/invoices/") * 20)
        expect(server.send(head("GET", "/api/invoices/")), 200, 503)


def pipelined(server: Listening, chance: Random) -> None:
    """Requests behind each other are answered in their order, in however many pieces they come."""
    targets = [chance.choice(["/api/invoices/", INVOICE, "/api/nothing/", "/api/invoices"]) for _ in range(8)]
    known = {"/api/invoices/": 200, INVOICE: 200, "/api/nothing/": 404, "/api/invoices": 301}
    sent = b"".join(head("GET", target) for target in targets)
    with server.connect() as connection:
        start = 0
        while start < len(sent):
            end = start + chance.choice([1, 7, 100, 5000])
            connection.sendall(sent[start:end])
            start = end
        statuses = _statuses(connection, len(targets))
    if statuses != [known[target] for target in targets]:
        raise AssertionError(f"{targets} are answered with {statuses}")


def _statuses(connection: socket.socket, number: int) -> list[int]:
    received = b""
    deadline = time.monotonic() + _LATEST
    while received.count(b"HTTP/1.1 ") < number and time.monotonic() < deadline:
        more = connection.recv(65536)
        if not more:
            break
        received += more
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def longer_than_announced(server: Listening, chance: Random) -> None:
    """What comes after a body is the next request, and no part of the body."""
    with server.connect() as connection:
        connection.sendall(_write(len(_BODY)) + _BODY + chance.choice([b"more", b"\r\n\r\n", b"{}", b"\x00"]))
        expect(answer(connection), 200)


def mass_of_headers(server: Listening, chance: Random) -> None:
    """10,000 headers are refused with 431."""
    line = chance.choice(["a: b", "Cookie: a=b", "X-Forwarded-For: 1.2.3.4", "a:"])
    expect(server.send(head("GET", "/api/invoices/", *[line] * 10_000)), 431)


def many_connections(server: Listening, chance: Random) -> None:
    """More connections than the limit are answered with 503, and afterwards it goes on."""
    held = [server.connect() for _ in range(LIMITS.connections + 5)]
    for connection in held:
        connection.close()


def chunks(server: Listening, chance: Random) -> None:
    """A body in chunks of any size is taken, one with a broken chunk is refused."""
    pieces, rest = [], _BODY
    while rest:
        size = chance.randint(1, 6)
        pieces.append(b"%x\r\n%s\r\n" % (len(rest[:size]), rest[:size]))
        rest = rest[size:]
    request = head("POST", f"{INVOICE}set_backend_id/", _JSON, "Transfer-Encoding: chunked")
    expect(server.send(request, *pieces, b"0\r\n\r\n"), 200)
    pieces.insert(
        chance.randrange(len(pieces)), chance.choice([b"zz\r\n", b"-1\r\n", b"\r\n\r\n", b"fffffffffffffffff\r\n"])
    )
    expect(server.send(request, *pieces, b"0\r\n\r\n"), 400)


def expect(found: Answer, *statuses: int) -> None:
    if found.status not in statuses:
        raise AssertionError(f"{found.status} instead of {statuses}: {found.body[:300]!r}")


ATTACKS: Final[Mapping[str, Callable[[Listening, Random], None]]] = {
    attack.__name__.replace("_", "-"): attack
    for attack in (
        slow_head, slow_body, silent, half_closed, gone, not_reading, pipelined, longer_than_announced, mass_of_headers,
        many_connections, chunks,
    )
}  # fmt: skip
"""The attacks by name."""
UNCHANGED: Final = frozenset({"slow-head", "silent", "half-closed", "gone", "not-reading", "mass-of-headers"})
"""Those that carry out no write."""


def attack(name: str, number: int, times: int = 5) -> int:
    """Attacks a few times, as the number says, and returns how often. Raises `AssertionError` where it does harm."""
    chance = Random(number)
    with listening(LIMITS) as server:
        before = dump(server.stage.world)
        for _ in range(times):
            ATTACKS[name](server, chance)
        _answers_again(server)
        if name in UNCHANGED and dump(server.stage.world) != before:
            raise AssertionError(f"{name} has changed the world")
    return times


def _answers_again(server: Listening) -> None:
    """A plain question is answered; while connections of before are being closed, with 503."""
    deadline = time.monotonic() + _LATEST
    while (found := server.send(head("GET", "/api/invoices/"))).status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(found, 200)
