"""Lists that are read whole and cut into pages again, with a count and links that fit."""

import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlencode

from tests.wrapping.changes import Make, matches
from tests.wrapping.proxy import Plant, Request, Response, Route, Row, Server

LARGEST: Final = 300
DEFAULT_SIZE: Final = 10
Rows = list[Row]
Arrange = Callable[[Rows, Request], Rows]
"""The rows of a whole list in another order."""


def filters(request: Request) -> dict[str, str]:
    """The query parameters that choose or order rows; of a repeated one, the last."""
    return dict(request.without("page", "page_size").parameters)


def has_repeated(request: Request) -> bool:
    """Whether a query parameter is sent more than once, as `state` and `field` may be."""
    return len(filters(request)) != len(request.without("page", "page_size").parameters)


def in_pages(response: Response, rows: Sequence[Row], request: Request) -> Response:
    """The response with the page of these rows that the request asks for. Lists without pages are answered whole."""
    if response.header("x-result-count") is None:
        return response.saying(list(rows))
    size = _number(request.values("page_size"), DEFAULT_SIZE)
    size = min(size, LARGEST) if size > 0 else DEFAULT_SIZE
    last = max(1, -(-len(rows) // size))
    number = last if request.values("page")[-1:] == ["last"] else _number(request.values("page"), 1)
    headed = response.with_header("x-result-count", str(len(rows))).with_header("link", _links(request, number, last))
    return headed if request.method == "HEAD" else headed.saying(list(rows[(number - 1) * size : number * size]))


def rearranged(routes: Iterable[Route], arrange: Arrange) -> Make:
    """Lists in another order. They are cached until somebody writes."""
    wanted = tuple(routes)

    def make() -> Plant:
        cache: dict[tuple[str, str, str], Rows] = {}

        async def plant(request: Request, server: Server) -> Response:
            response = await server.ask(request)
            if request.method not in ("GET", "HEAD"):
                cache.clear()
            listed = request.method == "GET" and response.status == 200 and matches(request, wanted)
            if not listed or has_repeated(request):
                return response
            key = (request.path, request.without("page", "page_size").query, request.token)
            if key not in cache:
                cache[key] = await server.rows(request.path, request, **filters(request))
            page = in_pages(response, arrange(list(cache[key]), request), request)
            # Callers may change the rows, so that the cache hands out copies. Pickle is the quickest.
            return page.saying(pickle.loads(pickle.dumps(page.json)))

        return plant

    return make


def _links(request: Request, number: int, last: int) -> str:
    """The `Link` header of a page, in the form that the mock has."""
    pages = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
    address = f"http://{request.headers.get('host', 'localhost')}{request.path}"
    shown = {relation: page for relation, page in pages.items() if 1 <= page <= last}
    return ", ".join(f'<{_address(address, request, page)}>; rel="{relation}"' for relation, page in shown.items())


def _address(address: str, request: Request, page: int) -> str:
    others = request.without("page").parameters
    parameters = sorted([*others, ("page", str(page))] if page > 1 else others)
    return f"{address}?{urlencode(parameters)}" if parameters else address


def _number(values: Sequence[str], default: int) -> int:
    try:
        return int(values[-1])
    except (IndexError, ValueError):
        return default
