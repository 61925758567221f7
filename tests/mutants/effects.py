"""Defects in what writes do to other objects: copies, compensations, sums that do not follow."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from tests.mutants.writes import followed_by, invoice_path, item_path
from tests.wrapping.changes import (
    COMPENSATE,
    COSTS,
    CUSTOMER_COSTS,
    DELETE_ITEM,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEMS,
    LINES,
    MIGRATE,
    PATCH_ITEM,
    PUT_ITEM,
    STATS,
    TOTAL_PRICE,
    Defect,
    Make,
    always,
    edited,
    matches,
)
from tests.wrapping.proxy import Plant, Request, Response, Route, Row, Server, digits

SUMS: Final = ("price", "tax", "total", "compensations", "incurred_costs")


def _remembered(routes: Iterable[Route], *names: str) -> Make:
    """After a write to an item, its invoice shows what it showed before: the named fields, or all without names."""
    wanted = tuple(routes)

    def make() -> Plant:
        known: dict[str, Row] = {}

        async def remember(path: str, request: Request, server: Server) -> None:
            item = await server.read(path, request)
            if item.status == 200:
                uuid = digits(item.json["invoice"])
                invoice = (await server.read(invoice_path(uuid), request)).json
                known.setdefault(uuid, {name: invoice[name] for name in names or invoice if name in invoice})

        def recall(row: Row) -> None:
            old = known.get(digits(str(row.get("uuid", ""))), {})
            row.update({name: value for name, value in old.items() if name in row})

        async def plant(request: Request, server: Server) -> Response:
            if matches(request, wanted):
                await remember("/".join(request.path.split("/")[:4]) + "/", request, server)
            response = await server.ask(request)
            if known and request.method == "GET" and response.status == 200 and matches(request, [INVOICE, INVOICES]):
                return response.saying(edited(response.json, recall))
            return response

        return plant

    return make


def _frozen(route: Route) -> Make:
    """What was answered once is answered for ever."""

    def make() -> Plant:
        known: dict[tuple[str, ...], Response] = {}

        async def plant(request: Request, server: Server) -> Response:
            if request.method != "GET" or not matches(request, [route]):
                return await server.ask(request)
            key = (request.path, request.query, request.token, request.headers.get("accept", ""))
            if key not in known:
                response = await server.ask(request)
                if response.status != 200:
                    return response
                known[key] = response
            return known[key]

        return plant

    return make


async def _write_item(uuid: str, values: Row, request: Request, server: Server) -> None:
    """Changes an item; its quantity is sent as well, since one dialect wants it."""
    item = (await server.read(item_path(uuid), request)).json
    await server.write("PATCH", item_path(uuid), {"quantity": item["quantity"], **values}, request)


async def _copied_to(uuid: str, home: str, request: Request, server: Server) -> None:
    """A copy of the item, at the same price, is on an invoice."""
    made = await server.write(
        "POST", item_path(uuid, "create_compensation/"), {"offering_component_name": "copy"}, request
    )
    copy = made.json["invoice_item_uuid"]
    item = (await server.read(item_path(uuid), request)).json
    await _write_item(copy, {"unit_price": item["unit_price"]}, request, server)
    await server.write("POST", item_path(copy, "migrate_to/"), {"invoice": home}, request)


async def _left_behind(uuid: str, before: Row, request: Request, server: Server) -> None:
    if Decimal(before["unit_price"]) >= 0:
        await _copied_to(uuid, before["invoice"], request, server)


def _compensating(act: Any) -> Make:
    """A compensation that was made goes through something more: its uuid, the item's row, the request, the server."""

    async def plant(request: Request, server: Server) -> Response:
        uuid = COMPENSATE.match(request)
        response = await server.ask(request)
        if uuid is None or response.status != 201:
            return response
        item = (await server.read(item_path(uuid), request)).json
        await act(response.json["invoice_item_uuid"], item, request, server)
        return response

    return always(plant)


async def _made_positive(made: str, item: Row, request: Request, server: Server) -> None:
    await _write_item(made, {"unit_price": item["unit_price"]}, request, server)


