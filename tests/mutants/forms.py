"""Defects in the form of answers: types, keys, spelling of values, media types, time."""

import asyncio
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from tests.wrapping.changes import (
    COSTS,
    DOCUMENTED,
    GROWTH,
    ITEM,
    PROVIDER_ITEMS,
    STATS,
    TOTAL_PRICE,
    Defect,
    always,
    body_changed,
    details_changed,
    field,
    invoices_changed,
    items_changed,
    lines_changed,
    matches,
    response_changed,
    rows_changed,
)
from tests.wrapping.proxy import Request, Response, Row, Server

SLOWNESS: Final = 1.6
"""How long a slow answer takes, in seconds."""


def _without(name: str) -> Any:
    def edit(row: Row) -> None:
        row.pop(name, None)

    return edit


def _leak(row: Row) -> None:
    row["internal_note"] = "do not show"


def _other_form(uuid: str) -> str:
    """The uuid with hyphens if it has none, and without if it has."""
    if "-" in uuid:
        return uuid.replace("-", "")
    return "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))


def _without_zone(text: str) -> str:
    return text.removesuffix("Z").removesuffix("+00:00")


def _other_digit(link: str) -> str:
    """A link to another identifier: its first digit is another one."""
    head, _, uuid = link.rstrip("/").rpartition("/")
    return f"{head}/{'0' if uuid[0] != '0' else '1'}{uuid[1:]}/"


def _fewer_places(text: str) -> str:
    return format(Decimal(text).normalize(), "f")


def _with_exponent(text: str) -> str:
    return format(Decimal(text), "E")


def _day_first(text: str) -> str:
    return ".".join(reversed(text.split("-")))


def _customer_without_postal(row: Row) -> None:
    row.get("customer_details", {}).pop("postal", None)


def _growth_as_text(value: Row) -> Row:
    return {**value, "total_periods": [f"{number}" for number in value["total_periods"]]}


def _enveloped(value: Any) -> Row:
    return {"count": len(value), "results": value}


def _cut_off(response: Response) -> Response:
    return response.with_body(response.body[:-1])


async def _slow(request: Request, server: Server) -> Response:
    if request.method == "GET" and matches(request, [GROWTH]):
        await asyncio.sleep(SLOWNESS)
    return await server.ask(request)


FORMS: Final = (
    Defect(
        "decimal-as-number",
        "The unit price of a line is sent as a JSON number.",
        lines_changed(field("unit_price", Decimal)),
    ),
    Defect("number-as-text", "The number of an invoice is sent as text.", invoices_changed(field("number", str))),
    Defect("missing-key", "Invoice items do not name the customer.", details_changed(_without("customer_name"))),
    Defect("missing-issuer", "Invoices have no issuer details.", invoices_changed(_without("issuer_details"))),
    Defect(
        "missing-inner-key",
        "The customer details of an invoice have no postal code.",
        invoices_changed(_customer_without_postal),
    ),
    Defect(
        "missing-stats-key",
        "Statistics do not name the service category.",
        rows_changed([STATS], _without("service_category_title")),
    ),
    Defect("unknown-key", "Invoice items carry a key that nobody described.", details_changed(_leak)),
    Defect("null-name", "The name of a line is null.", lines_changed(field("name", lambda name: None))),
    Defect(
        "unknown-state",
        "Canceled invoices are in a state that is spelled otherwise.",
        invoices_changed(field("state", lambda state: "cancelled" if state == "canceled" else state)),
    ),
    Defect(
        "uuid-in-the-wrong-form",
        "The uuid of an item has hyphens where it should not, or has none where it should.",
        details_changed(field("uuid", _other_form)),
        lawful="Servers write uuids in one form or the other.",
    ),
    Defect(
        "uuid-in-upper-case", "The uuid of an invoice is in upper case.", invoices_changed(field("uuid", str.upper))
    ),
    Defect(
        "instant-without-zone", "The start of an item has no time zone.", items_changed(field("start", _without_zone))
    ),
    Defect(
        "day-in-another-form",
        "The invoice date begins with the day.",
        invoices_changed(field("invoice_date", _day_first)),
    ),
    Defect(
        "relative-link",
        "The link of an invoice is only a path.",
        invoices_changed(field("url", lambda url: urlsplit(url).path)),
    ),
    Defect(
        "link-to-another-object",
        "The link of an invoice leads to another identifier.",
        invoices_changed(field("url", _other_digit)),
    ),
    Defect(
        "link-to-no-invoice",
        "The link of an item to its invoice leads to an invoice that does not exist.",
        details_changed(field("invoice", _other_digit)),
    ),
    Defect(
        "fewer-places",
        "The quantity of an item has only the places that it needs.",
        details_changed(field("quantity", _fewer_places)),
    ),
    Defect(
        "decimal-with-exponent",
        "The unit price of an item is written with an exponent.",
        items_changed(field("unit_price", _with_exponent)),
    ),
    Defect(
        "growth-as-text",
        "The figures of growth are texts.",
        body_changed([GROWTH], _growth_as_text),
        dialects=DOCUMENTED,
    ),
    Defect(
        "list-in-an-envelope",
        "The list of provider items is put into an object.",
        body_changed([PROVIDER_ITEMS], _enveloped),
    ),
    Defect(
        "object-in-a-list", "An invoice item is answered in a list of one.", body_changed([ITEM], lambda value: [value])
    ),
    Defect("body-cut-off", "The last character of the costs is missing.", response_changed([COSTS], _cut_off)),
    Defect(
        "wrong-content-type",
        "The total price says that it is a web page.",
        response_changed(
            [TOTAL_PRICE], lambda response: response.with_header("content-type", "text/html; charset=utf-8")
        ),
    ),
    Defect("slow-answer", f"Growth takes {SLOWNESS} seconds.", always(_slow)),
)
