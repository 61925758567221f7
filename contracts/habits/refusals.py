"""What is refused, and how: who is not known, what does not exist, what cannot be read, what is not offered."""

from typing import Any, Final

from waldur_billing_mock.contracts.discovery import UNKNOWN
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised, Request
from waldur_billing_mock.contracts.subjects import Subject, subject
from waldur_billing_mock.contracts.target import ANONYMOUS
from waldur_billing_mock.contracts.transport import READING
from waldur_billing_mock.contracts.trial import Trial, need
from waldur_billing_mock.contracts.values import plain

_BAD_TOKENS: Final = ("Token", "Token two words", "Token 0000000000000000000000000000000000000000", "Basic YTpi")
_HABITS: Final = ("page", "page_size", "field")


def strangers_are_turned_away(trial: Trial, operation_id: str) -> None:
    """Without a token, or with one that nobody has, the answer is 401 and says how to authenticate."""
    operation = trial.description.operations[operation_id]
    if operation.method not in READING and not trial.target.guard.writing.everything:
        raise NotExercised("writing is not allowed, not even in vain")
    of = UNKNOWN if "{" in operation.path else ""
    for token in (None, *_BAD_TOKENS):
        headers = {"Authorization": token} if token else {}
        exchange = trial.ask(operation_id, ANONYMOUS.role, of=of, headers=headers)
        exchange.must.have_status(401)
        exchange.must.hold(
            exchange.must.have_header("WWW-Authenticate").startswith("Token"), "the scheme must be Token"
        )
        _says_why(trial, operation_id, exchange)


def what_is_unknown_is_not_found(trial: Trial, operation_id: str) -> None:
    """An identifier of nothing, and text that is none, answer 404 with a sentence."""
    for of in (UNKNOWN, "no-identifier", "2147483647"):
        exchange = trial.ask(operation_id, of=of)
        exchange.must.have_status(404)
        _says_why(trial, operation_id, exchange)


def faulty_filters_are_named(trial: Trial, operation_id: str, name: str) -> None:
    """A value that a parameter cannot have answers 400 with messages under the name of the parameter."""
    about = subject(trial, operation_id)
    parameter = trial.parameter(operation_id, name)
    at = trial.description.place_of_parameter(trial.description.operations[operation_id], name)
    for value in faulty_values(parameter.schema):
        exchange = trial.ask(operation_id, of=about.of, query={**about.query, name: value}, at=at)
        exchange.must.have_status(400)
        _says_why(trial, operation_id, exchange)
        if "x-waldur-refusals" not in parameter.extensions:
            exchange.must.hold(name in exchange.must.show_row(), f"the fault must be named {name}", exchange.json)


def faults_are_named_together(trial: Trial, operation_id: str) -> None:
    """All faulty parameters are named at once."""
    about = subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    names = [name for name in operation.query if faulty(trial, operation_id, name)]
    wrong = {name: faulty_values(operation.query[name].schema)[0] for name in names}
    exchange = trial.ask(operation_id, of=about.of, query={**about.query, **wrong})
    exchange.must.have_status(400)
    exchange.must.agree("the faults and the faulty parameters", sorted(exchange.must.show_row()), sorted(names))


def other_methods_are_not_allowed(trial: Trial, operation_id: str) -> None:
    """A method that the path does not have answers 405, and `Allow` tells which it has."""
    operation = trial.description.operations[operation_id]
    described = {other.method for other in trial.description.everything.values() if other.path == operation.path}
    about = subject(trial, operation_id) if "GET" in described else Subject(UNKNOWN)
    others = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    if not trial.target.guard.writing.everything:
        others = ["GET"]
    tried = [method for method in others if method not in described]
    if not tried:
        raise NotExercised("writing is not allowed, not even in vain")
    for method in tried:
        exchange = trial.ask(operation_id, of=about.of, method=method)
        exchange.must.have_status(405)
        allowed = {part.strip() for part in exchange.must.have_header("Allow").split(",")}
        exchange.must.hold(described <= allowed, "Allow must name every method of the path", sorted(allowed))
        exchange.must.hold("OPTIONS" in allowed, "Allow must name OPTIONS", sorted(allowed))
        _says_why(trial, operation_id, exchange)


def only_json_is_offered(trial: Trial, operation_id: str) -> None:
    """Who accepts neither JSON nor web pages is told 406."""
    about = subject(trial, operation_id)
    exchange = trial.ask(operation_id, of=about.of, query=about.query, headers={"Accept": "image/png"})
    exchange.must.have_status(406)


def addresses_end_in_a_slash(trial: Trial, operation_id: str) -> None:
    """Without the slash at its end an address leads to the one with it, by 301."""
    about = subject(trial, operation_id)
    whole = trial.ask(operation_id, of=about.of)
    place = trial.description.place(trial.description.operations[operation_id])
    exchange = trial.send(Request("GET", whole.request.path.rstrip("/")), place=place)
    exchange.must.have_status(301)
    location = exchange.must.have_header("Location").partition("?")[0]
    exchange.must.hold(location.endswith(whole.request.path), "it must lead to the address with a slash", location)


def bodies_are_judged(trial: Trial, operation_id: str) -> None:
    """A body that is no JSON, no object, or of another type is refused, and says so in the described form."""
    if not trial.target.guard.writing.everything:
        raise NotExercised("writing is not allowed, not even in vain")
    listing = "invoices_list" if operation_id.startswith("invoices") else "invoice_items_list"
    rows = trial.rows(listing, query={"state": "created"} if listing == "invoices_list" else {})
    of = str(trial.sample(need(rows, "object to write to"), size=1)[0]["uuid"])
    reading = "invoices_retrieve" if listing == "invoices_list" else "invoice_items_retrieve"
    before = trial.row(reading, of=of)
    cases: list[tuple[tuple[str, bytes], tuple[int, ...]]] = [
        (("application/json", b'{"broken":'), (400,)),
        (("application/json", b'["a list"]'), (400,)),
        (("application/json", b'"text"'), (400,)),
        (("text/plain", b"text"), (415,)),
    ]
    for body, statuses in cases:
        exchange = trial.ask(operation_id, of=of, body=body)
        exchange.must.have_status(*statuses)
        trial.must_fit(operation_id, exchange)
        exchange.must.agree(
            "what was refused and what was there before", trial.ask(reading, of=of, fresh=True).json, before
        )


def faulty(trial: Trial, operation_id: str, name: str) -> bool:
    """Whether a parameter can be faulty: it is judged by its form, and not a habit of lists."""
    parameter = trial.description.operations[operation_id].query[name]
    return name not in _HABITS and bool(faulty_values(parameter.schema))


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


def _says_why(trial: Trial, operation_id: str, exchange: Exchange) -> None:
    value = exchange.must.show()
    if exchange.status != 400:
        sentence = value.get("detail") if isinstance(value, dict) else None
        exchange.must.hold(isinstance(sentence, str) and bool(sentence), "the body must tell why", plain(value))
    trial.must_fit(operation_id, exchange)
