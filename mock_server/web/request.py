"""A request as the server hands it over: no more is read of it than somebody asks for."""

import re
from collections.abc import AsyncGenerator
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.short_cache import short_cache

_HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::(?P<port>[0-9]{0,5}))?")
_LONGEST_HOST: Final = 253
_UNNAMED: Final = ("", None)
_SHORT: Final = 1 << 16
"""Bytes that uvicorn buffers of a body, whether or not anybody reads it."""


HEADERS: Final = "waldur.headers"
"""Where the scope holds the headers by name, once they were read."""


class Disconnected(Exception):
    """The client has gone before its request was complete."""


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request, cached in its scope. Of headers that were sent twice, the first counts."""
    found: dict[bytes, bytes] | None = scope.get(HEADERS)
    if found is None:
        found = scope[HEADERS] = dict(reversed(scope["headers"]))
    return found


class Request:
    """The head of a request, and its body for who waits for it."""

    __slots__ = ("_headers", "_receive", "base", "method", "path", "query_string", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope: Final = scope
        self.method: Final[str] = scope["method"]
        self.path: Final[str] = scope["path"]
        self.query_string: Final[bytes] = scope["query_string"]
        self._headers: Final = headers_by_name(scope)
        self._receive: Final = receive
        host, server = self._headers.get(b"host", b""), scope["server"]
        self.base: Final = _base(
            scope["scheme"] == "https",
            host if len(host) <= _LONGEST_HOST else b"",
            tuple(server) if server else _UNNAMED,
        )
        """The scheme and host under which the server was asked."""

    @property
    def has_body(self) -> bool:
        """Whether a body was announced, which may still be empty."""
        return b"content-length" in self._headers or b"transfer-encoding" in self._headers

    @property
    def is_short(self) -> bool:
        """Whether no more than a short body was announced, which the server holds anyway as soon as it arrives."""
        return b"transfer-encoding" not in self._headers and int(self._headers.get(b"content-length", 0)) <= _SHORT

    def raw_header(self, name: bytes) -> bytes | None:
        """The value of a header, as it was sent; the name is in lower case."""
        return self._headers.get(name)

    def header(self, name: bytes) -> str | None:
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def stream(self, most: int) -> AsyncGenerator[bytes, None]:
        """The body, piece by piece.

        Raises `Problem` 413 where more than `most` bytes are announced, `Disconnected` where they do not arrive.
        """
        if int(self._headers.get(b"content-length", 0)) > most:
            raise problems.body_too_large(most)
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            more = message.get("more_body", False)
            yield message.get("body", b"")


@lru_cache(maxsize=64)
def _base(secure: bool, host: bytes, server: tuple[str, int | None]) -> str:
    """What the client calls the server, or else, where that is no host, what the server calls itself."""
    scheme, usual = ("https", 443) if secure else ("http", 80)
    if _is_host(called := host.decode("latin-1")):
        return f"{scheme}://{called}"
    name, port = server
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
