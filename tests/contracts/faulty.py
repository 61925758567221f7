"""A network and a server in trouble: a proxy before a mock that lets some requests fail, as a plan says."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

RESET: Final = "reset"
"""The connection is reset, and the mock never hears of the request."""
LOST: Final = "lost"
"""The mock does what was asked; the connection is reset before its answer."""
SILENCE: Final = "silence"
"""No answer comes for longer than anybody waits."""
Fault = str | tuple[int, dict[str, str]] | None
"""One of the words above, a status with headers for an answer, or None for no fault."""
Plan = Callable[[int, str, str], Fault]
"""Told the number of a request (from 1), its method and its target, says what becomes of it."""

SECONDS_OF_SILENCE: Final = 4.0
_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_NOT_HANDED_ON: Final = frozenset({"connection", "transfer-encoding", "date", "server"})


class Proxy:
    """`asked` holds method and target of all requests that came."""

    def __init__(self, url: str, plan: Plan) -> None:
        self.asked: Final[list[tuple[str, str]]] = []
        self.plan = plan
        self._mock: Final = urlsplit(url).netloc
        self._server: Final = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._silence: Final = threading.Event()
        self.url: Final = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["Proxy"]:
        """The proxy answers until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._silence.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        methods = dict.fromkeys((f"do_{method}" for method in _METHODS), lambda handler: self._answer(handler))
        ways = {
            "log_message": lambda handler, *words: None,
            "protocol_version": "HTTP/1.1",
            # An answer leaves in two pieces, of which the second would wait 40 ms for the first to be acknowledged.
            "disable_nagle_algorithm": True,
        }
        return type("Handler", (BaseHTTPRequestHandler,), {**methods, **ways})

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.command, handler.path))
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        match self.plan(len(self.asked), handler.command, handler.path):
            case (int(status), headers):
                _send(handler, status, {"content-type": "application/json", **headers}, b'{"detail":"Trouble."}')
            case str(word) if word == RESET:
                _reset(handler)
            case str(word) if word == LOST:
                self._ask(handler, body)
                _reset(handler)
            case str(word) if word == SILENCE:
                self._silence.wait(SECONDS_OF_SILENCE)
                _reset(handler)
            case _:
                _send(handler, *self._ask(handler, body))

    def _ask(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._mock)
        connection.request(handler.command, handler.path, body, dict(handler.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content


def _send(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    handler.send_response_only(status)
    for name, value in headers.items():
        if name.lower() not in {*_NOT_HANDED_ON, "content-length"}:
            handler.send_header(name, value)
    if status != 204:
        handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(b"" if handler.command == "HEAD" else body)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection with a reset instead of an end."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.wfile.close()
    handler.rfile.close()
    handler.connection.close()
