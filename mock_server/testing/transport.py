"""Calls an ASGI application from code that is not asynchronous, on the event loop of a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import httpx
from starlette.types import ASGIApp, Message

from waldur_billing_mock.mock_server.control.connection import ConnectionDropped

Result = TypeVar("Result")


class LoopThread:
    """An event loop in a daemon thread. All that one application does happens there, so it meets itself never."""

    def __init__(self) -> None:
        self.loop: Final = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="waldur-mock", daemon=True).start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Runs it there and waits for the result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def start(self, coroutine: Coroutine[Any, Any, object]) -> Future[object]:
        """Has it run there, and does not wait."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def stop(self) -> None:
        """Ends the loop, and the thread with it."""
        self.loop.call_soon_threadsafe(self.loop.stop)


class Transport(httpx.BaseTransport):
    """Lets an httpx client call an application in this process. The answer is read whole."""

    def __init__(self, app: ASGIApp, thread: LoopThread) -> None:
        self._app: Final = app
        self._thread: Final = thread

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        body = b"".join(request.stream)
        try:
            return self._thread.run(call(self._app, request, body))
        except ConnectionDropped as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


class AsyncTransport(httpx.AsyncBaseTransport):
    """The same for an asynchronous client, whatever loop it runs on."""

    def __init__(self, app: ASGIApp, thread: LoopThread) -> None:
        self._app: Final = app
        self._thread: Final = thread

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        future = asyncio.run_coroutine_threadsafe(call(self._app, request, body), self._thread.loop)
        try:
            return await asyncio.wrap_future(future)
        except ConnectionDropped as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


async def call(app: ASGIApp, request: httpx.Request, body: bytes) -> httpx.Response:
    """The answer of the application. An answer without an end is a dropped connection."""
    status, headers, content, ended = 500, [], bytearray(), False
    sent = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        if sent:
            return sent.pop()
        await asyncio.Future()  # nobody hangs up before the answer
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        nonlocal status, headers, ended
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
        else:
            content.extend(message.get("body", b""))
            ended = not message.get("more_body", False)

    url = request.url
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or 80),
        "client": ("127.0.0.1", 0),
    }
    await app(scope, receive, send)
    if not ended:
        raise ConnectionDropped("The mock closed the connection in the middle of the answer.")
    return httpx.Response(status, headers=headers, content=bytes(content), request=request)
