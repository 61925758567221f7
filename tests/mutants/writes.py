"""Defects in what writes do to the object itself: what they forget, what they take, what they answer."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from tests.wrapping.changes import (
    DELETE_ITEM,
    DOCUMENTED,
    ITEM,
    MIGRATE,
    NOTIFY,
    PAID,
    PATCH_ITEM,
    PUT_ITEM,
    SET_BACKEND_ID,
    SET_PAYMENT_URL,
    SET_REFERENCE,
    Defect,
    Make,
    always,
    matches,
    request_changed,
)
from tests.wrapping.proxy import Plant, Request, Response, Route, Row, Server

NOWHERE: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"
After = Callable[[str, Row, Request, Server], Awaitable[None]]
"""What happens after a write: it gets the uuid in the path, the object before the write, and the request."""


def invoice_path(uuid: str, action: str = "") -> str:
    return f"/api/invoices/{uuid}/{action}"


def item_path(uuid: str, action: str = "") -> str:
    return f"/api/invoice-items/{uuid}/{action}"


def object_path(request: Request) -> str:
    """The address of the object on which an action is asked for."""
    return "/".join(request.path.split("/")[:4]) + "/"


def followed_by(routes: Iterable[Route], act: After) -> Make:
    """After a write that succeeded something else happens."""
    wanted = tuple(routes)

    async def plant(request: Request, server: Server) -> Response:
        uuids = [uuid for route in wanted if (uuid := route.match(request)) is not None]
        if not uuids:
            return await server.ask(request)
        before = await server.read(object_path(request), request)
        response = await server.ask(request)
        if response.status < 300:
            await act(uuids[0], before.json, request, server)
        return response

    return always(plant)


def _sent_instead(route: Route, change: Callable[[Row], Row]) -> Make:
    """Another object is written than was sent."""

    def changed(request: Request) -> Request:
        sent = request.sends()
        return request if sent is None else request.sending(change(sent))

    return request_changed([route], changed)


def _written_back(action: str, name: str) -> After:
    """The text field gets its old value again."""

    async def act(uuid: str, before: Row, request: Request, server: Server) -> None:
        await server.write("POST", invoice_path(uuid, f"{action}/"), {name: before.get(name) or ""}, request)

    return act


async def _patched_back(uuid: str, before: Row, request: Request, server: Server) -> None:
    names = [name for name in request.sends() or {} if name in before]
    await server.write(
        "PATCH", item_path(uuid), {"quantity": before["quantity"], **{n: before[n] for n in names}}, request
    )


async def _moved_back(uuid: str, before: Row, request: Request, server: Server) -> None:
    await server.write("POST", item_path(uuid, "migrate_to/"), {"invoice": before["invoice"]}, request)


async def _dearer(uuid: str, before: Row, request: Request, server: Server) -> None:
    price = Decimal(before["unit_price"]) + 1
    await server.write("PATCH", item_path(uuid), {"quantity": before["quantity"], "unit_price": f"{price}"}, request)


async def _backend_id_too(uuid: str, before: Row, request: Request, server: Server) -> None:
    text = (request.sends() or {}).get("reference_number")
    if text is not None:
        await server.write("POST", invoice_path(uuid, "set_backend_id/"), {"backend_id": text}, request)


async def _reference_lost(uuid: str, before: Row, request: Request, server: Server) -> None:
    await server.write("POST", invoice_path(uuid, "set_reference_number/"), {"reference_number": "PAID"}, request)


async def _paid_as_well(uuid: str, before: Row, request: Request, server: Server) -> None:
    await server.write("POST", invoice_path(uuid, "paid/"), {}, request)


async def _another_paid(uuid: str, before: Row, request: Request, server: Server) -> None:
    """One more created invoice is paid."""
    for row in (await server.rows("/api/invoices/", request, state="created"))[:1]:
        await server.write("POST", invoice_path(row["uuid"], "paid/"), {}, request)


async def _by_staff(request: Request, server: Server) -> bool:
    return request.token == (await server.tokens())["staff"]


def _paid_in_words(*, state: str, status: int) -> Make:
    """Invoices in a state are answered as if they had been paid, where the healthy server answers with a status."""

    async def plant(request: Request, server: Server) -> Response:
        uuid = PAID.match(request)
        if uuid is None or not await _by_staff(request, server):
            return await server.ask(request)
        invoice = await server.read(invoice_path(uuid), request)
        if invoice.status != 200 or invoice.json["state"] != state:
            return await server.ask(request)
        if status != 200 and (response := await server.ask(request)).status != status:
            return response
        return invoice.saying({**invoice.json, "state": "paid"})

    return always(plant)


def _deleted_in_words(*, hidden: bool) -> Make:
    """DELETE is answered, and nothing is deleted; where hidden, the item by itself is not found any more."""

    def make() -> Plant:
        gone: set[str] = set()

        async def plant(request: Request, server: Server) -> Response:
            if matches(request, [ITEM, DELETE_ITEM, PATCH_ITEM]) and request.path in gone:
                return await server.ask(replace(request, path=item_path(NOWHERE)))
            if DELETE_ITEM.match(request) is None or not await _by_staff(request, server):
                return await server.ask(request)
            item = await server.read(request.path, request)
            if item.status != 200:
                return item
            if hidden:
                gone.add(request.path)
            empty = item.with_body(b"").with_header("content-type", None).with_header("content-length", None)
            return replace(empty, status=204)

        return plant

    return make


async def _notified_anyway(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    if response.status == 400 and matches(request, [NOTIFY]):
        return replace(response.with_body(b"").with_header("content-type", None), status=200)
    return response


async def _moved_in_words(request: Request, server: Server) -> Response:
    """A move that is refused is answered as if it had been done."""
    response = await server.ask(request)
    if response.status == 400 and matches(request, [MIGRATE]):
        item = await server.read(object_path(request), request)
        return response.saying({"invoice_item_uuid": item.json["uuid"]}, 200)
    return response


async def _refused_but_cut_off(request: Request, server: Server) -> Response:
    """A reference number that is too long is refused, but its beginning is kept."""
    response = await server.ask(request)
    sent = (request.sends() or {}).get("reference_number")
    if response.status == 400 and matches(request, [SET_REFERENCE]) and isinstance(sent, str):
        await server.ask(request.sending({"reference_number": sent[:100]}))
    return response


async def _half_refused(request: Request, server: Server) -> Response:
    """Of a change that is refused, the fields without a fault are kept."""
    response = await server.ask(request)
    sent = request.sends()
    if response.status == 400 and matches(request, [PATCH_ITEM, PUT_ITEM]) and sent is not None:
        faults = response.json
        await server.ask(request.sending({name: value for name, value in sent.items() if name not in faults}))
    return response


async def _old_values_answered(request: Request, server: Server) -> Response:
    if not matches(request, [PATCH_ITEM]):
        return await server.ask(request)
    before = await server.read(request.path, request)
    response = await server.ask(request)
    return response.saying({n: before.json[n] for n in response.json}) if response.status == 200 else response


def _rounded(sent: Row) -> Row:
    """A unit price has only cents; what cannot be a price is left to be refused."""
    text = sent.get("unit_price")
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,12}(\.\d{1,10})?", text):
        return sent
    return {**sent, "unit_price": str(Decimal(text).quantize(Decimal("0.01")))}


def _short(name: str, length: int) -> Callable[[Row], Row]:
    def change(sent: Row) -> Row:
        text: Any = sent.get(name)
        return {**sent, name: text[:length]} if isinstance(text, str) else sent

    return change


def _change(identifier: str, sentence: str, make: Make) -> Defect:
    return Defect(identifier, sentence, make, by_reading=False)


WRITES: Final = (
    Defect(
        "paid-twice-accepted",
        "A paid invoice can be paid again.",
        _paid_in_words(state="paid", status=409),
        by_reading=False,
        dialects=DOCUMENTED,
    ),
    Defect(
        "pending-paid-in-words",
        "A pending invoice can be paid, says the answer.",
        _paid_in_words(state="pending", status=409),
        by_reading=False,
        dialects=DOCUMENTED,
    ),
    Defect(
        "payment-forgotten",
        "A created invoice is paid, says the answer, but it is not.",
        _paid_in_words(state="created", status=200),
        by_reading=False,
        dialects=DOCUMENTED,
    ),
    _change("payment-changes-the-reference", "Paying writes a reference number.", followed_by([PAID], _reference_lost)),
    _change("payment-of-another", "Paying an invoice pays another one too.", followed_by([PAID], _another_paid)),
    _change(
        "notification-changes-the-state",
        "A notification marks the invoice as paid.",
        followed_by([NOTIFY], _paid_as_well),
    ),
    _change(
        "notification-of-any-invoice", "A notification is sent for invoices in any state.", always(_notified_anyway)
    ),
    _change(
        "backend-id-forgotten",
        "The backend id stays as it was.",
        followed_by([SET_BACKEND_ID], _written_back("set_backend_id", "backend_id")),
    ),
    _change(
        "payment-url-cut-off",
        "The address for paying is cut off.",
        _sent_instead(SET_PAYMENT_URL, _short("payment_url", 60)),
    ),
    _change(
        "reference-number-cut-off",
        "The reference number is cut off.",
        _sent_instead(SET_REFERENCE, _short("reference_number", 100)),
    ),
    _change(
        "reference-number-is-backend-id",
        "The reference number becomes the backend id, too.",
        followed_by([SET_REFERENCE], _backend_id_too),
    ),
    _change(
        "nothing-sent-clears",
        "Where no backend id is sent, it is cleared.",
        _sent_instead(SET_BACKEND_ID, lambda sent: {"backend_id": "", **sent}),
    ),
    _change(
        "refusal-leaves-a-trace",
        "A reference number that is refused is kept all the same, cut off.",
        always(_refused_but_cut_off),
    ),
    _change(
        "half-a-refusal-stays", "Of a refused change of an item, the other fields are kept.", always(_half_refused)
    ),
    _change("patch-forgets", "PATCH changes nothing.", followed_by([PATCH_ITEM], _patched_back)),
    _change("put-forgets", "PUT changes nothing.", followed_by([PUT_ITEM], _patched_back)),
    _change(
        "put-resets-what-is-missing",
        "PUT clears the article code where it is not sent.",
        _sent_instead(PUT_ITEM, lambda sent: {"article_code": "", **sent}),
    ),
    _change("patch-rounds", "PATCH rounds the unit price to cents.", _sent_instead(PATCH_ITEM, _rounded)),
    _change(
        "quantity-ignored",
        "PATCH does not change the quantity.",
        _sent_instead(PATCH_ITEM, lambda sent: {name: value for name, value in sent.items() if name != "quantity"}),
    ),
    _change("old-values-answered", "PATCH answers with what was there before.", always(_old_values_answered)),
    _change("delete-does-nothing", "DELETE is answered, but the item stays.", _deleted_in_words(hidden=False)),
    _change("delete-hides-only-the-item", "A deleted item is still listed and billed.", _deleted_in_words(hidden=True)),
    _change("migrate-moves-nothing", "A moved item stays where it was.", followed_by([MIGRATE], _moved_back)),
    _change("migrate-changes-the-price", "A moved item becomes dearer.", followed_by([MIGRATE], _dearer)),
    _change(
        "refused-move-accepted", "A move that is refused is answered as if it had been done.", always(_moved_in_words)
    ),
)