async def _misplaced(made: str, item: Row, request: Request, server: Server) -> None:
    """The compensation is on the invoice of the item, or where that is the right one, on another."""
    right = (await server.read(item_path(made), request)).json["invoice"]
    customer = digits((await server.read(invoice_path(digits(right)), request)).json["customer"])
    others = [row["url"] for row in await server.rows("/api/invoices/", request, customer_uuid=customer)]
    wrong = [url for url in (item["invoice"], *others) if url != right]
    if wrong:
        await server.write("POST", item_path(made, "migrate_to/"), {"invoice": wrong[0]}, request)


async def _marked(made: str, item: Row, request: Request, server: Server) -> None:
    await _write_item(item["uuid"], {"article_code": "COMPENSATED"}, request, server)


async def _made_twice(made: str, item: Row, request: Request, server: Server) -> None:
    await server.ask(request)


async def _undone(made: str, item: Row, request: Request, server: Server) -> None:
    await server.write("DELETE", item_path(made), {}, request)


async def _stripped(made: str, item: Row, request: Request, server: Server) -> None:
    """The compensation has no article code."""
    await _write_item(made, {"article_code": "OTHER"}, request, server)


async def _names_the_item(request: Request, server: Server) -> Response:
    """The answer names the item instead of its compensation."""
    response = await server.ask(request)
    uuid = COMPENSATE.match(request)
    if uuid is None or response.status != 201:
        return response
    item = (await server.read(item_path(uuid), request)).json
    return response.saying({**response.json, "invoice_item_uuid": item["uuid"]})


def _effect(identifier: str, sentence: str, make: Make) -> Defect:
    return Defect(identifier, sentence, make, by_reading=False)


EFFECTS: Final = (
    _effect(
        "compensation-with-the-wrong-sign", "A compensation is as dear as its item.", _compensating(_made_positive)
    ),
    _effect(
        "compensation-on-the-wrong-invoice",
        "A compensation is on another invoice than the current one.",
        _compensating(_misplaced),
    ),
    _effect(
        "compensation-changes-the-item",
        "The item that is compensated gets another article code.",
        _compensating(_marked),
    ),
    _effect("compensation-made-twice", "An item is compensated twice at once.", _compensating(_made_twice)),
    _effect("compensation-undone", "A compensation is gone as soon as it was made.", _compensating(_undone)),
    _effect(
        "compensation-of-another-article",
        "A compensation has another article code than its item.",
        _compensating(_stripped),
    ),
    _effect("compensation-names-the-item", "The answer names the item that was compensated.", always(_names_the_item)),
    _effect(
        "migrate-duplicates", "A moved item stays on its old invoice as a copy.", followed_by([MIGRATE], _left_behind)
    ),
    _effect(
        "stale-sums",
        "The sums of an invoice do not follow changes of its items.",
        _remembered([PATCH_ITEM, PUT_ITEM], *SUMS),
    ),
    _effect(
        "stale-total",
        "The total of an invoice does not follow changes of its items.",
        _remembered([PATCH_ITEM, PUT_ITEM], "total"),
    ),
    _effect(
        "stale-sums-after-a-move",
        "The sums of an invoice do not follow when an item leaves it.",
        _remembered([MIGRATE], *SUMS),
    ),
    _effect("deleted-line-stays", "An invoice goes on showing a deleted item.", _remembered([DELETE_ITEM])),
    _effect("stale-lines", "The items of an invoice stay as they were first asked for.", _frozen(LINES)),
    _effect("stale-stats", "Statistics stay as they were first asked for.", _frozen(STATS)),
    _effect("stale-growth", "Growth stays as it was first asked for.", _frozen(GROWTH)),
    _effect("stale-costs", "Costs stay as they were first asked for.", _frozen(COSTS)),
    _effect(
        "stale-costs-for-period", "The costs of a customer stay as they were first asked for.", _frozen(CUSTOMER_COSTS)
    ),
    _effect("stale-total-price", "The total price stays as it was first asked for.", _frozen(TOTAL_PRICE)),
    _effect("stale-list", "The list of items stays as it was first asked for.", _frozen(ITEMS)),
)
