"""Defects in how something is refused: statuses, headers, error bodies."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.wrapping.changes import (
    COMPENSATE,
    COSTS,
    DELETE_ITEM,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    NOT_SENT,
    PAID,
    PATCH_ITEM,
    PROVIDER_ITEMS,
    SET_BACKEND_ID,
    SET_REFERENCE,
    TOTAL_PRICE,
    Defect,
    header_changed,
    response_changed,
)
from tests.wrapping.proxy import Response, Route

EVERY_READ: Final = (INVOICES, INVOICE, ITEMS, ITEM, PROVIDER_ITEMS, GROWTH, COSTS, TOTAL_PRICE)
PERMISSION: Final = "You do not have permission to perform this action."
PAGE: Final = b"<!doctype html><html><body><h1>Not Found</h1></body></html>"


def _refused_as(status: int, sentence: str) -> Callable[[Response], Response]:
    return lambda response: response.saying({"detail": sentence}, status)


def _with_status(status: int) -> Callable[[Response], Response]:
    return lambda response: replace(response, status=status)


def _in_other_words(response: Response) -> Response:
    return response.saying({"error": {"code": response.status, "message": response.json.get("detail")}})


def _as_text(response: Response) -> Response:
    return response.saying(response.json["detail"])


def _flat(response: Response) -> Response:
    """All messages in one sentence, and no names of fields."""
    value = response.json
    if not isinstance(value, dict) or "detail" in value:
        return response
    return response.saying({"detail": " ".join(str(message) for messages in value.values() for message in messages)})


def _one_message(response: Response) -> Response:
    """The first message of a field alone, and not in a list."""
    value = response.json
    if not isinstance(value, dict) or "detail" in value:
        return response
    return response.saying({name: messages[0] for name, messages in value.items()})


def _first_fault(response: Response) -> Response:
    value = response.json
    return response.saying(dict(list(value.items())[:1])) if isinstance(value, dict) else response


REFUSALS: Final = (
    Defect(
        "403-for-404",
        "Invoices that one may not see, and those that do not exist, are forbidden.",
        response_changed([INVOICE], _refused_as(403, PERMISSION), [404]),
    ),
    Defect(
        "404-for-403",
        "Who may not set the backend id is told that there is no such invoice.",
        response_changed([SET_BACKEND_ID], _refused_as(404, "No Invoice matches the given query."), [403]),
        by_reading=False,
    ),
    Defect(
        "400-for-409",
        "Paying an invoice that is not created is a bad request.",
        response_changed([PAID], _with_status(400), [409]),
        by_reading=False,
    ),
    Defect(
        "422-for-400",
        "A faulty filter of items cannot be processed.",
        response_changed([ITEMS], _with_status(422), [400]),
    ),
    Defect(
        "404-for-405",
        "A method that invoice items do not have is not found.",
        response_changed([Route("POST", ITEMS.template)], _refused_as(404, "Not found."), [405]),
        by_reading=False,
        lawful=NOT_SENT,
    ),
    Defect(
        "200-for-201",
        "A compensation that was made is answered as any other success.",
        response_changed([COMPENSATE], _with_status(200), [201]),
        by_reading=False,
    ),
    Defect(
        "200-for-204",
        "The answer to DELETE says more than nothing.",
        response_changed([DELETE_ITEM], lambda response: response.saying({"status": "deleted"}, 200), [204]),
        by_reading=False,
    ),
    Defect(
        "401-without-www-authenticate",
        "Who is not known is not told how to authenticate.",
        header_changed(EVERY_READ, "www-authenticate", lambda scheme: None),
    ),
    Defect(
        "405-without-allow",
        "Who uses a method that growth does not have is not told which it has.",
        header_changed(
            [Route(method, GROWTH.template) for method in ("POST", "PUT", "PATCH", "DELETE")],
            "allow",
            lambda methods: None,
        ),
        by_reading=False,
        lawful=NOT_SENT,
    ),
    Defect(
        "error-in-other-words",
        "What is not found says so in an object of another shape.",
        response_changed([ITEM], _in_other_words, [404]),
    ),
    Defect(
        "error-as-text",
        "Who is not known gets a text instead of an object.",
        response_changed([ITEMS], _as_text, [401]),
    ),
    Defect(
        "error-as-a-page",
        "An invoice that is not found is answered with a web page.",
        response_changed([INVOICE], lambda response: response.with_body(PAGE, "text/html"), [404]),
    ),
    Defect("faults-without-names", "Faulty filters are not named.", response_changed([INVOICES], _flat, [400])),
    Defect(
        "first-fault-only", "Only the first faulty filter is named.", response_changed([ITEMS], _first_fault, [400])
    ),
    Defect(
        "messages-without-a-list",
        "A faulty field has one message, not a list.",
        response_changed([PATCH_ITEM, SET_REFERENCE], _one_message, [400]),
        by_reading=False,
    ),
)
