"""What is refused, and how: who is not known, what does not exist, what cannot be read, what is not offered."""

from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, need
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.exchange import Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.guard import READING
from waldur_billing_mock.contracts.judging import is_json
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.target import ANONYMOUS
from waldur_billing_mock.contracts.values import plain
from waldur_billing_mock.openapi.operation import Operation

_TOGETHER: Final = ("invoices_list", "invoice_items_list", "provider_invoice_items_list")
"""Lists that must tell all faults at once; other operations may."""
_COSTS: Final = "invoice_items_costs_list"
_UNKNOWN_TOKEN: Final = "Token 0000000000000000000000000000000000000000"  # noqa: S105 - of nobody
_BAD_TOKENS: Final = ("Token", "Token two words", "Basic YTpi")
"""What is no token; the profile quick tries one of them on each operation."""
OF_LISTS: Final = ("page", "page_size", "field")


@convention(lambda description, operation: True)
def strangers_are_turned_away(context: Context, operation_id: str) -> None:
    """Without a token, or with one that nobody has, the answer is 401 and says how to authenticate."""
    operation = context.description.operations[operation_id]
    if operation.method not in READING and not context.target.guard.writing.everything:
        raise NotExercised("writing is not allowed, not even requests that must be refused")
    of = _readable(context, operation_id) if operation.method in READING else ""
    of = of or (UNKNOWN if "{" in operation.path else "")
    names = list(context.description.operations)
    wrong = (_UNKNOWN_TOKEN, *_BAD_TOKENS)
    chosen = wrong if context.profile.covers else (wrong[names.index(operation_id) % len(wrong)],)
    for token in (None, *chosen):
        headers = {"Authorization": token} if token else {}
        exchange = context.ask(operation_id, ANONYMOUS.role, of=of, headers=headers)
        exchange.must.have_status(401)
        exchange.must.hold(
            exchange.must.have_header("WWW-Authenticate").startswith("Token"), "the scheme must be Token"
        )
        says_why(context, operation_id, exchange)


def _readable(context: Context, operation_id: str) -> str:
    """An object that is there for others to read; blank where there is none."""
    try:
        return example_target(context, operation_id).of
    except NotExercised:
        return ""


@convention(lambda description, operation: operation.method == "GET" and "{" in operation.path)
def what_is_unknown_is_not_found(context: Context, operation_id: str) -> None:
    """An identifier of nothing, and text that is none, answer 404 with a sentence."""
    for of in (UNKNOWN, "no-identifier", "2147483647"):
        exchange = context.ask(operation_id, of=of)
        exchange.must.have_status(404)
        says_why(context, operation_id, exchange)


def _faulty(description: Description, operation: Operation) -> list[str]:
    """The parameters of a reading operation that can be faulty: those judged by their form, not common to all lists."""
    if operation.method != "GET":
        return []
    return [
        name for name, parameter in operation.query.items() if name not in OF_LISTS and faulty_values(parameter.schema)
    ]


@convention(_faulty)
def faulty_filters_are_named(context: Context, operation_id: str, name: str) -> None:
    """A value that a parameter cannot have answers 400 with messages under the name of the parameter."""
    about = example_target(context, operation_id)
    parameter = context.parameter(operation_id, name)
    at = context.description.place_of_parameter(context.description.operations[operation_id], name)
    values = faulty_values(parameter.schema)
    if operation_id not in _TOGETHER and not context.profile.covers:
        values = values[:1]
    for position, value in enumerate(values):
        if _is_named_among_others(context, operation_id, name, position):
            continue
        exchange = context.ask(operation_id, of=about.of, query={**about.query, name: value}, at=at)
        if operation_id == _COSTS and _is_taken_for_nothing(context, exchange):
            return
        if context.other is None or name in context.other.operations[operation_id].query:
            exchange.must.have_status(400)  # no deviation but that of a parameter without effect explains another
        with context.known(*_changing(context, operation_id, name)):
            exchange.must.have_status(400)
            says_why(context, operation_id, exchange)
            if "x-waldur-refusals" not in parameter.extensions:
                exchange.must.hold(name in exchange.must.show_row(), f"the fault must be named {name}", exchange.json)


def _is_taken_for_nothing(context: Context, exchange: Exchange) -> bool:
    """Whether an older server finds no costs of what is no identifier, instead of refusing it."""
    if not context.survey.outdated or exchange.status != 200 or exchange.must.show_rows():
        return False
    what = "costs of a project_uuid that is no identifier are an empty list instead of 400, as in releases before 2025"
    context.note(Complaint(what, exchange.place, 400, exchange.status, exchange))
    return True


def _is_named_among_others(context: Context, operation_id: str, name: str, position: int) -> bool:
    """Whether a faulty parameter is named where all are faulty, so that it need not be asked about alone."""
    exchange, names = _all_faulty(context, operation_id, position)
    if len(names) < 2:
        return False
    value = exchange.json if exchange.status == 400 and is_json(exchange) else None
    if not isinstance(value, dict) or name not in value:
        return False
    says_why(context, operation_id, exchange)
    return True


