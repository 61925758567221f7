"""The form of answers: schemas, projections, HEAD, details of rows, the spelling of values."""

import re
from collections.abc import Iterator
from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, Query, key_of, need
from waldur_billing_mock.contracts.conventions.filters import FILTERS
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.exchange import Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.values import Row, is_uuid, plain

DETAILS: Final = {"invoices_list": "invoices_retrieve", "invoice_items_list": "invoice_items_retrieve"}
_PLACES: Final = {"price": (2, 10), "tax": (2, 10), "total": (2, 10), "unit_price": (10,), "quantity": (10,)}
_LARGEST: Final = 300
"""The size of the pages by which all checks read lists."""
_ENOUGH: Final = 20
"""So many objects may be expected to have, between them, a value for every field."""
_FRACTION: Final = re.compile(r"-?\d+(\.\d+)?\Z")


@convention(lambda description, operation: operation.method == "GET")
def answers_fit(context: Context, operation_id: str) -> None:
    """Every answer has a described status, is JSON, fits its schema, and carries the described headers."""
    about = example_target(context, operation_id)
    operation = context.description.operations[operation_id]
    asked: list[tuple[str, Any]] = [(about.of, about.query)]
    if "{uuid}" in operation.path:
        listing = "invoices_list" if operation.path.startswith("/api/invoices/") else "invoice_items_list"
        rows = context.sample(context.rows(listing), by=lambda row: row.get("state", row.get("unit")))
        asked += [(row["uuid"], {}) for row in rows]
    elif "page" in operation.query:
        asked += [("", {**about.query, "page_size": _LARGEST}), ("", {**about.query, "page": "last"})]
    for of, query in asked:
        exchange = context.ask(operation_id, of=of, query=query)
        context.must_succeed(operation_id, exchange)
        context.must_fit(operation_id, exchange)
        for header in operation.success.headers:
            exchange.must.have_header(header)
        must_have_all_places(exchange)


@convention(lambda description, operation: operation.method == "GET")
def links_and_instants_are_spelled_alike(context: Context, operation_id: str) -> None:
    """Links hold identifiers in the described form, and instants in UTC end as described."""
    about = example_target(context, operation_id)
    exchange = context.ask(operation_id, of=about.of, query=about.query)
    exchange.must.have_status(200)
    context.must_spell(operation_id, exchange, exchange.must.show())


@convention(lambda description, operation: operation.operation_id in FILTERS and "page" in operation.query)
def described_fields_are_shown(context: Context, operation_id: str) -> None:
    """Every described field is shown by some row of the list, and within rows by some object."""
    operation = context.description.operations[operation_id]
    rows = context.rows(operation_id)
    if len(rows) < _ENOUGH:
        raise NotExercised(f"{len(rows)} rows are too few to tell that a field is never shown")
    elsewhere = _unseen(context.other, operation_id, rows) if context.other else None
    lacking = []
    for place in _unseen(context.description, operation_id, rows):
        schema, _, name = place.rpartition("/")
        complaint = Complaint(f"this server lacks the field {name} of {schema.split('/')[3]}", place)
        if context.catalogue is None or elsewhere is None or place in elsewhere:
            lacking.append(complaint)
        else:
            context.deviate(complaint, context.catalogue.explain(context.description.place(operation), complaint))
    for complaint in lacking:
        context.lack(complaint)


@convention(lambda description, operation: operation.method == "GET" and "field" in operation.query)
def fields_project(context: Context, operation_id: str) -> None:
    """`field` keeps the named fields alone, unchanged; names that are not known are ignored."""
    about = example_target(context, operation_id)
    whole = _first(context.ask(operation_id, of=about.of))
    described = context.description.choices(context.parameter(operation_id, "field"))
    # On a deployment another check reports what the server lacks.
    known = tuple(name for name in described if name in whole) if context.forgives else described
    rows = context.rows(operation_id) if "page" in context.description.operations[operation_id].query else []
    number = context.profile.sample
    parts = [list(known[start::number]) for start in range(min(number, len(known)))]
    for names in [*parts, ["uuid", "no_such_field"]]:
        exchange = context.ask(operation_id, of=about.of, query={"field": names})
        exchange.must.have_status(200)
        expected = _picked(whole, names)
        got = _first(exchange)
        if context.forgives:
            # Fields that nothing describes are a note of another check, and may come whatever is asked for.
            got = _picked(got, [name for name in got if name in described or name not in whole])
        exchange.must.hold(set(got) <= set(names), f"only the field {', '.join(names)} may be there", sorted(got))
        of_another_row = got != expected and any(plain(_picked(row, names)) == plain(got) for row in rows)
        if of_another_row and context.forgives:
            context.tell_unstable(exchange.place)
            continue
        exchange.must.agree(f"the field {', '.join(names)} by itself and among all", got, expected)
    unknown = context.ask(operation_id, of=about.of, query={"field": "no_such_field"})
    unknown.must.agree("all fields and those for an unknown name", sorted(_first(unknown)), sorted(whole))


