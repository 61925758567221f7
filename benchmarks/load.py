"""Sends requests over loopback, and measures what they cost the server and how long their answers took.

The client is a plain socket loop in this process; what it costs does not count, as the CPU time of the server's own
process is read. Several requests are under way at a time, so that the server never waits for the client.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

CONNECTIONS = 8

Round: TypeAlias = tuple[bytes, ...]
"""Requests that one connection sends one after the other: a question, or a write and the read that shows it."""


class Answer(NamedTuple):
    """What came back. The head is in lower case."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header, or nothing."""
        return self.head.partition(name + b": ")[2].partition(b"\r\n")[0]


class Connection:
    """One connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> Answer:
        """The next answer, which has a content-length."""
        received = self._socket.recv(1 << 20)
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        answer = Answer(int(head[9:12]), head.lower(), body)
        chunks, missing = [body], int(answer.header(b"content-length") or 0) - len(body)
        while missing > 0:
            chunks.append(self._more())
            missing -= len(chunks[-1])
        return answer._replace(body=b"".join(chunks))

    def ask(self, request: bytes) -> Answer:
        self.send(request)
        return self.receive()

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        chunk = self._socket.recv(1 << 20)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """The bytes of a request, as a usual client writes them."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", "User-Agent: bench"]
    lines += [f"Authorization: Token {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def in_session(sent: bytes, session: str) -> bytes:
    """The request with the header that names a session."""
    return sent.replace(b"\r\nHost:", f"\r\nX-Mock-Session: {session}\r\nHost:".encode(), 1)


def cpu_seconds(pid: int) -> float:
    """The CPU time that all threads of a process have used."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_bytes(pid: int) -> int:
    """The memory that a process holds."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def cost(pid: int, port: int, rounds: Sequence[Round], seconds: float = 0.6) -> tuple[float, float]:
    """CPU seconds of the server for one of the rounds, and rounds a second.

    Each connection walks the list from another place, so that no two of them ask the same at about the same time.
    """
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    places = [len(rounds) * number // CONNECTIONS for number in range(CONNECTIONS)]
    step, begun, used = 0, time.perf_counter(), cpu_seconds(pid)
    while time.perf_counter() - begun < seconds:
        for sent in zip(*(rounds[(place + step) % len(rounds)] for place in places), strict=True):
            for connection, each in zip(connections, sent, strict=True):
                connection.send(each)
            for connection, each in zip(connections, sent, strict=True):
                _must_succeed(connection.receive().status, each)
        step += 1
    used, elapsed = cpu_seconds(pid) - used, time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return used / step / CONNECTIONS, step * CONNECTIONS / elapsed


def latencies(port: int, requests: Sequence[bytes], rate: float, seconds: float = 2.0) -> list[float]:
    """How long each answer took, sorted: the requests in turn, due at an even rate whatever the server does.

    Time counts from when a request was due, so that waiting for a free connection counts, too.
    """
    free, poller = deque(Connection(port) for _ in range(CONNECTIONS)), select.epoll()
    busy: dict[int, tuple[Connection, float, bytes]] = {}
    for connection in free:
        poller.register(connection.fileno(), select.EPOLLIN)
    taken: list[float] = []
    begun, number, count = time.perf_counter(), 0, int(rate * seconds)
    while len(taken) < count:
        # The loop never sleeps: what would wake it up late would count as the server's.
        while number < count and free and (due := begun + number / rate) <= time.perf_counter():
            connection, sent = free.popleft(), requests[number % len(requests)]
            connection.send(sent)
            busy[connection.fileno()] = connection, due, sent
            number += 1
        for file, _ in poller.poll(0):
            connection, due, sent = busy.pop(file)
            _must_succeed(connection.receive().status, sent)
            taken.append(time.perf_counter() - due)
            free.append(connection)
    poller.close()
    for connection in free:
        connection.close()
    return sorted(taken)


def _must_succeed(status: int, sent: bytes) -> None:
    if status >= 400:
        raise RuntimeError(f"{status} for {sent!r}")
