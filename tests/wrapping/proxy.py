"""A proxy in the same process: it is put before a healthy application and may change what goes in and what comes out.

What passes untouched passes byte for byte. Addresses under `/_mock/` are never touched.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Row = dict[str, Any]
"""A JSON object; numbers with a fraction are `Decimal`."""
CONSOLE: Final = "/_mock/"
RESET: Final = f"{CONSOLE}reset"


def write_json(value: object) -> str:
    """The JSON text of a value; a `Decimal` is a number with exactly its digits."""
    # Texts first, as they are most of what there is.
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = [f"{encode_basestring(name)}:{write_json(member)}" for name, member in value.items()]
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join([write_json(member) for member in value])}]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked. `query` is as it was sent; header names are lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query parameters in their order, blank ones included."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def token(self) -> str:
        """The key in the `Authorization` header, blank without one."""
        return self.headers.get("authorization", "").rpartition(" ")[2]

    def values(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return [value for key, value in self.parameters if key == name]

    def asking(self, parameters: Iterable[tuple[str, str]]) -> "Request":
        """The same with other query parameters."""
        return replace(self, query=urlencode(list(parameters)))

    def without(self, *names: str) -> "Request":
        """The same without some query parameters."""
        return self.asking(pair for pair in self.parameters if pair[0] not in names)

    def by(self, token: str) -> "Request":
        """The same from the user of a token."""
        return replace(self, headers={**self.headers, "authorization": f"Token {token}"})

    def sends(self) -> Row | None:
        """The JSON object in the body, None where there is none."""
        try:
            value = json.loads(self.body, parse_float=Decimal)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def sending(self, value: object) -> "Request":
        """The same with another JSON body."""
        return replace(
            self, body=write_json(value).encode(), headers={**self.headers, "content-type": "application/json"}
        )


_ABSENT: Final = object()


class Content:
    """The body of a response, as bytes or as a JSON value; the other form is computed when it is first needed."""

    def __init__(self, body: bytes | None = None, value: Any = _ABSENT) -> None:
        self._body = body
        self._value = value

    @property
    def body(self) -> bytes:
        if self._body is None:
            self._body = write_json(self._value).encode()
        return self._body

    @property
    def value(self) -> Any:
        """A value that the caller may change: the bytes are kept only where the value was never handed out."""
        if self._value is _ABSENT:
            return json.loads(self.body, parse_float=Decimal)
        return self._value


@dataclass(frozen=True, slots=True)
class Response:
    """A response. Header names are compared without regard to case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content: Content = field(default_factory=lambda: Content(b""))

    @property
    def body(self) -> bytes:
        return self.content.body

    @property
    def json(self) -> Any:
        """The value of the body."""
        return self.content.value

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name), None)

    def with_header(self, name: str, value: str | None) -> "Response":
        """The same with another value of a header, or without the header."""
        rest = tuple(pair for pair in self.headers if pair[0].lower() != name)
        return replace(self, headers=rest if value is None else (*rest, (name, value)))

    def with_body(self, body: bytes, media_type: str | None = None) -> "Response":
        """The same with another body, and its length."""
        changed = replace(self, content=Content(body)).with_header("content-length", str(len(body)))
        return changed.with_header("content-type", media_type) if media_type else changed

    def saying(self, value: object, status: int | None = None) -> "Response":
        """The same with another JSON value, and maybe another status. The value is written out when it is sent."""
        changed = replace(self, content=Content(value=value), status=status or self.status)
        return changed.with_header("content-type", "application/json").with_header("content-length", None)

    async def send(self, send: Send) -> None:
        """Hand the response to the server; a body that has no length yet gets its `Content-Length` here."""
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        if self.header("content-length") is None and self.body:
            pairs.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Server:
    """The healthy application, as a defect sees it while it deals with one request."""

    app: ASGIApp
    scope: Scope

    async def ask(self, request: Request) -> Response:
        """The healthy answer."""
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        headers = {**request.headers, "content-length": str(len(request.body))}
        scope = {
            **self.scope,
            "method": request.method,
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
        await self.app(scope, receive, send)
        start, *chunks = messages
        return Response(
            start["status"],
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]),
            Content(b"".join(chunk.get("body", b"") for chunk in chunks)),
        )

    async def read(self, path: str, request: Request, **query: str) -> Response:
        """What the caller of a request would read at another address."""
        headers = {"authorization": request.headers.get("authorization", "")}
        return await self.ask(Request("GET", path, urlencode(query), headers))

    async def rows(self, path: str, request: Request, **query: str) -> list[Row]:
        """All rows that the caller of a request would find in a list, whatever its pages."""
        found: list[Row] = []
        number = 1
        while True:
            answer = await self.read(path, request, **{**query, "page_size": "300", "page": str(number)})
            found += answer.json
            if len(found) >= int(answer.header("x-result-count") or 0):
                return found
            number += 1

    async def write(self, method: str, path: str, value: object, request: Request) -> Response:
        """What the caller of a request gets for a write of another kind."""
        headers = {"authorization": request.headers.get("authorization", "")}
        return await self.ask(Request(method, path, headers=headers).sending(value))

    async def tokens(self) -> dict[str, str]:
        """The tokens of all users by their roles."""
        cards = (await self.ask(Request("GET", f"{CONSOLE}users"))).json
        return {card["role"]: card["token"] for card in cards}


Plant = Callable[[Request, Server], Awaitable[Response]]
"""Deals with one request in the place of the healthy server, which it may ask."""


@dataclass(frozen=True, slots=True)
class Behind(Server):
    """A server behind another plant: what is asked of it passes that plant. No byte is written in between."""

    plant: Plant
    inner: Server

    async def ask(self, request: Request) -> Response:
        return await self.plant(request, self.inner)


def chained(plants: Iterable[Plant]) -> Plant:
    """One plant of several, each before the next: the first sees the caller's request, the last asks the server."""
    outermost, *others = plants

    async def plant(request: Request, server: Server) -> Response:
        for inner in reversed(others):
            server = Behind(server.app, server.scope, inner, server)
        return await outermost(request, server)

    return plant


async def received(scope: Scope, receive: Receive) -> Request:
    """The request as a plant sees it, read whole."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)


class Proxy:
    """An ASGI application that lets a plant deal with every request to the API; a reset of the mock makes it anew."""

    def __init__(self, app: ASGIApp, make: Callable[[], Plant]) -> None:
        self._app: Final = app
        self._make: Final = make
        self._plant = make()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONSOLE):
            await self._app(scope, receive, send)
            if scope["type"] == "http" and scope["path"] == RESET:
                self._plant = self._make()
            return
        response = await self._plant(await received(scope, receive), Server(self._app, scope))
        await response.send(send)


@dataclass(frozen=True)
class Route:
    """A method and a path with `{uuid}` or `{id}` in it. GET is for HEAD as well."""

    method: str
    template: str

    def match(self, request: Request) -> str | None:
        """What is in the place of `{uuid}` or `{id}`, blank where the path has neither; None for another route."""
        method = "GET" if request.method == "HEAD" else request.method
        pattern = re.escape(self.template).replace(r"\{uuid\}", "([0-9A-Fa-f-]{32,36})").replace(r"\{id\}", r"(\d+)")
        found = re.fullmatch(pattern, request.path) if method == self.method else None
        return None if found is None else "".join(found.groups())


def digits(text: str) -> str:
    """The hex digits of a uuid, or of the uuid that an address ends in."""
    return text.rstrip("/").rpartition("/")[2].replace("-", "").lower()
