"""Peculiarities of the order of rows: ties at random, NULL at the other end, another collation, smaller pages."""

import unicodedata
from collections.abc import Callable, Mapping
from itertools import groupby
from random import Random
from typing import Any, Final

from tests.peculiarities.switch import Peculiarity
from tests.wrapping.changes import INVOICES, ITEMS, PROVIDER_ITEMS, Make, always, matches
from tests.wrapping.proxy import Plant, Request, Response, Row, Server, digits
from tests.wrapping.whole_lists import rearranged

PAGED: Final = (INVOICES, ITEMS, PROVIDER_ITEMS)
_SHOWN: Final = {"project_name": "project_name", "unit_price": "unit_price", "year": "year", "month": "month"}
"""The fields that show what `o` orders by. By others, all rows of a page are left as they are."""
Months = Mapping[str, tuple[int, int]]
"""Year and month of the invoice of each item, by the digits of the item's uuid."""


def _tied(row: Row, request: Request, months: Months) -> Any:
    """What rows that may change places have in common."""
    order = [name.removeprefix("-") for name in ",".join(request.values("o")[-1:]).split(",") if name]
    if order:
        return [row.get(_SHOWN[name], "") if name in _SHOWN else row.get("uuid") for name in order]
    if matches(request, [ITEMS]):
        return row.get("start")
    if matches(request, [INVOICES]):
        return row.get("year"), row.get("month")
    return months[digits(row["uuid"])]


def shuffled(rows: list[Row], request: Request, chance: Random, months: Months) -> list[Row]:
    """Rows with the same sort keys change places at random."""
    mixed: list[Row] = []
    for _, group in groupby(rows, key=lambda row: _tied(row, request, months)):
        tied = list(group)
        chance.shuffle(tied)
        mixed += tied
    return mixed


async def _months_of_items(request: Request, server: Server) -> Months:
    """When items were billed, which provider items do not tell. They come by it, the latest first."""
    staff = request.by((await server.tokens())["staff"])
    billed = {
        digits(invoice["url"]): (invoice["year"], invoice["month"])
        for invoice in await server.rows(INVOICES.template, staff)
    }
    items = await server.rows(ITEMS.template, staff)
    return {digits(item["uuid"]): billed[digits(item["invoice"])] for item in items}


def _mixed(chance_of: Callable[[Random], Random]) -> Make:
    """Lists with ties at random. `chance_of` makes the chance of a request of that of the server."""

    def make() -> Plant:
        chance = Random(1)
        months: dict[str, tuple[int, int]] = {}
        mix = rearranged(PAGED, lambda rows, request: shuffled(rows, request, chance_of(chance), months))()

        async def plant(request: Request, server: Server) -> Response:
            if not months and matches(request, [PROVIDER_ITEMS]):
                months.update(await _months_of_items(request, server))
            return await mix(request, server)

        return plant

    return make


def _nulls_largest(rows: list[Row], request: Request) -> list[Row]:
    """PostgreSQL puts NULL last when ascending and first when descending."""
    order = request.values("o")[-1:]
    if not order or order[0].removeprefix("-") != "resource_offering_name":
        return rows
    missing = [row for row in rows if row.get("resource") is None]
    there = [row for row in rows if row.get("resource") is not None]
    return missing + there if order[0].startswith("-") else there + missing


def _in_a_locale(rows: list[Row], request: Request) -> list[Row]:
    """Names are compared without regard to case and accents."""
    order = request.values("o")[-1:]
    if not order or order[0].removeprefix("-") != "project_name":
        return rows
    return sorted(rows, key=lambda row: _letters(row["project_name"]), reverse=order[0].startswith("-"))


def _letters(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))


async def _small_pages(request: Request, server: Server) -> Response:
    """No page has more than 100 rows."""
    sizes = request.values("page_size")
    if not matches(request, PAGED) or not "".join(sizes[-1:]).isdigit() or int(sizes[-1]) <= 100:
        return await server.ask(request)
    others = request.without("page_size").parameters
    return await server.ask(request.asking([*others, ("page_size", "100")]))


LISTS: Final = (
    Peculiarity(
        "null-last", "NULL is the largest value of an order.", make=rearranged([PROVIDER_ITEMS], _nulls_largest)
    ),
    Peculiarity("locale-order", "Names are ordered as in a locale.", make=rearranged([PROVIDER_ITEMS], _in_a_locale)),
    Peculiarity(
        "ties-per-request",
        "Ties come in another order at each request.",
        make=_mixed(lambda chance: chance),
        group="ties",
    ),
    Peculiarity(
        "ties-per-worker",
        "Ties come in the order of one of two workers.",
        make=_mixed(lambda chance: Random(chance.randint(1, 2))),
        group="ties",
    ),
    Peculiarity("pages-of-100", "The largest page has 100 rows.", make=always(_small_pages)),
)
