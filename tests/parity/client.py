"""Calls an ASGI application in this process, byte for byte as a request came over the wire."""

import asyncio
import atexit
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Message
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

HOST: Final = "waldur.example"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: str


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of all requests, as a new one for each takes longer than an answer."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


class Client:
    """Speaks to one application, which is served behind the same proxy middleware as on a socket."""

    def __init__(self, app: ASGIApp) -> None:
        # uvicorn types its applications more loosely than Starlette does.
        self._app: Final = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")  # type: ignore[arg-type]

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The answer to one request; `target` is the path with its query, percent-encoded as sent."""
        return _loop().run_until_complete(self._call(method, target, headers, body))

    async def _call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        sent = {"Host": HOST, **({"Content-Length": str(len(body))} if body else {}), **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000),
            "server": (HOST, 80),
        }
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        # Starlette raises the error of a handler once more after it has answered 500; the answer is what counts here.
        await asyncio.wait({asyncio.ensure_future(self._app(scope, receive, send))})  # type: ignore[arg-type]
        start, *chunks = messages
        return Answer(
            start["status"],
            {name.decode("latin-1"): value.decode("latin-1") for name, value in start.get("headers", ())},
            b"".join(chunk.get("body", b"") for chunk in chunks).decode(),
        )
