"""Peculiarities of how values are written: numbers or text, instants, more fields, other JSON, other error bodies."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any, Final

from tests.peculiarities.switch import Peculiarity
from tests.wrapping.changes import (
    CONSUMPTIONS,
    COSTS,
    CUSTOMER_COSTS,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    LINES,
    PROJECT_COSTS,
    PROVIDER_ITEM,
    PROVIDER_ITEMS,
    STATS,
    TOTAL_PRICE,
    Make,
    always,
    body_changed,
    response_changed,
)
from tests.wrapping.proxy import Request, Response, Row, Server, write_json

READS: Final = (
    INVOICES,
    INVOICE,
    LINES,
    STATS,
    GROWTH,
    ITEMS,
    ITEM,
    CONSUMPTIONS,
    COSTS,
    TOTAL_PRICE,
    CUSTOMER_COSTS,
    PROJECT_COSTS,
    PROVIDER_ITEMS,
    PROVIDER_ITEM,
)
_OFFSET: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+)\+00:00")
_MONEY: Final = ("price", "tax", "total", "compensations", "incurred_costs")
_AGGREGATES: Final = ("aggregated_price", "aggregated_tax", "aggregated_total")
_HTML: Final = "<!doctype html><html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
_ESTONIAN: Final = {404: "Ei leitud.", 401: "Autentimisandmed puuduvad.", 403: "Teil pole selleks luba."}


def everywhere(value: Any, change: Callable[[Row], Row]) -> Any:
    """The value with every object in it changed, the innermost first."""
    match value:
        case dict():
            return change({name: everywhere(member, change) for name, member in value.items()})
        case list():
            return [everywhere(member, change) for member in value]
    return value


def rewritten(change: Callable[[Any], Any]) -> Make:
    return body_changed(READS, change)


def _as_text(write: Callable[[Any], str]) -> Make:
    """The same value in other bytes."""
    return response_changed(
        READS, lambda response: response.with_body(write(response.json).encode(), "application/json")
    )


def _in_z(value: Any) -> Any:
    match value:
        case dict():
            return {name: _in_z(member) for name, member in value.items()}
        case list():
            return [_in_z(member) for member in value]
        case str():
            return _OFFSET.sub(r"\1Z", value)
    return value


def _number(value: Any) -> Any:
    return Decimal(value).normalize() if isinstance(value, str) and value else value


def decimals_as_numbers(value: Any) -> Any:
    """Sums of invoices and statistics are numbers, as the documents say and as releases before 2025 send them."""

    def change(row: Row) -> Row:
        if "number" in row or "aggregated_price" in row:
            row.update({name: _number(row[name]) for name in (*_MONEY, *_AGGREGATES) if name in row})
        return row

    return everywhere(value, change)


def _growth_as_numbers(value: Row) -> Row:
    for name in ("total_periods", "other_periods"):
        value[name] = [_number(figure) for figure in value[name]]
    for row in value["customer_periods"]:
        row["periods"] = [_number(figure) for figure in row["periods"]]
    return value


def _with_more_fields(value: Any) -> Any:
    """Newer releases and local extensions add fields to objects of any kind."""
    return everywhere(value, lambda row: {**row, "extension_field": {"note": None}, "new_flag": True, "slug": "x-1"})


def _with_more_details(value: Any) -> Any:
    def change(row: Row) -> Row:
        if isinstance(row.get("details"), dict):
            row["details"] = {**row["details"], "cost_centre": "A-1", "tags": ["x"], "limits": {"cpu": 4}}
        return row

    return everywhere(value, change)


def _reversed(value: Any) -> Any:
    return everywhere(value, lambda row: dict(reversed(row.items())))


def _key_order_at_random() -> Make:
    def make() -> Any:
        chance = Random(3)

        def mixed(row: Row) -> Row:
            pairs = list(row.items())
            chance.shuffle(pairs)
            return dict(pairs)

        return rewritten(lambda value: everywhere(value, mixed))()

    return make


def _indented(value: Any) -> str:
    return json.dumps(json.loads(write_json(value)), indent=2, ensure_ascii=False)


def _escaped(value: Any) -> str:
    return "".join(sign if ord(sign) < 128 else json.dumps(sign)[1:-1] for sign in write_json(value))


def _without_factor(value: Any) -> Any:
    return everywhere(value, lambda row: {name: member for name, member in row.items() if name != "factor"})


async def _html_errors(request: Request, server: Server) -> Response:
    """A proxy puts its own page in the place of errors that have no reason in their body."""
    response = await server.ask(request)
    if response.status not in (401, 403, 404, 405) or request.method == "HEAD":
        return response
    return response.with_body(_HTML.format(status=response.status).encode(), "text/html; charset=utf-8")


async def _translated_errors(request: Request, server: Server) -> Response:
    """Messages are in the language of the server."""
    response = await server.ask(request)
    if response.status not in _ESTONIAN or response.header("content-type") != "application/json":
        return response
    return response.saying({"detail": _ESTONIAN[response.status]}) if request.method != "HEAD" else response


def _public_address(response: Response) -> Response:
    """The server knows itself by its public name, which is not the one that it is reached by."""
    changed = re.sub(rb"http://127\.0\.0\.1:\d+", b"https://waldur.example.com", response.body)
    return response.with_body(changed, response.header("content-type"))


async def _links_elsewhere(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    link = response.header("link")
    if link is not None:
        response = response.with_header("link", re.sub(r"http://127\.0\.0\.1:\d+", "https://waldur.example.com", link))
    return _public_address(response) if response.status == 200 and request.method == "GET" else response


VALUES: Final = (
    Peculiarity("documented-dialect", "Everything is written as the documents say.", documented=True, group="dialect"),
    Peculiarity("instants-in-z", "Instants end in Z.", make=rewritten(_in_z), group="dialect"),
    Peculiarity(
        "growth-as-numbers", "Figures of growth are JSON numbers.", make=body_changed([GROWTH], _growth_as_numbers)
    ),
    Peculiarity(
        "factor-absent",
        "Items have no factor in the documented dialect.",
        make=rewritten(_without_factor),
        documented=True,
        group="dialect",
    ),
    Peculiarity("extra-fields", "Objects have fields that no document names.", make=rewritten(_with_more_fields)),
    Peculiarity("extra-details", "Details of items have more members.", make=rewritten(_with_more_details)),
    Peculiarity("keys-reversed", "Members of objects come in reverse order.", make=rewritten(_reversed), group="keys"),
    Peculiarity("keys-at-random", "Members of objects come in any order.", make=_key_order_at_random(), group="keys"),
    Peculiarity("indented-json", "JSON is indented.", make=_as_text(_indented), group="bytes"),
    Peculiarity("ascii-json", "JSON escapes everything beyond ASCII.", make=_as_text(_escaped), group="bytes"),
    Peculiarity("html-errors", "Errors come as HTML pages.", make=always(_html_errors), group="errors"),
    Peculiarity("translated-errors", "Errors are told in Estonian.", make=always(_translated_errors), group="errors"),
    Peculiarity("public-address", "Links name the public host.", make=always(_links_elsewhere)),
)
