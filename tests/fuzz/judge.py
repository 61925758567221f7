"""Whether Waldur's rules explain an answer: its status, its shape, its head. Nothing is excused but what is listed."""

import json
from functools import cache
from typing import Final
from urllib.parse import unquote

from tests.asgi import Reply
from tests.fuzz.connection import OF_UVICORN, Answer, Outcome
from tests.fuzz.requests import Sent
from tests.test_error_shape import Request, complaint, described, is_one_of_waldurs_shapes
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.mock_server.web.problems import Problem
from waldur_billing_mock.mock_server.web.routing import Match, Routes
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.support import describe_support, join

JSON: Final = "application/json"
ANYWHERE: Final = frozenset({301, 400, 401, 403, 404, 405, 406, 413, 414, 415, 431, 503})
"""Statuses by which a request may be refused that is not one to a described operation."""
FAILING: Final = frozenset({"deep-json-fails", "usage-needs-quantity", "consumptions-fail"})
"""Switches of the wire dialect by which an operation answers 500, as real servers do."""


def faults(sent: Sent, outcome: Outcome, *, wire: bool) -> list[str]:
    """What is wrong with the outcome of one whole request."""
    found = [*general_faults(outcome), *(["no answer"] if not outcome.answers and not outcome.hangs else [])]
    return found or [fault for answer in outcome.answers for fault in _faults(sent, answer, wire=wire)]


def general_faults(outcome: Outcome) -> list[str]:
    """What is wrong whatever was sent to the API."""
    return head_faults(outcome) + [fault for answer in outcome.answers for fault in _body_faults(answer)]


def head_faults(outcome: Outcome) -> list[str]:
    """Exceptions, hanging tasks, answers that are no HTTP, headers that are not printable."""
    found = [f"logged: {error}" for error in outcome.errors]
    if outcome.hangs:
        found.append("no answer in time")
    if outcome.rest:
        found.append(f"bytes that are no answer: {outcome.rest[:200]!r}")
    for answer in outcome.answers:
        if not answer.complete:
            found.append(f"an answer that is not complete: {answer.status}")
        for name, value in answer.headers:
            if not (value.isascii() and value.isprintable()):
                found.append(f"the header {name}: {value!r}")
    return found


def _body_faults(answer: Answer) -> list[str]:
    if answer.header("content-type") != JSON or not answer.body:
        return []
    try:
        value = json.loads(answer.body)
    except ValueError as error:
        return [f"{answer.status} with a body that is no JSON: {error}"]
    if 400 <= answer.status < 500 and not is_one_of_waldurs_shapes(value):
        return [f"{answer.status} in none of Waldur's shapes: {answer.body[:200]!r}"]
    return []


def _faults(sent: Sent, answer: Answer, *, wire: bool) -> list[str]:
    if is_of_uvicorn(answer):
        return []
    method, path = sent.method, sent.target.partition(b"?")[0]
    operation = operation_at(method, path, sent.target.partition(b"?")[2], wire=wire)
    if answer.status == 500:
        return [] if wire and operation is not None and _may_fail(operation) else ["500"]
    if operation is None or operation.operation_id not in billing(wire):
        fine = answer.status in ANYWHERE or 200 <= answer.status < 300
        return [] if fine else [f"{answer.status}: {answer.body[:200]!r}"]
    if answer.status in (301, 404, 405, 406, 413, 414, 415, 431):
        return []
    reply = Reply(answer.status, dict(answer.headers), answer.body.decode())
    found = complaint(wire, operation, Request("fuzz", method, "", None), reply)
    return [found] if found else []


def is_of_uvicorn(answer: Answer) -> bool:
    """Whether uvicorn itself has refused a request that is no HTTP."""
    return (answer.status, answer.body) == (400, OF_UVICORN)


def _may_fail(operation: Operation) -> bool:
    fails = any("x-waldur-server-error" in one.extensions for one in operation.parameters)
    return fails or bool(FAILING & operation.switches)


@cache
def billing(wire: bool) -> frozenset[str]:
    return frozenset(operation.operation_id for operation in described(wire)[1])


@cache
def joined(wire: bool) -> Node:
    """What a server serves: the billing operations and their neighbours."""
    return join(described(wire)[0], describe_support(DESCRIPTION, wire=wire, tolerant=True))


@cache
def served(wire: bool) -> tuple[Operation, ...]:
    """All operations of a server."""
    return tuple(operations(joined(wire)))


@cache
def _routes(wire: bool) -> Routes:
    return Routes(joined(wire), served(wire))


def operation_at(method: str, path: bytes, query: bytes, *, wire: bool) -> Operation | None:
    """The operation that a request is for, if it is for any."""
    match = _match(path, query, wire=wire)
    return match.route.operations.get(method) if match else None


def _match(path: bytes, query: bytes, *, wire: bool) -> Match | None:
    try:
        return _routes(wire).match(unquote(path.decode("ascii")), query)
    except (Problem, UnicodeDecodeError):
        return None