def _all_faulty(context: Context, operation_id: str, position: int) -> tuple[Exchange, list[str]]:
    """The answer to faulty values of all parameters, the first or the second of each, and their names."""
    about, operation = example_target(context, operation_id), context.description.operations[operation_id]
    possible = _faulty(context.description, operation)
    names = [name for name in possible if (operation_id, name) not in context.survey.parameters]
    values = {name: faulty_values(operation.query[name].schema) for name in names}
    wrong = {name: several[min(position, len(several) - 1)] for name, several in values.items()}
    return context.ask(operation_id, of=about.of, query={**about.query, **wrong}), names


@convention(lambda description, operation: operation.operation_id in _TOGETHER)
def faults_are_named_together(context: Context, operation_id: str) -> None:
    """All faulty parameters are named at once."""
    exchange, names = _all_faulty(context, operation_id, 0)
    exchange.must.have_status(400)
    exchange.must.agree("the faults and the faulty parameters", sorted(exchange.must.show_row()), sorted(names))


@convention(lambda description, operation: operation.method == "GET")
def only_json_is_offered(context: Context, operation_id: str) -> None:
    """A request that accepts neither JSON nor web pages is answered with 406."""
    about = example_target(context, operation_id)
    exchange = context.ask(operation_id, of=about.of, query=about.query, headers={"Accept": "image/png"})
    exchange.must.have_status(406)


@convention(lambda description, operation: operation.method == "GET")
def addresses_end_in_a_slash(context: Context, operation_id: str) -> None:
    """Without the slash at its end an address leads to the one with it, by 301."""
    about = example_target(context, operation_id)
    whole = context.ask(operation_id, of=about.of)
    place = context.description.place(context.description.operations[operation_id])
    exchange = context.send(Request("GET", whole.request.path.rstrip("/")), place=place)
    exchange.must.have_status(301)
    location = exchange.must.have_header("Location").partition("?")[0]
    exchange.must.hold(location.endswith(whole.request.path), "it must lead to the address with a slash", location)


@convention(lambda description, operation: bool(operation.bodies))
def bodies_are_judged(context: Context, operation_id: str) -> None:
    """A body that is no JSON, no object, or of another type is refused, and says so in the described form."""
    if not context.target.guard.writing.everything:
        raise NotExercised("writing is not allowed, not even requests that must be refused")
    listing = "invoices_list" if operation_id.startswith("invoices") else "invoice_items_list"
    rows = context.rows(listing, query={"state": "created"} if listing == "invoices_list" else {})
    of = str(context.one_of(need(rows, "object to write to"))["uuid"])
    reading = "invoices_retrieve" if listing == "invoices_list" else "invoice_items_retrieve"
    before = context.row(reading, of=of)
    cases: list[tuple[tuple[str, bytes], tuple[int, ...]]] = [
        (("application/json", b'{"broken":'), (400,)),
        (("application/json", b'["a list"]'), (400,)),
        (("application/json", b'"text"'), (400,)),
        (("text/plain", b"text"), (415,)),
    ]
    for body, statuses in cases:
        exchange = context.ask(operation_id, of=of, body=body)
        exchange.must.have_status(*statuses)
        context.must_fit(operation_id, exchange)
        exchange.must.agree(
            "what was refused and what was there before", context.ask(reading, of=of, fresh=True).json, before
        )


def _changing(context: Context, operation_id: str, name: str) -> tuple[str, ...]:
    """The entries of the catalogue by which servers do not look at a parameter, or refuse it in other words."""
    if context.catalogue is None or context.other is None:
        return ()
    there = context.other.operations[operation_id].query.get(name)
    if there is not None and "x-waldur-refusals" not in there.extensions:
        return ()
    operation = context.description.operations[operation_id]
    at = context.description.place_of_parameter(operation, name)
    return context.catalogue.explain(context.description.place(operation), Complaint("", at))


def faulty_values(schema: dict[str, Any]) -> tuple[str, ...]:
    """Values that a parameter of this schema cannot have; empty where it takes any text."""
    kinds = schema.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "anyOf" in schema or "boolean" in kinds:
        return ()
    if schema.get("format") in ("uuid", "uuid-hex"):
        return ("no-identifier", "1")
    if schema.get("format") == "date":
        return ("no-date", "2025-13-01")
    if "array" in kinds:
        return () if "anyOf" in schema["items"] else ("no-such-choice",)
    if "enum" in schema:
        return ("no-such-choice", "99")
    if "integer" in kinds or "number" in kinds:
        return ("no-number",)
    return ()


def says_why(context: Context, operation_id: str, exchange: Exchange) -> None:
    value = context.reason_of(exchange)
    if exchange.status != 400 and value is not None:
        sentence = value.get("detail") if isinstance(value, dict) else None
        exchange.must.hold(isinstance(sentence, str) and bool(sentence), "the body must tell why", plain(value))
    context.must_fit(operation_id, exchange)
