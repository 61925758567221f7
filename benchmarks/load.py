"""Sends requests over loopback, and tells what they cost the server and how long their answers took.

The client is a plain socket loop in this process; what it costs does not count, as the CPU time of the server's own
process is read. Several requests are under way at a time, so that the server never waits for the client.
"""

import socket
import time
from collections.abc import Sequence
from pathlib import Path

CONNECTIONS = 8


class Connection:
    """One connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> tuple[int, bytes]:
        """The status and the body of the next answer, which has a content-length."""
        received = self._socket.recv(1 << 20)
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        lowered = head.lower()
        length = int(lowered.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        chunks, missing = [body], length - len(body)
        while missing > 0:
            chunks.append(self._more())
            missing -= len(chunks[-1])
        return int(head[9:12]), b"".join(chunks)

    def ask(self, request: bytes) -> tuple[int, bytes]:
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


def cpu_seconds(pid: int) -> float:
    """The CPU time that the main thread of a process has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def resident_bytes(pid: int) -> int:
    """The memory that a process holds."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def cost(pid: int, port: int, requests: Sequence[bytes], seconds: float = 0.6) -> tuple[float, float]:
    """CPU seconds of the server for a round of the requests, and rounds a second; each connection sends them all."""
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    rounds, begun, used = 0, time.perf_counter(), cpu_seconds(pid)
    while time.perf_counter() - begun < seconds:
        for sent in requests:
            for connection in connections:
                connection.send(sent)
            for connection in connections:
                status, _ = connection.receive()
                if status >= 400:
                    raise RuntimeError(f"{status} for {sent!r}")
        rounds += CONNECTIONS
    used, elapsed = cpu_seconds(pid) - used, time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return used / rounds, rounds / elapsed


def latencies(port: int, sent: bytes, rate: float, seconds: float = 3.0) -> list[float]:
    """How long each answer took, sorted, when requests are sent at an even rate whatever the server does."""
    connection, taken = Connection(port), []
    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.ask(sent)
        taken.append(time.perf_counter() - due)
    connection.close()
    return sorted(taken)
