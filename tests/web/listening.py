"""A real server in this process, on a free port, for tests that talk through sockets and set limits."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import uvicorn

from tests.asgi import pristine
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.connection import uvicorn_config
from waldur_billing_mock.mock_server.web.limits import Limits

_SECONDS: Final = 30


@dataclass(frozen=True)
class Answer:
    """An answer as it came; status 0 where the connection was closed without one."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        text: str = json.loads(self.body)["detail"]
        return text


@dataclass(frozen=True)
class Listening:
    """A server, and the holder of its world."""

    port: int
    stage: Stage

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS)

    def send(self, *pieces: bytes) -> Answer:
        """The answer to bytes that are sent through a connection of their own."""
        with self.connect() as connection:
            with suppress(ConnectionError):  # An answer may come before all has been sent.
                for piece in pieces:
                    connection.sendall(piece)
            return answer(connection)


def head(method: str, target: str, *headers: str) -> bytes:
    """The head of a request by staff."""
    lines = [f"{method} {target} HTTP/1.1", "Host: mock.example", f"Authorization: Token {STAFF_TOKEN}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(connection: socket.socket) -> Answer:
    """The next answer of a connection."""
    received = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in received and (more := connection.recv(65536)):
            received += more
    if not received:
        return Answer(0, {}, b"")
    start, _, body = received.partition(b"\r\n\r\n")
    status, *lines = start.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)) and (more := connection.recv(65536)):
        body += more
    return Answer(int(status.split()[1]), headers, body)


@contextmanager
def listening(limits: Limits, **settings: Any) -> Iterator[Listening]:
    """Serves the single invoice of November until the end of the block."""
    stage = Stage(pristine("one-invoice"))
    app = create_app(Settings(limits=limits, **settings), stage)
    server = uvicorn.Server(uvicorn_config(app, limits, at_once=app.at_once))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + _SECONDS
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.01)
            yield Listening(listener.getsockname()[1], stage)
        finally:
            server.should_exit = True
            thread.join()
