"""The journal of requests."""

from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Message

from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.handlers.operation_names import check_operations
from waldur_billing_mock.mock_server.control.journal import Delivery, Exchange
from waldur_billing_mock.mock_server.control.plane import Call, Conflict, NotFound
from waldur_billing_mock.mock_server.control.session import set_session
from waldur_billing_mock.mock_server.control.verify import fits, verify


def requests_list(call: Call) -> JSONResponse:
    """The entries that fit the query; their number is in a header. Raises `InvalidInput` for an unknown operation."""
    reader, wanted = call.plane.reader, dict(call.query)
    check_operations(call, [wanted["operation"]] if "operation" in wanted else ())
    limit = wanted.pop("limit", None)
    found = [one for one in call.session.journal if _is_wanted(call, one, wanted)]
    shown = [reader.shown(one) for one in (found if limit is None else found[-limit:])]
    return JSONResponse(shown, headers={"X-Result-Count": str(len(found))})


def requests_clear(call: Call) -> None:
    call.session.journal.clear()


def requests_har(call: Call) -> dict[str, Any]:
    return call.plane.reader.archive(call.session.journal.exchanges())


def requests_get(call: Call) -> dict[str, Any]:
    exchange = _exchange(call)
    reader = call.plane.reader
    return {**reader.shown(exchange), "curl": reader.curl(exchange)}


async def requests_replay(call: Call) -> dict[str, Any]:
    """The request is sent again, through everything that a request goes through."""
    exchange = _exchange(call)
    if exchange.request_size > len(exchange.request_body):
        raise Conflict(f"The body of the request {exchange.id} was too long to be kept, so it cannot be sent again.")
    sent: list[Message] = [{"type": "http.request", "body": exchange.request_body}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return sent.pop(0)

    async def send(message: Message) -> None:
        """The answer is in the journal."""

    scope = {key: value for key, value in exchange.scope.items() if not key.startswith("waldur.")}
    set_session(scope, call.session)
    await call.plane.api(scope, receive, send)
    newest = call.session.journal.exchanges()[-1]
    return call.plane.reader.shown(newest)


def requests_verify(call: Call) -> JSONResponse:
    """Whether the request was made so often; 409 with the nearest one where not.

    Raises `InvalidInput` for an unknown operation, which `times: 0` would always be true of.
    """
    reader = call.plane.reader
    check_operations(call, [call.body["operation"]] if "operation" in call.body else ())
    try:
        verdict = verify(reader, call.session.journal.exchanges(), call.body)
    except ValueError as error:
        raise InvalidInput({"body": [str(error)]}) from error
    body: dict[str, Any] = {"verified": verdict.verified, "count": verdict.count, "expected": verdict.expected}
    if verdict.verified:
        return JSONResponse(body)
    body["message"] = f"Expected {verdict.expected} such requests, found {verdict.count}."
    if verdict.nearest is not None:
        body["nearest"] = reader.shown(verdict.nearest)
        body["differences"] = [
            {"what": one.what, "expected": one.expected, "got": one.got} for one in verdict.differences
        ]
        body["message"] += f" Nearest: request {verdict.nearest.id}, {'; '.join(map(str, verdict.differences))}."
    return JSONResponse(body, status_code=409)


def _is_wanted(call: Call, one: Exchange | Delivery, wanted: dict[str, Any]) -> bool:
    if isinstance(one, Delivery):
        return set(wanted) <= {"since"} and one.id > wanted.get("since", 0)
    return fits(call.plane.reader, one, wanted)


def _exchange(call: Call) -> Exchange:
    found = call.session.journal.find(call.path["id"])
    if found is None:
        raise NotFound(f"The journal has no request {call.path['id']}; it may have been dropped.")
    return found
