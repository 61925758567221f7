"""Why a request was refused: Waldur's rule, the place in the description, the section of the behaviour sheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from waldur_billing_mock.mock_server.control.faults import PREFER
from waldur_billing_mock.mock_server.control.find_session import REFUSAL
from waldur_billing_mock.mock_server.control.journal import Exchange
from waldur_billing_mock.mock_server.web.request import headers_by_name
from waldur_billing_mock.mock_server.web.routing import Match
from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import Operation
from waldur_billing_mock.openapi.pointer import escape, look_up

_RULES: Final[Mapping[int, tuple[str, str]]] = {
    301: ("Every path of the API ends in a slash.", "1.5"),
    401: ("Every call needs the token of an active user: `Authorization: Token <key>`.", "1.2"),
    403: ("Only staff may call this operation, whether the object exists or not.", "4"),
    404: ("There is no such object, or the caller has no role that lets them see it.", "4"),
    405: ("The path does not have this method.", "1.8"),
    406: ("The API answers JSON only.", "1.1"),
    409: ("The object is in a state that does not allow this.", "3.2"),
    413: ("The body is larger than the server takes.", ""),
    415: ("Bodies are JSON or forms.", "1.4"),
    429: ("The caller has asked too often.", ""),
    500: ("The server failed.", "1.4"),
    501: ("The world was recorded without what this answer needs.", ""),
    503: ("The mock has no room for this in its sessions.", ""),
}
_OF_OPERATIONS: Final[Mapping[tuple[str, int], tuple[str, str]]] = {
    ("invoices_paid", 409): ("Only an invoice in the state `created` can be paid.", "5.8"),
    ("invoices_paid", 400): ("A payment needs a date, and the customer an active payment profile.", "5.8"),
    ("invoices_send_notification", 400): (
        "A notification can be sent of an invoice in the state `created` only.",
        "5.9",
    ),
    ("invoice_items_create_compensation", 400): ("An item with a negative price cannot be compensated.", "6.3"),
    ("invoice_items_migrate_to", 400): ("Items move between invoices of the same customer only.", "6.6"),
}
_VALIDATED_QUERY: Final = ("Query parameters are validated together, and all invalid ones are named.", "1.4")
_VALIDATED_BODY: Final = ("Fields of the body are validated together, and all invalid ones are named.", "1.4")
_UNREADABLE: Final = ("The body must be JSON or a form, and an object.", "1.4")
_NO_PAGE: Final = ("The list has no such page.", "1.7")
_NO_FORMAT: Final = ("The API answers JSON only; a suffix of the path asks for another format.", "1.1")
_NO_SESSION: Final = ("The session that the request names cannot be used.", "")
_PREFERRED: Final = ("The caller asked for this answer with the header `Prefer`.", "")
_WRONG_WISH: Final = ("The header `Prefer` takes code=STATUS, delay=MILLISECONDS and example=NAME.", "")
_ELSE: Final = ("The answer says why.", "")


def why(document: Node, match: Match | None, exchange: Exchange, body: Any) -> dict[str, Any] | None:
    """The reason of a refusal; None for what was not refused, or refused by a fault rule only."""
    status, scope = exchange.status, exchange.scope
    if status is None or (status < 400 and status != 301) or "waldur.fault" in scope:
        return None
    if REFUSAL in scope:
        return _reason(_NO_SESSION, [], body)
    if PREFER in headers_by_name(scope) and (wish := _wish(exchange, body)):
        return _reason(wish, [], body)
    if match is None:
        return _reason(_RULES[301] if status == 301 else ("The API has no such path.", "1.5"), [], body)
    operation = match.route.operations.get(scope["method"])
    if operation is None:
        return _reason(_RULES.get(status, _RULES[405]), [], body)
    # The neighbours of the billing operations have descriptions of their own, which are not published.
    places = list(_places(document, operation, status, body)) if operation.path in document["paths"] else []
    return _reason(_rule(match, operation, status, body), places, body)


def _wish(exchange: Exchange, body: Any) -> tuple[str, str] | None:
    """What a request with `Prefer` was refused for; None where the header is not the reason."""
    if str(_detail(body)).startswith("Prefer: "):
        return _WRONG_WISH
    return _PREFERRED if any(name == b"preference-applied" for name, _ in exchange.headers) else None


def _rule(match: Match, operation: Operation, status: int, body: Any) -> tuple[str, str]:
    of_operation = _OF_OPERATIONS.get((operation.operation_id, status))
    match status:
        case 404 if _detail(body) == "Invalid page.":
            return _NO_PAGE
        case 404 if match.format != "json":
            return _NO_FORMAT
        case 400 if isinstance(body, dict):
            unreadable = "detail" in body or _says_what_it_must_be(body.get("non_field_errors"))
            if unreadable:
                return _UNREADABLE
            return _VALIDATED_QUERY if body and set(body) <= set(operation.query) else _VALIDATED_BODY
        case 400:
            return of_operation or ("A rule of billing forbids it.", "1.4")
    return of_operation or _RULES.get(status, _ELSE)


def _detail(body: Any) -> Any:
    return body.get("detail") if isinstance(body, dict) else None


def _says_what_it_must_be(messages: Any) -> bool:
    """Whether the body as a whole was no object."""
    first = str(messages[0]) if isinstance(messages, list) and messages else ""
    return first.startswith("Invalid data. Expected a dictionary") or first == "No data provided"


def _reason(rule: tuple[str, str], places: list[str], said: Any) -> dict[str, Any]:
    text, section = rule
    return {"rule": text, "places": places, "section": section or None, "said": said}


def _places(document: Node, operation: Operation, status: int, body: Any) -> Iterator[str]:
    """JSON pointers into the description: what the fields of the answer are about, and the answer itself."""
    top = ("paths", operation.path, operation.method.lower())
    node = document["paths"][operation.path][operation.method.lower()]
    names = [resolve(document, parameter)["name"] for parameter in node.get("parameters", ())]
    for name in body if isinstance(body, dict) else ():
        if name in names:
            yield _pointer(document, (*top, "parameters", names.index(name)))
        for media, schema in operation.bodies.items():
            if name in resolve(document, schema).get("properties", {}):
                yield _pointer(document, (*top, "requestBody", "content", media, "schema", "properties", name))
                break
    if status == 401:
        yield "#/components/securitySchemes"
    elif status == 403:
        yield _pointer(document, (*top, "x-waldur-permission"))
    if str(status) in node["responses"]:
        yield _pointer(document, (*top, "responses", str(status)))


def _pointer(document: Node, steps: Sequence[str | int]) -> str:
    """The pointer to what the steps lead to, references on the way followed."""
    pointer, node = "#", cast(Any, document)
    for step in steps:
        while isinstance(node, dict) and "$ref" in node:
            pointer, node = node["$ref"], look_up(document, node["$ref"])
        node = node[step]
        pointer += f"/{escape(str(step))}"
    return pointer
