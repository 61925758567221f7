"""Targets that look like Waldur and attack those who read them: a mock behind a plant, served over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.hostile.raw import ELSEWHERE
from tests.wrapping.changes import (
    GROWTH,
    INVOICE,
    INVOICES,
    ITEMS,
    PROVIDER_ITEMS,
    Make,
    always,
    body_changed,
    header_changed,
    matches,
    response_changed,
    rows_changed,
)
from tests.wrapping.proxy import Plant, Request, Response, Row, Server

LISTS: Final = (INVOICES, ITEMS, PROVIDER_ITEMS)
ESCAPES: Final = "\x1b[2J\x1b]0;owned\x07\r\x9b31m\u202e\u0000"
MARKUP: Final = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>[x](javascript:alert(1))"
PATHS: Final = (
    "../../admin/",
    "../../../admin/?x=",
    "..%2f..%2fadmin/",
    "/etc/passwd",
    "a/../../b",
    "x\r\nX-Injected: 1",
)
JSON: Final = "application/json"


@dataclass(frozen=True)
class Attack:
    """A mock behind a plant, and the exit codes that are right."""

    make: Make
    codes: frozenset[int] = frozenset({1, 2})
    arguments: tuple[str, ...] = ()


def _spoiled(edit: Callable[[Row], None]) -> Make:
    return rows_changed([*LISTS, INVOICE], edit)


def _everywhere(value: Any, text: str) -> Any:
    """Every text of an answer but the identifiers is replaced."""
    match value:
        case dict():
            kept = {"uuid", "url", "customer", "invoice", "state", "resource", "project_uuid", "resource_uuid"}
            return {name: member if name in kept else _everywhere(member, text) for name, member in value.items()}
        case list():
            return [_everywhere(member, text) for member in value]
        case str():
            return text
    return value


def _named(text: str) -> Make:
    return body_changed([*LISTS, INVOICE, GROWTH], lambda value: _everywhere(value, text))


def _keys(text: str) -> Make:
    return body_changed(LISTS, lambda rows: [{**row, f"{text}{number}": 1} for number, row in enumerate(rows)])


def _with_paths(rows: list[Row]) -> list[Row]:
    for number, row in enumerate(rows):
        row["uuid"] = PATHS[number % len(PATHS)]
        row["url"] = f"{ELSEWHERE}/api/invoices/{row['uuid']}/"
    return rows


def _with_foreign_links(rows: list[Row]) -> list[Row]:
    for row in rows:
        for name in ("url", "customer", "invoice", "resource", "payment_url"):
            if row.get(name):
                row[name] = f"{ELSEWHERE}/api/x/"
    return rows


async def _echoed(request: Request, server: Server) -> Response:
    """Whatever is refused tells the token in its body; whatever is answered tells it in a header."""
    response = await server.ask(request)
    token = request.headers.get("authorization", "")
    answer = response.with_header("x-debug", token)
    return answer.saying({"detail": token, "path": request.path}) if response.status >= 400 else answer


async def _echoed_in_names(request: Request, server: Server) -> Response:
    """The token is in the data."""
    response = await server.ask(request)
    if response.status != 200 or request.method == "HEAD" or not matches(request, [*LISTS, INVOICE]):
        return response
    return response.saying(_everywhere(response.json, request.token))


def _after(number: int, plant: Plant) -> Make:
    """The plant takes over after some requests."""

    def make() -> Plant:
        asked = 0

        async def counted(request: Request, server: Server) -> Response:
            nonlocal asked
            asked += 1
            return await (plant(request, server) if asked > number else server.ask(request))

        return counted

    return make


async def _fails(request: Request, server: Server) -> Response:
    return Response(500).with_body(b"<h1>Server Error (500)</h1>", "text/html")


async def _wants_a_year(request: Request, server: Server) -> Response:
    return Response(503, (("retry-after", "31536000"),)).with_body(b"", "text/html")


async def _sends_away(request: Request, server: Server) -> Response:
    return Response(302, (("location", f"{ELSEWHERE}{request.path}"),))


async def _forgets_the_token(request: Request, server: Server) -> Response:
    return Response(401).saying({"detail": "Token has expired."})


def _endless_pages(request: Request) -> Request:
    return request.asking([*request.without("page").parameters, ("page", "1")])


async def _never_the_last_page(request: Request, server: Server) -> Response:
    """Every page is the first one again, and says that another follows."""
    if not matches(request, LISTS):
        return await server.ask(request)
    response = await server.ask(_endless_pages(request))
    link = f'<http://{request.headers.get("host")}{request.path}?page=2>; rel="next"'
    return response.with_header("link", link).with_header("x-result-count", "100000")


def _counts(text: str) -> Make:
    return header_changed(LISTS, "x-result-count", lambda count: text)


async def _writes_anyway(request: Request, server: Server) -> Response:
    """Every read tells that it was a write."""
    response = await server.ask(request)
    return replace(response, status=201) if response.status == 200 else response


def _version(text: str) -> Make:
    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        return response.saying({"version": text}) if request.path == "/api/version/" else response

    return always(plant)


WALDUR_LIKE: Final[Mapping[str, Attack]] = {
    "count-of-a-thousand-million": Attack(_counts("1000000000")),
    "count-of-400-digits": Attack(_counts("9" * 400)),
    "count-in-superscript": Attack(_counts("\xb2")),
    "negative-count": Attack(_counts("-1")),
    "count-of-nothing": Attack(_counts("")),
    "never-the-last-page": Attack(always(_never_the_last_page)),
    "uuids-that-are-paths": Attack(body_changed(LISTS, _with_paths)),
    "uuids-that-are-paths-with-writes": Attack(
        body_changed(LISTS, _with_paths),
        arguments=("--allow-writes", "127.0.0.1", "--write-invoice", "any", "--write-item", "any"),
    ),
    "uuids-that-are-numbers": Attack(_spoiled(lambda row: row.update(uuid=5))),
    "uuids-that-are-objects": Attack(_spoiled(lambda row: row.update(uuid={"a": 1}))),
    "links-to-another-host": Attack(body_changed(LISTS, _with_foreign_links)),
    "next-page-on-another-host": Attack(
        header_changed(LISTS, "link", lambda link: f'<{ELSEWHERE}/api/invoices/?page=2>; rel="next"')
    ),
    "escape-codes": Attack(_named(ESCAPES), arguments=("--show-data",)),
    "escape-codes-in-keys": Attack(_keys(ESCAPES)),
    "markup": Attack(_named(MARKUP), arguments=("--show-data",)),
    "markup-in-keys": Attack(_keys(MARKUP)),
    "megabytes-of-text": Attack(_named("x" * 20_000), arguments=("--show-data",)),
    "escape-codes-in-the-version": Attack(_version(f"8.0.9{ESCAPES}"), codes=frozenset({0, 1, 2})),
    "markup-in-the-version": Attack(_version(f"8.0.9{MARKUP}"), codes=frozenset({0, 1, 2})),
    "long-version": Attack(_version("9" * 9_000), codes=frozenset({0, 1, 2})),
    "escape-codes-in-the-content-type": Attack(
        response_changed(LISTS, lambda response: response.with_header("content-type", "application/\x1b[31mjson"))
    ),
    "markup-in-the-content-type": Attack(
        response_changed(LISTS, lambda response: response.with_header("content-type", f"text/{MARKUP}"))
    ),
    "token-echoed": Attack(always(_echoed)),
    "token-echoed-in-data": Attack(always(_echoed_in_names), arguments=("--show-data",)),
    "fails-after-a-while": Attack(_after(40, _fails)),
    "away-for-a-year-after-a-while": Attack(_after(40, _wants_a_year), codes=frozenset({2})),
    "elsewhere-after-a-while": Attack(_after(40, _sends_away)),
    "token-expires": Attack(_after(40, _forgets_the_token)),
    "everything-created": Attack(always(_writes_anyway)),
}
"""All of them by name, the plants with `ELSEWHERE` in them."""
