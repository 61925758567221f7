"""One line a request: method, path, status, duration. Tokens and bodies are never written."""

import json
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLog:
    """ASGI middleware. `write` takes the line, `clock` tells seconds, `as_json` chooses the form of the line."""

    def __init__(
        self, app: ASGIApp, *, write: Callable[[str], object], clock: Callable[[], float], as_json: bool
    ) -> None:
        self._app: Final = app
        self._write: Final = write
        self._clock: Final = clock
        self._as_json: Final = as_json

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # what the client gets where the application fails before it answers
        begun = self._clock()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._write(self._line(scope, status, (self._clock() - begun) * 1000))

    def _line(self, scope: Scope, status: int, milliseconds: float) -> str:
        path = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        if self._as_json:
            fields = {"method": scope["method"], "path": path, "status": status, "ms": round(milliseconds, 1)}
            return json.dumps(fields)
        return f"{scope['method']:7} {status} {milliseconds:7.1f} ms  {path!r}"[:2000]
