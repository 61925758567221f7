"""The least that a proxy on httpx can do: it forwards, and looks at nothing. Takes the server's address and a port."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import uvicorn

_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"host"})
_clients: list[httpx.AsyncClient] = []


def _client(address: str) -> httpx.AsyncClient:
    """Made in the loop that it is used in."""
    if not _clients:
        _clients.append(httpx.AsyncClient(base_url=address, limits=httpx.Limits(max_connections=None)))
    return _clients[0]


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Sends the request on, and the answer back piece by piece, as examples of httpx do."""
    client = _client(sys.argv[1])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [pair for pair in scope["headers"] if pair[0] not in _HOP]
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    request = client.build_request(scope["method"], target.decode(), headers=headers, content=body)
    response = await client.send(request, stream=True)
    passed = [pair for pair in response.headers.raw if pair[0].lower() not in _HOP]
    await send({"type": "http.response.start", "status": response.status_code, "headers": passed})
    async for piece in response.aiter_raw():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    await response.aclose()


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False, lifespan="off", server_header=False)
