"""What the server lacks of the description, and what it has beyond it. Looked at first, as all else rests on it."""

from contextlib import suppress
from typing import Final

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.conventions.refusals import OF_LISTS, faulty_values
from waldur_billing_mock.contracts.declare import always, survey
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.judging import is_absent, is_json
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.settings import PROFILES
from waldur_billing_mock.contracts.target import ANONYMOUS, Target
from waldur_billing_mock.contracts.values import is_uuid
from waldur_billing_mock.openapi.operation import Operation

_ABSENT: Final = (404, 405, 501)
"""What a server answers that does not have an operation."""


@always("survey")
def refusals_are_told_in_json(context: Context) -> None:
    """Refusals have a body of JSON. A proxy may put its own pages in the place of all refusals of a status."""
    for status, exchanges in _refusals(context).items():
        answered = [exchange for exchange in exchanges if exchange.status == status]
        if not answered or any(map(is_json, answered)):
            continue  # where some are JSON and others are not, the checks of the operations say which
        if not context.forgives:
            answered[0].must.show()
        context.survey.pages.add(status)
        what = f"refusals with {status} are pages instead of JSON"
        context.note(Complaint(what, "/components/responses", None, None, answered[0]))


def _refusals(context: Context) -> dict[int, list[Exchange]]:
    """Refusals of several operations by their status."""
    unknown = [f"/api/invoices/{UNKNOWN}/", f"/api/invoice-items/{UNKNOWN}/"]
    lists = ["/api/invoices/", "/api/invoice-items/"]
    writes = [f"/api/invoices/{UNKNOWN}/paid/", f"/api/invoice-items/{UNKNOWN}/migrate_to/"]
    return {
        401: [context.send(Request("GET", path), ANONYMOUS.role) for path in lists],
        404: [context.send(Request("GET", path)) for path in unknown],
        405: [context.send(Request("GET", path)) for path in writes],
    }


@survey
def the_server_has_the_operation(context: Context, operation_id: str) -> None:
    """Every described operation exists. What depends on one that does not is not exercised."""
    operation = context.description.operations[operation_id]
    exchange = _asked(context, operation_id)
    if exchange.status in (502, 503, 504):
        raise NotExercised(f"the server answers {exchange.status}")
    if not is_absent(exchange.status, exchange.headers, operation.method, has_object="{" in operation.path):
        return
    if operation.method == "GET" and "{uuid}" in operation.path and _answers(context, operation_id):
        return
    if operation.method != "GET" and exchange.status == 404 and _is_allowed(context, operation):
        return
    if "{id}" in operation.path and 404 in context.survey.pages:
        return  # no answer tells the number of an object that could be asked for
    context.survey.operations.add(operation_id)
    what = f"this server lacks {operation.method} {operation.path}"
    complaint = Complaint(what, context.description.place(operation), None, exchange.status, exchange)
    if not context.forgives:
        raise Broken(complaint)
    context.survey.outdated = True
    context.note(complaint)


@survey
def the_server_has_the_parameters(context: Context, operation_id: str) -> None:
    """Every described filter has an effect: a value that nothing can have is refused, or keeps nothing."""
    operation = context.description.operations[operation_id]
    if operation.method != "GET":
        raise NotExercised("only reads have filters")
    if not (context.forgives and context.survey.outdated):
        raise NotExercised("looked at where a server is older than all described ones")
    place, about = context.description.place(operation), example_target(context, operation_id)
    for name, parameter in operation.query.items():
        values = faulty_values(parameter.schema) or ((UNKNOWN,) if name.endswith("_uuid") else ())
        if name in OF_LISTS or not values:
            continue
        exchange = context.ask(operation_id, of=about.of, query={**about.query, name: values[0]})
        if exchange.status == 200 and _as_without(exchange, context.ask(operation_id, of=about.of, query=about.query)):
            context.survey.parameters.add((operation_id, name))
            what = f"this server lacks the parameter {name} of {operation.method} {operation.path}"
            context.note(Complaint(what, place, None, exchange.status, exchange))


def operations_lacking(target: Target, revision: str) -> list[str]:
    """The described operations that a server does not have, as the checks above find them; each is asked for once.

    Raises `CannotAsk` where the server does not answer.
    """
    description = describe(revision)
    wire, known = describe(revision, "wire"), catalogue(description)
    context = Context(description, wire, known, target, PROFILES["quick"], 1, Ledger(), slow_from=10.0)
    refusals_are_told_in_json(context)
    for operation_id in description.operations:
        with suppress(Broken, NotExercised):
            the_server_has_the_operation(context, operation_id)
    return [name for name in description.operations if name in context.survey.operations]


def _as_without(exchange: Exchange, without: Exchange) -> bool:
    """Whether a filter keeps all that is there without it. Lists are counted, as their order may change."""
    name = "x-result-count"
    counts = [one.headers.get(name) for one in (exchange, without)]
    if None not in counts:
        return counts[0] == counts[1] != "0"
    return is_json(exchange) and is_json(without) and exchange.json == without.json not in ([], {})


def _asked(context: Context, operation_id: str) -> Exchange:
    """What a GET of the address of an operation is answered with; a server that has it may refuse the method."""
    operation = context.description.operations[operation_id]
    place = context.description.place(operation)
    path = operation.path.replace("{uuid}", UNKNOWN).replace("{id}", "2147483647")
    return context.send(Request("GET", path), place=place)


def _answers(context: Context, operation_id: str) -> bool:
    """Whether an object that is listed is known here; a server may say in HTML that another does not exist."""
    operation = context.description.operations[operation_id]
    return any(context.ask(operation_id, of=of).status not in _ABSENT for of in _listed(context, operation))


def _is_allowed(context: Context, operation: Operation) -> bool:
    """Whether an object that is listed allows a method, which another object does not tell where it is not found."""
    readable = next((one for one in context.description.reads() if one.path == operation.path), None)
    if readable is None or readable.operation_id in context.survey.operations:
        return False
    allowed = [context.ask(readable.operation_id, of=of).headers.get("allow", "") for of in _listed(context, operation)]
    return any(operation.method in text for text in allowed)


def _listed(context: Context, operation: Operation) -> list[str]:
    """The first object of the list that an operation on one object belongs to, if there is one."""
    listing = "invoices_list" if operation.path.startswith("/api/invoices/") else "invoice_items_list"
    rows = context.ask(listing).json
    uuids = [row.get("uuid") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [str(one) for one in uuids[:1] if is_uuid(one)]
