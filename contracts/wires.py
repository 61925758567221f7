"""The two ways to a target: HTTP, and an ASGI application in this process. Both are used by the guard alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import unquote

import requests

from waldur_billing_mock.contracts.exchange import Answer, Request

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""

IN_PROCESS: Final = "http://mock.invalid"
"""The address that an application in this process is told it has."""


class HttpWire:
    """Carries requests to a URL. `trust` is True, or the file of a certificate authority of one's own."""

    def __init__(self, base: str, trust: bool | str, timeout: float) -> None:
        self._base: Final = base.rstrip("/")
        self._timeout: Final = timeout
        self._session: Final = requests.Session()
        self._settings: Final = self._session.merge_environment_settings(self._base, {}, None, trust, None)

    def carry(self, request: Request, token: str) -> Answer:
        prepared = requests.PreparedRequest()
        prepared.prepare(method=request.method, url=self._base, data=request.body or None)
        prepared.url = self._base + request.target  # after preparing, so that the target is sent as it stands
        prepared.headers.update(_headers(request, token))
        started = time.perf_counter()
        try:
            response = self._session.send(
                prepared, timeout=(min(5.0, self._timeout), self._timeout), allow_redirects=False, **self._settings
            )
        except requests.Timeout:
            raise TimeoutError from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise ConnectionError from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content, time.perf_counter() - started)


class AsgiWire:
    """Carries requests to an application in this process, which runs in a loop of its own, one request at a time."""

    def __init__(self, application: Application, timeout: float) -> None:
        self._application: Final = application
        self._timeout: Final = timeout
        self._loop: Final = asyncio.new_event_loop()

    def carry(self, request: Request, token: str) -> Answer:
        started = time.perf_counter()
        answering = asyncio.wait_for(self._call(request, token), self._timeout)
        status, headers, body = self._loop.run_until_complete(answering)
        return Answer(status, headers, body, time.perf_counter() - started)

    async def _call(self, request: Request, token: str) -> tuple[int, dict[str, str], bytes]:
        path, _, query = request.target.partition("?")
        host = IN_PROCESS.partition("//")[2]
        sent = {"host": host, **_headers(request, token)}
        sent["content-length"] = str(len(request.body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            "client": None,
            "server": (host, 80),
            "state": {},
        }
        status, body, given, started = 500, b"", False, False
        headers: dict[str, str] = {}

        async def receive() -> Message:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, body, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                for name, value in message.get("headers", ()):
                    key, text = name.decode("latin-1").lower(), value.decode("latin-1")
                    headers[key] = f"{headers[key]}, {text}" if key in headers else text
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")

        # A server turns whatever an application raises into a 500, unless the answer has begun.
        (raised,) = await asyncio.gather(self._application(scope, receive, send), return_exceptions=True)
        if isinstance(raised, BaseException) and not started:
            return 500, {"content-type": "text/plain"}, f"the application raised {type(raised).__name__}".encode()
        return status, headers, body


def _headers(request: Request, token: str) -> dict[str, str]:
    headers = {"accept": "application/json", **{name.lower(): value for name, value in request.headers}}
    if token:
        headers["authorization"] = f"Token {token}"
    return headers
