"""A server on loopback that writes given bytes, and records who asked."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

LONGEST_HEAD: Final = 65_536


@dataclass(frozen=True)
class Asked:
    """The head of a request, as it came."""

    method: str
    target: str
    headers: dict[str, str]


class Connection:
    """One connection to the server. What is written after the caller has left is dropped."""

    def __init__(self, server: "Listener", connection: socket.socket) -> None:
        self.server: Final = server
        self.socket: Final = connection

    def write(self, data: bytes) -> bool:
        """Whether the caller still listens."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return not self.server.ended.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether the server still runs after so many seconds."""
        return not self.server.ended.wait(seconds)

    def endless(self, chunk: bytes, pause: float = 0.0) -> None:
        """Write the same bytes until the caller leaves or the server ends."""
        while self.write(chunk) and self.wait(pause):
            pass

    def reset(self) -> None:
        """Close the connection without a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


Behaviour = Callable[[Asked, Connection], None]
"""Answers one request; the connection is closed afterwards."""


@dataclass
class Listener:
    """`asked` holds all requests in their order, `url` is where the server answers."""

    behaviour: Behaviour
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        """Answer one request."""
        with connection, suppress(OSError):
            connection.settimeout(30)
            if (asked := _head(connection)) is not None:
                self.asked.append(asked)
                self.behaviour(asked, Connection(self, connection))


def _head(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(LONGEST_HEAD)
        if not chunk or len(data) > LONGEST_HEAD:
            return None
        data += chunk
    first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Asked(method, target, {name.strip().lower(): value.strip() for name, _, value in pairs})


@contextmanager
def listening(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, https: bool = False) -> Iterator[Listener]:
    """Serve on a free port in threads; `https` only says so in the URL, `tls` speaks it."""
    listener = Listener(behaviour, "https" if https or tls else "http")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(0.05)
        listener.port = server.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(server, listener, tls), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.ended.set()
            thread.join()


def _accept(server: socket.socket, listener: Listener, tls: ssl.SSLContext | None) -> None:
    while not listener.ended.is_set():
        try:
            connection, _ = server.accept()
        except OSError:
            continue
        listener.connections += 1
        threading.Thread(target=_serve, args=(connection, listener, tls), daemon=True).start()


def _serve(connection: socket.socket, listener: Listener, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        connection.settimeout(30)
        listener.serve(tls.wrap_socket(connection, server_side=True) if tls else connection)
