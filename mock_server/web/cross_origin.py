"""Lets web pages of other origins call the API; preflights are answered without a token (behaviour 1.8)."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import headers_by_name

_SHARED: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"Link, X-Result-Count"),
)
"""The headers by which pages of other origins may read an answer; every answer has them."""
_HEADERS: Final = (
    b"Accept, Accept-Encoding, Authorization, Content-Type, Origin, User-Agent, X-CSRFToken, X-Requested-With, "
    b"X-Impersonated-User-Uuid, sentry-trace, baggage, Prefer, X-Mock-Session"
)
_PREFLIGHT: Final = [
    *_SHARED,
    (b"access-control-allow-methods", b"DELETE, GET, OPTIONS, PATCH, POST, PUT"),
    (b"access-control-allow-headers", _HEADERS),
    (b"access-control-max-age", b"86400"),
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"0"),
]


def shared(reply: Reply) -> Reply:
    """The same answer, which gets these headers."""
    reply.headers += _SHARED
    return reply


class CrossOrigin:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app: Final = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in headers_by_name(scope):
            await send({"type": "http.response.start", "status": 200, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
        else:

            async def share(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *_SHARED]
                await send(message)

            await self._app(scope, receive, share)
