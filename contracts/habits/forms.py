"""The form of answers: schemas, projections, HEAD, details of rows, the spelling of values."""

import re
from collections.abc import Iterator
from typing import Any, Final

from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.subjects import subject
from waldur_billing_mock.contracts.trial import Trial, break_with, key_of, need
from waldur_billing_mock.contracts.values import is_uuid

DETAILS: Final = {"invoices_list": "invoices_retrieve", "invoice_items_list": "invoice_items_retrieve"}
_PLACES: Final = {"price": (2, 10), "tax": (2, 10), "total": (2, 10), "unit_price": (10,), "quantity": (10,)}
_ENOUGH: Final = 20
"""So many objects may be expected to have, between them, a value for every field."""
_FRACTION: Final = re.compile(r"-?\d+(\.\d+)?\Z")


def answers_fit(trial: Trial, operation_id: str) -> None:
    """Every answer has a described status, is JSON, fits its schema, and carries the described headers."""
    about = subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    asked: list[tuple[str, Any]] = [(about.of, about.query)]
    if "{uuid}" in operation.path:
        listing = "invoices_list" if operation.path.startswith("/api/invoices/") else "invoice_items_list"
        rows = trial.sample(trial.rows(listing), by=lambda row: row.get("state", row.get("unit")))
        asked += [(row["uuid"], {}) for row in rows]
    elif "page" in operation.query:
        asked += [("", {**about.query, "page_size": 100}), ("", {**about.query, "page": "last"})]
    for of, query in asked:
        exchange = trial.ask(operation_id, of=of, query=query)
        exchange.must.have_status(operation.success.status)
        trial.must_fit(operation_id, exchange)
        for header in operation.success.headers:
            exchange.must.have_header(header)
        _spelling(exchange)


def links_and_instants_are_spelled_alike(trial: Trial, operation_id: str) -> None:
    """Links hold identifiers in the described form, and instants in UTC end as described."""
    about = subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    exchange = trial.ask(operation_id, of=about.of, query=about.query)
    exchange.must.have_status(200)
    faults = {fault.place: fault for fault in trial.description.misspelled(operation, exchange.must.show())}
    if faults:
        raise Broken(*(Complaint(f.message, f.place, None, f.got, exchange) for f in faults.values()))


def described_fields_are_shown(trial: Trial, operation_id: str) -> None:
    """Every described field is shown by some row of the list, and within rows by some object."""
    operation = trial.description.operations[operation_id]
    rows = trial.rows(operation_id)
    if len(rows) < _ENOUGH:
        raise NotExercised(f"{len(rows)} rows are too few to tell that a field is never shown")
    for place in trial.description.unseen(operation, [rows], _ENOUGH):
        break_with(f"some object must show its {place.rpartition('/')[2]}", place)


def fields_project(trial: Trial, operation_id: str) -> None:
    """`field` keeps the named fields alone, unchanged; names that are not known are ignored."""
    about = subject(trial, operation_id)
    whole = _first(trial.ask(operation_id, of=about.of))
    known = trial.description.choices(trial.parameter(operation_id, "field"))
    for names in [[name] for name in known] + [["uuid", "state"], ["uuid", "no_such_field"]]:
        exchange = trial.ask(operation_id, of=about.of, query={"field": names})
        exchange.must.have_status(200)
        expected = {name: whole[name] for name in names if name in whole}
        got = _first(exchange)
        exchange.must.hold(set(got) <= set(names), f"only the field {', '.join(names)} may be there", sorted(got))
        exchange.must.agree(f"the field {', '.join(names)} by itself and among all", got, expected)
    unknown = trial.ask(operation_id, of=about.of, query={"field": "no_such_field"})
    unknown.must.agree("all fields and those for an unknown name", sorted(_first(unknown)), sorted(whole))


def head_equals_get(trial: Trial, operation_id: str) -> None:
    """HEAD answers with the status and the headers of GET, and with no body."""
    about = subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    wrong = {"query": {**about.query, "page": "no-page"}} if "page" in operation.query else {"query": about.query}
    for query in ({"query": about.query}, wrong):
        get = trial.ask(operation_id, of=about.of, query=query["query"])
        head = trial.ask(operation_id, of=about.of, query=query["query"], method="HEAD")
        head.must.have_status(get.status)
        head.must.have_no_body()
        counted = ("x-result-count", "link") if "page" in operation.query else ()
        for name in (*counted, "content-type", "allow"):
            head.must.agree(f"the header {name} of HEAD and of GET", head.headers.get(name), get.headers.get(name))


def rows_equal_details(trial: Trial, operation_id: str) -> None:
    """A row of the list and the object by itself are the same."""
    rows = need(trial.rows(operation_id), "row")
    for row in trial.sample(rows, by=lambda row: row.get("state", row.get("unit"))):
        exchange = trial.ask(DETAILS[operation_id], of=row["uuid"])
        exchange.must.have_status(200)
        detail = exchange.must.show_row()
        exchange.must.agree("the fields of an object and of its row", sorted(detail), sorted(row))
        for name in row:
            exchange.must.agree(f"the {name} of an object and of its row", detail[name], row[name])
        exchange.must.agree("the object and the one asked for", key_of(detail), key_of(row))


def unknown_parameters_are_ignored(trial: Trial, operation_id: str) -> None:
    """A parameter that the operation does not know changes nothing."""
    about = subject(trial, operation_id)
    plain = trial.ask(operation_id, of=about.of, query=about.query)
    exchange = trial.ask(operation_id, of=about.of, query={**about.query, "surely_unknown": "1"})
    exchange.must.have_status(plain.status)
    exchange.must.agree("the answer with an unknown parameter and without it", exchange.must.show(), plain.must.show())


def _first(exchange: Exchange) -> Any:
    value = exchange.must.show()
    return need(value, "row")[0] if isinstance(value, list) else value


def _spelling(exchange: Exchange) -> None:
    """Identifiers are in lower case; decimal text has all its places."""
    for name, value in _members(exchange.json):
        if isinstance(value, str) and name.endswith("uuid") and value:
            exchange.must.hold(is_uuid(value), f"the {name} must be a uuid in lower case", value)
        if isinstance(value, str) and name in _PLACES and _FRACTION.match(value):
            places = len(value.partition(".")[2])
            exchange.must.hold(places in _PLACES[name], f"the {name} must have all its places", value)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            if name != "details":  # free: servers keep there what they kept when the item was made
                yield from _members(member)
    elif isinstance(value, list):
        for member in value:
            yield from _members(member)
