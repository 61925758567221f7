"""The API as an ASGI application: a request from path to reply, in the order in which Waldur checks (behaviour 1.3).

An `async def` around plain functions that run inline: one request at a time, no locks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from starlette.types import Receive, Scope, Send

from waldur_billing_mock.mock_server.spec.fields import Fields
from waldur_billing_mock.mock_server.spec.query import Query
from waldur_billing_mock.mock_server.spec.render import NOTHING_CACHED, CachedTexts, Renderer, TextCache
from waldur_billing_mock.mock_server.web import access, problems, reply
from waldur_billing_mock.mock_server.web.access import User
from waldur_billing_mock.mock_server.web.body import FORM, MULTIPART, NO_BODY, Body, read_body
from waldur_billing_mock.mock_server.web.call import BodyNeeded, Call, Rules, World
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.listing import Listing, OtherPages, arrange, other_pages, paginate, select
from waldur_billing_mock.mock_server.web.reply import Header, Reply
from waldur_billing_mock.mock_server.web.request import Disconnected, Request, read_query
from waldur_billing_mock.mock_server.web.routing import Links, Match, Routes, percent_encoded
from waldur_billing_mock.mock_server.web.short_cache import short_cache
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, operations

Function = Callable[[Call[World, User]], Any]
"""What an operation does: returns the value that its response schema renders, a `Listing` where that is an array."""

World_co = TypeVar("World_co", covariant=True)

_NO_MORE: Final = Limits()
_KNOWN_QUERIES: Final = 1024
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON_RANGES: Final = frozenset({b"*/*", b"application/*", problems.JSON_TYPE.encode()})


class Worlds(Protocol[World_co]):
    """The worlds that a request works on. Both may raise `Problem`."""

    @property
    def world(self) -> World_co:
        """The one to read."""

    def transaction(self) -> AbstractContextManager[World_co]:
        """The one to write to; changes are committed when the block ends without an exception."""


class Api(Generic[World, User]):
    """Serves every operation of a document with the function of its name.

    `worlds_of` finds the worlds of a request where the API is called as an ASGI application. `find_user` finds the user
    of a token, `find_user_by_uuid` the one of 32 hex digits. `texts` finds what is cached of rows.
    """

    def __init__(
        self,
        document: Node,
        functions: Mapping[str, Function[World, User]],
        worlds_of: Callable[[Scope], Worlds[World]],
        find_user: Callable[[World, str], User | None],
        find_user_by_uuid: Callable[[World, str], User | None],
        texts: CachedTexts = NOTHING_CACHED,
        limits: Limits = _NO_MORE,
    ) -> None:
        described = tuple(operations(document))
        links = Links(document, described)
        renderer = partial(Renderer, document, texts=texts, cache=TextCache())
        heads = {operation.path: operation for operation in described if operation.method == "HEAD"}
        self._limits: Final = limits
        self.routes: Final = Routes(document, described)
        self._worlds_of: Final = worlds_of
        self._find_user: Final = find_user
        self._find_user_by_uuid: Final = find_user_by_uuid
        self._endpoints: Final = {
            operation.operation_id: _Endpoint(
                operation, heads.get(operation.path), functions[operation.operation_id], links, document, renderer
            )
            for operation in described
            if operation.method != "HEAD"
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, worlds = Request(scope, receive), self._worlds_of(scope)
        answer = self.read(request, worlds) if request.method == "GET" else await self.write(request, worlds)
        if answer is not None:
            await answer(scope, receive, send)

    def read(self, request: Request, worlds: Worlds[World]) -> Reply:
        """The reply to a GET, which is found without waiting for anything, and is not sent."""
        return self._respond(request, worlds, NO_BODY)

    async def write(self, request: Request, worlds: Worlds[World]) -> Reply | None:
        """The reply to another request, which is not sent. None where the client has disconnected."""
        try:
            try:
                body = await read_body(request, self._limits) if request.is_short else None
                return self._respond(request, worlds, body)
            except BodyNeeded:
                # Others are answered while the body arrives. So nothing of what was found before is used after it.
                return self._respond(request, worlds, await read_body(request, self._limits))
        except problems.Problem as problem:
            return reply.refusal(problem)
        except Disconnected:
            return None

    def _respond(self, request: Request, worlds: Worlds[World], body: Body | None) -> Reply:
        headers: list[Header] = []
        try:
            match = self.routes.resolve(request.scope)
            headers.append(match.route.allow)
            if request.method in _READING:
                return self._call(worlds.world, request, match, headers, body)
            # A write is done when its reply is ready: an exception leaves the world as it was.
            with worlds.transaction() as world:
                return self._call(world, request, match, headers, body)
        except problems.Problem as problem:
            return reply.refusal(problem, headers)

    def _call(self, world: World, request: Request, match: Match, headers: list[Header], body: Body | None) -> Reply:
        _negotiate(request, match)
        user = None if match.route.is_public else self._caller(world, request, headers)
        if request.method == "OPTIONS":
            return reply.json_reply(200, _metadata(match).encode(), headers)
        operation = match.route.operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            raise problems.method_not_allowed(request.method)
        if user is not None:
            access.authorize(user, operation)
        return self._endpoints[operation.operation_id].answer(world, request, match, user, headers, body)

    def _caller(self, world: World, request: Request, headers: list[Header]) -> User:
        """The user of the token, or whom staff impersonate: then a header of the reply names the staff user."""
        user = access.authenticate(request.headers.get(b"authorization"), partial(self._find_user, world))
        uuid = request.headers.get(b"x-impersonated-user-uuid")
        if not uuid:
            return user
        other = access.impersonated(user, uuid.decode("latin-1"), partial(self._find_user_by_uuid, world))
        if other is None:
            return user
        headers.append((b"x-impersonator-uuid", user.uuid.encode()))
        return other


class _Endpoint(Generic[World, User]):
    """One operation with its HEAD, everything that their descriptions say compiled once."""

    def __init__(
        self,
        operation: Operation,
        head: Operation | None,
        function: Function[World, User],
        links: Links,
        document: Node,
        renderer: Callable[[Node], Renderer],
    ) -> None:
        self._operation: Final = operation
        self._function: Final = function
        query = Query(operation.query.values())
        # The media types of an operation differ in their form, not in their fields.
        body = next(iter(operation.bodies.values()), None)
        self._rules: Final = Rules(
            operation=operation,
            # The same queries come again and again, and what they mean follows from their text alone.
            validate=short_cache(_KNOWN_QUERIES, lambda text: query.validate(read_query(text))),
            extensions={name: parameter.extensions for name, parameter in operation.query.items()},
            fields=Fields(document, body) if body is not None else None,
            links=links,
        )
        self._is_paged: Final = "page" in operation.query
        self._has_field: Final = "field" in operation.query
        schema = operation.success.schema
        self._renderer: Final = renderer(schema) if schema is not None else None
        described = head.success.headers if head is not None else {}
        self._head: Final = reply.encoded(
            {name: str(header["const"]) for name, header in described.items() if "const" in header}
        )

    def answer(
        self,
        world: World,
        request: Request,
        match: Match,
        user: User | None,
        headers: list[Header],
        body: Body | None,
    ) -> Reply:
        """Runs the operation and renders what it returns. Raises `BodyNeeded` where the body must be read first."""
        operation = self._operation
        if body is None and request.method != "HEAD" and not operation.bodies:
            # Nobody looks at the body, but a request that is cut off must not change anything.
            raise BodyNeeded
        call = Call(self._rules, world, user, match.arguments, request, body)
        value = self._function(call)
        status = operation.success.status
        if operation.success.media_type is not None:
            return reply.file_reply(status, value, operation.success.media_type, headers)
        if self._renderer is None:
            return reply.empty_reply(status, headers)
        if request.method == "HEAD":
            headers = [*headers, *self._head]
        if isinstance(value, Listing):
            value = self._list(value, call, request, headers)
        fields = frozenset(call.query.get("field", ())) if self._has_field else frozenset()
        return reply.json_reply(status, self._renderer.render(value, call.base, fields), headers)

    def _list(
        self, listing: Listing[Any], call: Call[World, User], request: Request, headers: list[Header]
    ) -> Sequence[Any]:
        """The rows to render. Adds the paging headers.

        Each convention needs the operation to declare its parameter.
        """
        query = call.query
        rows = select(listing.rows, listing.filters, query)
        asked = query.get("o", ())
        rows = arrange(rows, listing.orders, [asked] if isinstance(asked, str) else asked)
        if not self._is_paged:
            return rows
        page = paginate(rows, query, call.base + _encoded(request.path), _other_pages(request.query_string))
        headers += ((b"x-result-count", b"%d" % page.count), (b"link", page.link.encode("latin-1")))
        return page.rows


def _negotiate(request: Request, match: Match) -> None:
    """Lets requests through that take JSON. Raises `Problem`: 404 for another format, 406 for another `Accept`."""
    asked = read_query(request.query_string).get("format", [""])[-1] if request.query_string else ""
    if (asked or match.format) != "json":
        raise problems.not_found()
    accept = request.headers.get(b"accept")
    if accept is not None and accept not in _JSON_RANGES and not _takes_json(accept):
        raise problems.not_acceptable()


def _accepts_json(accept: bytes) -> bool:
    return any(part.partition(b";")[0].strip().lower() in _JSON_RANGES for part in accept.split(b","))


_takes_json: Final = short_cache(256, _accepts_json)
_encoded: Final = short_cache(_KNOWN_QUERIES, percent_encoded)


def _read_other_pages(query_string: bytes) -> OtherPages:
    return other_pages(read_query(query_string))


_other_pages: Final = short_cache(_KNOWN_QUERIES, _read_other_pages)


def _metadata(match: Match) -> str:
    """What OPTIONS answers for a path: the name of its view, and the media types that the server renders and parses."""
    body = {
        "name": match.route.view,
        "description": "",
        "renders": [problems.JSON_TYPE],
        "parses": [problems.JSON_TYPE, FORM, MULTIPART],
    }
    return json.dumps(body, ensure_ascii=False)
