"""A request as the server hands it over: no more is read of it than somebody asks for."""

import re
from collections.abc import AsyncGenerator
from ipaddress import AddressValueError, IPv6Address
from itertools import chain
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Message, Receive, Scope

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.short_cache import short_cache

_HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::(?P<port>[0-9]{0,5}))?")
_LONGEST_HOST: Final = 253
_UNNAMED: Final = ("", None)
_SHORT: Final = 1 << 16
"""Bytes that uvicorn buffers of a body, whether or not anybody reads it."""


HEADERS: Final = "waldur.headers"
"""Where the scope holds its `Headers`, once they were read."""


class Disconnected(Exception):
    """The client has gone before its request was complete."""


class Headers(dict[bytes, bytes]):
    """The headers of a request by name, not to be changed. Of headers that were sent twice, the first counts.

    A client mostly sends the same ones with each request. So its connection reuses them, and what was worked out of
    them.
    """

    __slots__ = ("are_plain", "base", "bytes", "sent")

    def __init__(self, sent: list[tuple[bytes, bytes]]) -> None:
        """`sent` are the headers of a scope."""
        super().__init__(reversed(sent))
        self.sent: Final = sent
        self.bytes: Final = sum(map(len, chain.from_iterable(sent)))
        """Those of all names and values."""
        self.base: str | None = None
        """The scheme and host under which the server was asked, once somebody has looked."""
        self.are_plain = False
        """Whether they are known to ask for nothing but an answer of the API."""

    @property
    def announce_body(self) -> bool:
        """Whether a body was announced, which may still be empty."""
        return b"content-length" in self or b"transfer-encoding" in self


def headers_by_name(scope: Scope) -> Headers:
    """The headers of a request, cached in its scope."""
    found: Headers | None = scope.get(HEADERS)
    if found is None or found.sent is not scope["headers"]:
        found = scope[HEADERS] = Headers(scope["headers"])
    return found


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


class Request:
    """The head of a request, and its body for who waits for it; without `receive` there is none."""

    __slots__ = ("headers", "method", "path", "query_string", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive = _nothing) -> None:
        self.scope: Final = scope
        self.method: Final[str] = scope["method"]
        self.path: Final[str] = scope["path"]
        self.query_string: Final[bytes] = scope["query_string"]
        self.headers: Final = headers_by_name(scope)
        self.receive = receive

    @property
    def base(self) -> str:
        """The scheme and host under which the server was asked."""
        base = self.headers.base
        if base is None:
            base = self.headers.base = _base(self.scope, self.headers.get(b"host", b""))
        return base

    @property
    def is_short(self) -> bool:
        """Whether no more than a short body was announced, which the server holds anyway as soon as it arrives."""
        return b"transfer-encoding" not in self.headers and int(self.headers.get(b"content-length", 0)) <= _SHORT

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def stream(self, most: int) -> AsyncGenerator[bytes, None]:
        """The body, piece by piece.

        Raises `Problem` 413 where more than `most` bytes are announced, `Disconnected` where they do not arrive.
        """
        if int(self.headers.get(b"content-length", 0)) > most:
            raise problems.body_too_large(most)
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            more = message.get("more_body", False)
            yield message.get("body", b"")


def _base(scope: Scope, host: bytes) -> str:
    """What the client calls the server, or else, where that is no host, what the server calls itself."""
    scheme, usual = ("https", 443) if scope["scheme"] == "https" else ("http", 80)
    if len(host) <= _LONGEST_HOST and _is_host(called := host.decode("latin-1")):
        return f"{scheme}://{called}"
    name, port = scope["server"] or _UNNAMED
    name = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"{scheme}://{name}" if port == usual else f"{scheme}://{name}:{port}"


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 0) > 65535:
        return False
    try:
        return found["ipv6"] is None or bool(IPv6Address(found["ipv6"]))
    except AddressValueError:
        return False


def _read_query(query_string: bytes) -> dict[str, list[str]]:
    return parse_qs(query_string.decode("utf-8", "replace"), keep_blank_values=True)


read_query: Final = short_cache(4096, _read_query)
"""The parameters of a query, with empty values. They are shared by all who ask, and not to be changed."""
