"""Defects in what is let in: strangers, bad data, addresses; and good data that is refused."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from tests.wrapping.changes import (
    COMPENSATE,
    COSTS,
    INVOICE,
    INVOICES,
    ITEMS,
    NOT_SENT,
    PATCH_ITEM,
    SET_BACKEND_ID,
    SET_PAYMENT_URL,
    SET_REFERENCE,
    TOTAL_PRICE,
    Defect,
    Make,
    always,
    matches,
    response_changed,
)
from tests.wrapping.proxy import Request, Response, Route, Row, Server

PAGE: Final = b"<!doctype html><html><body><h1>Not Found</h1></body></html>"
NEW: Final = "00000000-0000-4000-8000-000000000000"
"""The identifier of a compensation that was not made."""


def _compensated_anyway(response: Response) -> Response:
    """A negative item that must not be compensated is answered as if it had been."""
    if b"negative unit price" not in response.body:
        return response
    return response.saying({"invoice_item_uuid": NEW, "offering_component_name": "x"}, 201)


def _open_to_anonymous(route: Route, *, to_fakes: bool) -> Make:
    """Who is not known is taken for staff: who sends no token, or who sends one that nobody has."""

    async def plant(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        if response.status == 401 and matches(request, [route]) and bool(request.token) == to_fakes:
            return await server.ask(request.by((await server.tokens())["staff"]))
        return response

    return always(plant)


async def _inactive_accepted(request: Request, server: Server) -> Response:
    """A user who was deactivated is taken for an owner."""
    tokens = await server.tokens()
    if request.token == tokens.get("inactive"):
        return await server.ask(request.by(tokens["owner"]))
    return await server.ask(request)


async def _bare_uuid_unknown(request: Request, server: Server) -> Response:
    """A uuid without hyphens in the path names nothing."""
    found = INVOICE.match(request)
    if found is None or "-" in found:
        return await server.ask(request)
    return await server.ask(replace(request, path="/api/invoices/ffffffff-ffff-4fff-bfff-ffffffffffff/"))


async def _fails_on_size_zero(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    if request.values("page_size") == ["0"] and matches(request, [INVOICES]):
        return replace(response.with_body(b"<h1>Server Error (500)</h1>", "text/html"), status=500)
    return response


async def _fails_on_nothing_sent(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    if request.sends() == {} and matches(request, [SET_BACKEND_ID]) and response.status == 200:
        return replace(response.with_body(b"<h1>Server Error (500)</h1>", "text/html"), status=500)
    return response


async def _faulty_filter_ignored(request: Request, server: Server) -> Response:
    """A filter of items that makes no sense is ignored."""
    response = await server.ask(request)
    if response.status != 400 or request.method == "HEAD" or not matches(request, [ITEMS]):
        return response
    return await server.ask(request.without(*response.json))


async def _text_accepted(request: Request, server: Server) -> Response:
    """Plain text is taken for an empty object."""
    kind = request.headers.get("content-type", "")
    if matches(request, [SET_REFERENCE]) and kind.startswith("text/plain"):
        return await server.ask(request.sending({}))
    return await server.ask(request)


async def _broken_json_accepted(request: Request, server: Server) -> Response:
    """A body that cannot be read is taken for an empty object."""
    response = await server.ask(request)
    if matches(request, [SET_BACKEND_ID]) and response.status == 400 and b"JSON parse error" in response.body:
        return await server.ask(request.sending({}))
    return response


def _field_refused(route: Route, name: str, refused: Callable[[Any], bool], message: str) -> Make:
    """A value that ought to be taken is refused to staff."""

    async def plant(request: Request, server: Server) -> Response:
        sent = request.sends() or {}
        if not matches(request, [route]) or name not in sent or not refused(sent[name]):
            return await server.ask(request)
        if request.token != (await server.tokens())["staff"]:
            return await server.ask(request)
        return Response(400).saying({name: [message]})

    return always(plant)


def _field_bent(route: Route, name: str, bend: Callable[[Any], Any]) -> Make:
    """A value that ought to be refused is bent until it fits."""

    async def plant(request: Request, server: Server) -> Response:
        sent: Row = request.sends() or {}
        if matches(request, [route]) and name in sent:
            return await server.ask(request.sending({**sent, name: bend(sent[name])}))
        return await server.ask(request)

    return always(plant)


def _positive(value: Any) -> Any:
    return value.lstrip("-") if isinstance(value, str) else abs(value) if isinstance(value, (int, Decimal)) else value


def _an_address(value: Any) -> Any:
    return (
        value
        if not isinstance(value, str) or "://" in value or not value
        else f"https://{'-'.join(value.split())}.example"
    )


async def _delete_of_invoices(request: Request, server: Server) -> Response:
    """DELETE of an invoice, which nobody may do, is answered as if it had been done."""
    response = await server.ask(request)
    if response.status == 405 and request.method == "DELETE" and Route("DELETE", INVOICE.template).match(request):
        return replace(response.with_body(b"").with_header("content-type", None), status=204)
    return response


async def _anything_acceptable(request: Request, server: Server) -> Response:
    return await server.ask(replace(request, headers={**request.headers, "accept": "*/*"}))


async def _slashless(request: Request, server: Server) -> Response:
    """The slash at the end of an address is needed, and not put there for the caller."""
    response = await server.ask(request)
    if response.status in (301, 307, 308):
        return replace(response.with_body(PAGE, "text/html").with_header("location", None), status=404)
    return response


ACCEPTANCE: Final = (
    Defect("open-operation", "The total price needs no token.", _open_to_anonymous(TOTAL_PRICE, to_fakes=False)),
    Defect("fake-token-accepted", "Costs take any token.", _open_to_anonymous(COSTS, to_fakes=True)),
    Defect(
        "inactive-user-accepted",
        "A deactivated user gets answers.",
        always(_inactive_accepted),
        lawful="Nobody names the token of a user who is not active.",
    ),
    Defect("500-on-size-zero", "The list of invoices fails for pages of size zero.", always(_fails_on_size_zero)),
    Defect(
        "500-on-an-empty-object",
        "Setting the backend id fails for an empty object.",
        always(_fails_on_nothing_sent),
        by_reading=False,
    ),
    Defect(
        "faulty-filter-ignored", "A filter of items that makes no sense has no effect.", always(_faulty_filter_ignored)
    ),
    Defect("accept-ignored", "JSON is sent to who does not accept it.", always(_anything_acceptable)),
    Defect("slash-needed", "An address without the slash at its end is not found.", always(_slashless)),
    Defect(
        "bare-uuid-unknown",
        "A uuid without hyphens in the address of an invoice is not found.",
        always(_bare_uuid_unknown),
    ),
    Defect(
        "invoices-can-be-deleted",
        "DELETE of an invoice is answered like a success.",
        always(_delete_of_invoices),
        by_reading=False,
        lawful=NOT_SENT,
    ),
    Defect(
        "text-accepted",
        "Setting the reference number takes plain text.",
        always(_text_accepted),
        by_reading=False,
        lawful=NOT_SENT,
    ),
    Defect(
        "broken-json-accepted",
        "Setting the backend id takes broken JSON.",
        always(_broken_json_accepted),
        by_reading=False,
        lawful=NOT_SENT,
    ),
    Defect(
        "bad-address-accepted",
        "An address for paying that is none is made one.",
        _field_bent(SET_PAYMENT_URL, "payment_url", _an_address),
        by_reading=False,
    ),
    Defect(
        "too-long-text-accepted",
        "A reference number that is too long is cut off.",
        _field_bent(SET_REFERENCE, "reference_number", lambda text: text[:300] if isinstance(text, str) else text),
        by_reading=False,
    ),
    Defect(
        "null-accepted",
        "A backend id of null is taken for a blank one.",
        _field_bent(SET_BACKEND_ID, "backend_id", lambda text: "" if text is None else text),
        by_reading=False,
    ),
    Defect(
        "negative-price-accepted",
        "A negative unit price loses its sign.",
        _field_bent(PATCH_ITEM, "unit_price", _positive),
        by_reading=False,
    ),
    Defect(
        "blank-refused",
        "A backend id may not be blank.",
        _field_refused(SET_BACKEND_ID, "backend_id", lambda text: text == "", "This field may not be blank."),
        by_reading=False,
    ),
    Defect(
        "longest-refused",
        "A reference number may not have the last character that it may have.",
        _field_refused(
            SET_REFERENCE,
            "reference_number",
            lambda text: isinstance(text, str) and len(text.strip()) > 299,
            "Ensure this field has no more than 299 characters.",
        ),
        by_reading=False,
    ),
    Defect(
        "number-refused",
        "A unit price may be text, but not a number.",
        _field_refused(
            PATCH_ITEM, "unit_price", lambda price: isinstance(price, int | Decimal), "A valid string is required."
        ),
        by_reading=False,
    ),
    Defect(
        "compensation-of-a-compensation",
        "Compensating a negative item is answered as if it had been done.",
        response_changed([COMPENSATE], _compensated_anyway, [400]),
        by_reading=False,
    ),
)
