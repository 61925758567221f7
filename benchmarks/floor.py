"""The floor: the least that an ASGI application on uvicorn can do. `GET /<n>` answers n bytes that are ready."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

_READY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}


def _ready(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    body = b" " * int(path[1:])
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


async def app(scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """Answers with messages that were made at the first request for the path."""
    path = scope["path"]
    if path not in _READY:
        _READY[path] = _ready(path)
    start, body = _READY[path]
    await send(start)
    await send(body)


def main(port: int) -> None:
    """Serves with the settings of the mock."""
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off", server_header=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
