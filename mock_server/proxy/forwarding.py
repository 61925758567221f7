"""Forwards requests to a server, and its answers to the client, unchanged and piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

import httpx
from starlette.types import Receive, Scope, Send

from waldur_billing_mock.contracts.guard import READING
from waldur_billing_mock.mock_server.control.connection import hang_up
from waldur_billing_mock.mock_server.proxy.headers import of_answer, of_request
from waldur_billing_mock.mock_server.proxy.passed import Body, Passed
from waldur_billing_mock.mock_server.web.problems import detail
from waldur_billing_mock.mock_server.web.reply import Reply, refusal

_HIGHEST_STATUS: Final = 599


class ClientGone(Exception):
    """The client has closed its connection in the middle of a request."""


class Watch(Protocol):
    """Looks at what passes, and counts it."""

    def wants(self, method: str, path: str) -> bool:
        """Whether an exchange is to be held for `passed`. Called once for each request that is sent to the server."""

    def passed(self, exchange: Passed) -> None:
        """Called with what was wanted, after the answer was sent."""

    def refused(self) -> None:
        """Called for each request that is not sent."""

    def unanswered(self) -> None:
        """Called for each request to which the server gave no answer."""


class Fallback(Protocol):
    """Answers in the place of a server that lacks an operation."""

    def answers(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer says that the server lacks the operation."""

    async def answer(self, scope: Scope, body: bytes, send: Send) -> str:
        """Sends another answer, and returns who has given it."""


class Forwarding:
    """ASGI application. `address` is scheme, host and port of the server.

    With `read_only`, only requests that change nothing are sent. With `keeps_host`, the server gets the client's Host
    header, so that the links in its answers lead to the proxy. `now` is the time of day, `clock` returns seconds.
    """

    def __init__(
        self,
        address: str,
        client: httpx.AsyncClient,
        watch: Watch,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        read_only: bool = False,
        keeps_host: bool = False,
        fallback: Fallback | None = None,
    ) -> None:
        self._url: Final = httpx.URL(address)
        self._address: Final = address
        self._host: Final = self._url.netloc
        self._client: Final = client
        self._watch: Final = watch
        self._now: Final = now
        self._clock: Final = clock
        self._read_only: Final = read_only
        self._keeps_host: Final = keeps_host
        self._fallback: Final = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if self._read_only and method not in READING:
            text = (
                f"The proxy only lets reading through (--read-only), so that this {method} was not sent to the server."
            )
            self._watch.refused()
            await refusal(detail(403, text))(scope, receive, send)
            return
        target = _target(scope)
        exchange = None
        if self._watch.wants(method, scope["path"]):
            exchange = Passed(method, target.decode("latin-1"), scope["headers"], self._now().isoformat())
        begun = self._clock()
        headers, has_body = of_request(scope["headers"], self._host_for(scope))
        request = httpx.Request(
            method,
            self._url,
            headers=headers,
            stream=_Sent(receive, exchange.request if exchange else None) if has_body else _EMPTY,
            # What is asked for is sent unchanged; a URL would be made regular first.
            extensions={"target": target},
        )
        try:
            answer = await self._client.send(request, stream=True)
        except ClientGone:
            return
        except httpx.TransportError as error:
            self._watch.unanswered()
            await self._failure(error)(scope, receive, send)
            return
        try:
            if answer.status_code > _HIGHEST_STATUS:
                text = f"The server answered with the status {answer.status_code}, which HTTP does not have."
                await refusal(detail(502, text))(scope, receive, send)
            elif await self._falls_back(exchange, answer, scope, send):
                pass
            else:
                await self._send(exchange, answer, scope, receive, send)
        finally:
            await answer.aclose()
            if exchange is not None:
                exchange.seconds = self._clock() - begun
                self._watch.passed(exchange)

    def _host_for(self, scope: Scope) -> bytes:
        if self._keeps_host:
            for name, value in scope["headers"]:
                if name == b"host":
                    return bytes(value)
        return self._host

    async def _falls_back(self, exchange: Passed | None, answer: httpx.Response, scope: Scope, send: Send) -> bool:
        """Whether another has answered, as the server lacks the operation."""
        fallback = self._fallback
        if fallback is None or exchange is None or not exchange.request.is_whole:
            return False
        if not fallback.answers(exchange.method, scope["path"], answer.status_code, answer.headers):
            return False
        exchange.status, exchange.answer_headers = answer.status_code, of_answer(answer.headers.raw)
        exchange.answered_by = await fallback.answer(scope, exchange.request.content, send)
        return True

    async def _send(
        self, exchange: Passed | None, answer: httpx.Response, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = of_answer(answer.headers.raw)
        if exchange is not None:
            exchange.status, exchange.answer_headers = answer.status_code, headers
        held = exchange.answer if exchange is not None else None
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        try:
            is_whole = True
            if "content-length" in answer.headers or scope["method"] == "HEAD":
                await _pass(answer, held, send)
            else:
                is_whole = await _pass_until_gone(answer, held, receive, send)
        except httpx.TransportError:
            # The client must not take half an answer for a whole one.
            await hang_up(scope, at_once=False)
            return
        if exchange is not None:
            exchange.is_whole = is_whole

    def _failure(self, error: httpx.TransportError) -> Reply:
        """What a client is told where the server gave no answer."""
        if isinstance(error, httpx.LocalProtocolError):
            return refusal(detail(400, f"The request cannot be sent to {self._address}: {error}."))
        if isinstance(error, httpx.TimeoutException):
            what = "could not be connected to" if isinstance(error, httpx.ConnectTimeout) else "did not answer"
            return refusal(detail(504, f"{self._address} {what} in time; --timeout S gives it longer."))
        reason = str(error).strip().rstrip(".") or type(error).__name__
        return refusal(detail(502, f"{self._address} gave no answer: {reason}."))


class _Sent(httpx.AsyncByteStream):
    """The body of a request, as it comes from the client."""

    def __init__(self, receive: Receive, held: Body | None) -> None:
        self._receive: Final = receive
        self._held: Final = held

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            piece, more = message.get("body", b""), message.get("more_body", False)
            if self._held is not None:
                self._held.add(piece)
            if piece:
                yield piece


_EMPTY: Final = httpx.ByteStream(b"")


async def _pass(answer: httpx.Response, held: Body | None, send: Send) -> None:
    """Sends the body of an answer as it comes, compressed as it is."""
    async for piece in answer.aiter_raw():
        if held is not None:
            held.add(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _pass_until_gone(answer: httpx.Response, held: Body | None, receive: Receive, send: Send) -> bool:
    """The same, until the client hangs up: an answer without a length, such as a stream of events, may never end.

    Whether the answer has ended.
    """
    passing = asyncio.create_task(_pass(answer, held, send))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if passing.done():
            await passing
            return True
        return False
    finally:
        for task in (passing, leaving):
            task.cancel()
        await asyncio.gather(passing, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        """The rest of a request that was answered before it was read."""


def _target(scope: Scope) -> bytes:
    """Path and query in the spelling of the client."""
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path