@convention(lambda description, operation: operation.method == "GET")
def head_equals_get(context: Context, operation_id: str) -> None:
    """HEAD answers with the status and the headers of GET, and with no body."""
    about = example_target(context, operation_id)
    operation = context.description.operations[operation_id]
    queries: list[Query] = [about.query]
    counted: tuple[str, ...] = ()
    if "page" in operation.query:
        queries, counted = [about.query, {**about.query, "page": "no-page"}], ("x-result-count", "link")
    for query in queries:
        get = context.ask(operation_id, of=about.of, query=query)
        head = context.ask(operation_id, of=about.of, query=query, method="HEAD")
        head.must.have_status(get.status)
        head.must.have_no_body()
        _counts_one(context, operation_id, head)
        if get.status not in context.survey.pages:
            must_agree = "the header content-type of HEAD and of GET"
            head.must.agree(must_agree, _media_type(context, head), _media_type(context, get))
        for name in (*counted, "allow"):
            head.must.agree(f"the header {name} of HEAD and of GET", head.headers.get(name), get.headers.get(name))


@convention(lambda description, operation: operation.operation_id in DETAILS)
def rows_equal_details(context: Context, operation_id: str) -> None:
    """A row of the list and the object by itself are the same."""
    rows = need(context.rows(operation_id), "row")
    for row in context.sample(rows, by=lambda row: row.get("state", row.get("unit"))):
        exchange = context.ask(DETAILS[operation_id], of=row["uuid"])
        exchange.must.have_status(200)
        detail = exchange.must.show_row()
        exchange.must.agree("the fields of an object and of its row", sorted(detail), sorted(row))
        for name in row:
            exchange.must.agree(f"the {name} of an object and of its row", detail[name], row[name])
        exchange.must.agree("the object and the one asked for", key_of(detail), key_of(row))


@convention(lambda description, operation: operation.method == "GET")
def unknown_parameters_are_ignored(context: Context, operation_id: str) -> None:
    """A parameter that the operation does not know changes nothing."""
    about = example_target(context, operation_id)
    without = context.ask(operation_id, of=about.of, query=about.query)
    exchange = context.ask(operation_id, of=about.of, query={**about.query, "surely_unknown": "1"})
    exchange.must.have_status(without.status)
    context.must_be_the_same("the answer with an unknown parameter and without it", exchange, without)


def _unseen(description: Description, operation_id: str, rows: list[Row]) -> set[str]:
    """The places of the fields that no row shows and that may be left out; those that must not are judged elsewhere."""
    operation = description.operations[operation_id]
    return {place for place in description.unseen(operation, [rows], _ENOUGH) if not description.requires(place)}


def _counts_one(context: Context, operation_id: str, head: Exchange) -> None:
    """HEAD of one object tells its count where that is described."""
    path = context.description.operations[operation_id].path
    twins = [one for one in context.description.everything.values() if (one.method, one.path) == ("HEAD", path)]
    if head.status == 200 and any("X-Result-Count" in twin.success.headers for twin in twins):
        with context.known("head-of-one-uncounted"):
            head.must.have_header("X-Result-Count")


def _media_type(context: Context, exchange: Exchange) -> str | None:
    """The content type; on a deployment without parameters, which proxies add to some answers."""
    value = exchange.headers.get("content-type")
    return value.partition(";")[0].strip() if value and context.forgives else value


def _first(exchange: Exchange) -> Any:
    value = exchange.must.show()
    return need(value, "row")[0] if isinstance(value, list) else value


def _picked(row: Row, names: list[str]) -> Row:
    return {name: row[name] for name in names if name in row}


def must_have_all_places(exchange: Exchange) -> None:
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
