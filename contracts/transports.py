"""The two ways to a target: HTTP, and an ASGI application in this process. Both are used by the guard alone."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.guard import Lost, TooLarge
from waldur_billing_mock.contracts.settings import Unusable

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""

IN_PROCESS: Final = "http://mock.invalid"
"""The address that an application in this process is told it has."""
LARGEST: Final = 64 * 1024 * 1024
"""The largest body that is read, in bytes, decompressed."""


def trust(authority: Path | None) -> ssl.SSLContext:
    """The certificates that are trusted: the usual ones, or those in a file, which raises `Unusable` if it has none."""
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ValueError) as error:
        raise Unusable(f"--ca {authority}: the certificates cannot be read: {error}.") from None


class HttpTransport:
    """Carries requests to a URL. `timeout` is the time of a whole request: connecting, sending, and the whole answer.

    `authority` is a file with certificates of one's own. Raises `Unusable` where that file cannot be used.
    """

    def __init__(self, base: str, authority: Path | None, timeout: float, agent: str) -> None:
        self._base: Final = httpx.URL(base)
        self._timeout: Final = timeout
        self._agent: Final = agent
        self._loop: Final = asyncio.new_event_loop()
        self._trust: Final = trust(authority)
        self._client = self._connect()

    def carry(self, request: Request, token: str) -> Answer:
        """The answer of the server."""
        started = time.perf_counter()
        ended = False
        try:
            status, headers, body = self._loop.run_until_complete(
                asyncio.wait_for(self._exchange(request, token), self._timeout)
            )
            ended = True
        except (TimeoutError, httpx.TimeoutException):
            raise Lost(f"there was no whole answer within {self._timeout:g} seconds (--timeout allows more)") from None
        except (httpx.TransportError, httpx.DecodingError, OSError) as error:
            raise _lost(error) from None
        finally:
            if not ended:
                self._begin_anew()
        return Answer(status, headers, body, time.perf_counter() - started)

    def _connect(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._trust, timeout=self._timeout, follow_redirects=False)

    def _begin_anew(self) -> None:
        """Gives up the connections, of which one may be in the middle of an answer."""
        self._loop.run_until_complete(self._give_up())
        self._client = self._connect()

    async def _give_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, self._client.aclose(), return_exceptions=True)

    def close(self) -> None:
        """Closes the connections."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()

    async def _exchange(self, request: Request, token: str) -> tuple[int, dict[str, str], bytes]:
        headers = {"user-agent": self._agent, **_headers(request, token)}
        # The cookies of earlier answers are not sent: requests are independent.
        self._client.cookies.clear()
        sent = self._client.build_request(
            request.method,
            self._base,
            headers=headers,
            content=request.body or None,
            # What is asked for is sent unchanged; a URL would be made regular first.
            extensions={"target": request.target.encode("ascii")},
        )
        async with _Streamed(self._client, sent) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise TooLarge(f"an answer to {request.method} {request.path} is larger than {LARGEST >> 20} MB")
            received = {name.lower(): value for name, value in response.headers.items()}
            return response.status_code, received, bytes(body)


class _Streamed:
    """One answer whose body is read piece by piece; the connection is closed in any case."""

    def __init__(self, client: httpx.AsyncClient, request: httpx.Request) -> None:
        self._client: Final = client
        self._request: Final = request
        self._response: httpx.Response | None = None

    async def __aenter__(self) -> httpx.Response:
        self._response = await self._client.send(self._request, stream=True)
        return self._response

    async def __aexit__(self, *error: object) -> None:
        if self._response is not None:
            await self._response.aclose()


class AsgiTransport:
    """Carries requests to an application in this process, which runs in a loop of its own, one request at a time."""

    def __init__(self, application: Application, timeout: float, agent: str) -> None:
        self._application: Final = application
        self._timeout: Final = timeout
        self._agent: Final = agent
        self._loop: Final = asyncio.new_event_loop()

    def carry(self, request: Request, token: str) -> Answer:
        """The answer of the application."""
        started = time.perf_counter()
        answering = asyncio.wait_for(self._call(request, token), self._timeout)
        try:
            status, headers, body = self._loop.run_until_complete(answering)
        except TimeoutError:
            raise Lost(f"there was no whole answer within {self._timeout:g} seconds (--timeout allows more)") from None
        return Answer(status, headers, body, time.perf_counter() - started)

    async def _call(self, request: Request, token: str) -> tuple[int, dict[str, str], bytes]:
        path, _, query = request.target.partition("?")
        host = IN_PROCESS.partition("//")[2]
        sent = {"host": host, "user-agent": self._agent, **_headers(request, token)}
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


def _lost(error: Exception) -> Lost:
    """What kept an answer from coming, in words; asking again does not help against a wrong name or certificate."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for one in causes:
        if isinstance(one, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted ({one.verify_message}); --ca FILE names an authority of your own"
            return Lost(why, repeatable=False)
        if isinstance(one, ssl.SSLError):
            return Lost(f"there is no TLS at this address ({one.reason or 'the handshake failed'})", repeatable=False)
        if isinstance(one, socket.gaierror):
            return Lost("its host name is not known", repeatable=False)
        if isinstance(one, ConnectionRefusedError):
            return Lost("the connection was refused; nothing listens at this address")
    if isinstance(error, httpx.DecodingError):
        return Lost("its body cannot be decompressed", repeatable=False)
    if isinstance(error, httpx.RemoteProtocolError):
        return Lost("the server closed the connection, or does not speak HTTP")
    return Lost(f"the connection was lost ({type(error).__name__})")
