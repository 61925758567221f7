"""Each filter answers with exactly the rows that filtering by hand keeps: alone, in pairs, and for sums."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, count_of, key_of, need
from waldur_billing_mock.contracts.declare import convention
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.exchange import Broken, NotExercised
from waldur_billing_mock.contracts.readings.discovery import (
    UNKNOWN,
    BillingData,
    billing_data,
    named_offering,
    named_provider,
)
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.readings.lookups import invoice_of, offering
from waldur_billing_mock.contracts.values import Row, hyphenated, identity_of, instant, optional_identifier
from waldur_billing_mock.openapi.operation import Operation

Value = Callable[[BillingData, Row], Any]

_ONE_PAGE: Final = 300


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """What a row has for a parameter to ask for (None: nothing), and how it is written in a request.

    `linked` marks parameters that go by a link which no answer shows: rows whose link is gone may be missing.
    """

    value: Value
    write: Callable[[Any], str] = str
    linked: bool = False


def _year(data: BillingData, row: Row) -> Any:
    return invoice_of(data, row)["year"]


def _month(data: BillingData, row: Row) -> Any:
    return invoice_of(data, row)["month"]


def _project(data: BillingData, row: Row) -> str | None:
    if "project_uuid" not in row and identity_of(row) in data.line_by_key:
        row = data.line_by_key[identity_of(row)].item
    return optional_identifier(row.get("project_uuid"))


def _customer_of_project(data: BillingData, row: Row) -> str | None:
    return key_of(invoice_of(data, row), "customer") if _project(data, row) else None


_UUID: Final = hyphenated
ITEMS: Final[Mapping[str, ExpectedValue]] = {
    "year": ExpectedValue(_year),
    "month": ExpectedValue(_month),
    "start_year": ExpectedValue(lambda data, row: instant(row["start"]).year),
    "start_month": ExpectedValue(lambda data, row: instant(row["start"]).month),
    "resource_uuid": ExpectedValue(lambda data, row: optional_identifier(row.get("resource")), _UUID),
    "offering_uuid": ExpectedValue(offering, _UUID),
    "project_uuid": ExpectedValue(_project, _UUID, linked=True),
    "customer_uuid": ExpectedValue(_customer_of_project, _UUID, linked=True),
}
FILTERS: Final[Mapping[str, Mapping[str, ExpectedValue]]] = {
    "invoices_list": {
        "customer": ExpectedValue(lambda data, row: key_of(row, "customer"), lambda key: f"/api/customers/{key}/"),
        "customer_uuid": ExpectedValue(lambda data, row: key_of(row, "customer"), _UUID),
        "month": ExpectedValue(lambda data, row: row["month"]),
        "state": ExpectedValue(lambda data, row: row["state"]),
        "year": ExpectedValue(lambda data, row: row["year"]),
    },
    "invoices_items_retrieve": {
        "offering_uuid": ExpectedValue(lambda data, row: _named(data, row, "offering")),
        "project_uuid": ExpectedValue(_project, linked=True),
        "provider_uuid": ExpectedValue(lambda data, row: _named(data, row, "provider")),
        "query": ExpectedValue(lambda data, row: row.get("resource_name")),
    },
    "invoice_items_list": ITEMS,
    "provider_invoice_items_list": {
        "customer_uuid": ExpectedValue(lambda data, row: key_of(invoice_of(data, row), "customer"), _UUID),
        "invoice_month": ExpectedValue(_month),
        "invoice_year": ExpectedValue(_year),
        "offering_uuid": ExpectedValue(offering, _UUID),
        "project_uuid": ExpectedValue(_project, _UUID, linked=True),
    },
}


def filtered(description: Description, operation: Operation) -> list[str]:
    """The parameters of an operation that filter its rows by what is known of them."""
    known = FILTERS.get(operation.operation_id, {})
    return [name for name in operation.query if name in known]


@convention(filtered)
def filters_keep_what_fits(context: Context, operation_id: str, name: str) -> None:
    """A filter keeps every row that fits and no other; what nothing has matches nothing; blank is no filter."""
    parameter = context.parameter(operation_id, name)
    data, about = billing_data(context), example_target(context, operation_id)
    expected_value = FILTERS[operation_id][name]
    at = context.description.place_of_parameter(context.description.operations[operation_id], name)
    whole = need(context.rows(operation_id, query=about.query, of=about.of), "row")
    values = {identity_of(row): expected_value.value(data, row) for row in whole}
    chosen = asked_for(context, expected_value, values.values())
    need(list(chosen), f"row with a value for {name}")
    for written, value in chosen.items():
        query = {**about.query, name: written}
        expected = {key for key, other in values.items() if _fits(name, value, other)}
        got = context.keys(operation_id, expected, query=query, of=about.of)
        exchange = context.first_page(operation_id, of=about.of, query=query, at=at)
        unknown = {key for key, other in values.items() if other is None} if expected_value.linked else set()
        exchange.must.hold(got <= expected | unknown, f"the filter {name} must keep no row that does not fit", len(got))
        got -= unknown
        if not (expected_value.linked and got < expected and _gone(context, operation_id, data, whole, expected - got)):
            exchange.must.hold(got == expected, f"the filter {name} must keep every row that fits", len(got))
    _nothing_fits(context, operation_id, name, at)
    if parameter.allows_empty and not _blanks_together_keep_all(context, operation_id, set(values)):
        blank = context.keys(operation_id, values, query={**about.query, name: ""}, of=about.of)
        exchange = context.first_page(operation_id, of=about.of, query={**about.query, name: ""}, at=at)
        exchange.must.agree(f"the rows with a blank {name} and without it", sorted(blank), sorted(values))


@convention(lambda description, operation: operation.operation_id in FILTERS, level="full")
def filters_combine(context: Context, operation_id: str) -> None:
    """Two filters keep what each of them keeps."""
    data, about = billing_data(context), example_target(context, operation_id)
    whole = need(context.rows(operation_id, query=about.query, of=about.of), "row")
    there = [name for name in sorted(FILTERS[operation_id]) if (operation_id, name) not in context.survey.parameters]
    pairs = list(combinations(there, 2))
    for one, other in context.sample(pairs, size=context.profile.pairs):
        hands = {name: FILTERS[operation_id][name] for name in (one, other)}
        full = [row for row in whole if all(hand.value(data, row) is not None for hand in hands.values())]
        for row in context.sample(full, size=1):
            values = {name: hand.value(data, row) for name, hand in hands.items()}
            expected = {
                identity_of(r)
                for r in whole
                if all(_fits(name, value, hands[name].value(data, r)) for name, value in values.items())
            }
            query = {**about.query, **{name: hands[name].write(value) for name, value in values.items()}}
            got = context.keys(operation_id, expected, query=query, of=about.of)
            exchange = context.first_page(operation_id, of=about.of, query=query)
            if any(hand.linked for hand in hands.values()):
                got -= {identity_of(r) for r in whole if any(h.value(data, r) is None for h in hands.values())}
            exchange.must.hold(got <= expected, f"{one} and {other} must keep no row that does not fit", len(got))
            gone = any(hand.linked for hand in hands.values()) and _gone(
                context, operation_id, data, whole, expected - got
            )
            exchange.must.hold(got == expected or gone, f"{one} and {other} must keep every row that fits", len(got))


def _named(data: BillingData, row: Row, what: str) -> str | None:
    line = data.line_by_key.get(identity_of(row))
    if line is None:
        raise NotExercised("the invoice of an item is not visible")
    return named_offering(line) if what == "offering" else named_provider(line)


def asked_for(context: Context, expected_value: ExpectedValue, values: Iterable[Any]) -> Mapping[str, Any]:
    """Some of the values that rows have, by how they are written: a uuid may be without hyphens, and in upper case.

    The profile quick asks for two that fit on a page each, if there are any, one of them in another spelling.
    """
    counts = Counter(value for value in values if value is not None)
    if context.profile.covers:
        chosen = context.sample(sorted(counts, key=str))
        first = [str(value) for value in chosen[:1]] if expected_value.write is _UUID else []
        spelled = {text: chosen[0] for one in first for text in (one, one.upper())}
        return {expected_value.write(value): value for value in chosen} | spelled
    on_a_page = [value for value, count in counts.items() if count <= _ONE_PAGE]
    chosen = context.sample(sorted(on_a_page or counts, key=str), size=2)
    if expected_value.write is not _UUID:
        return {expected_value.write(value): value for value in chosen}
    return {_UUID(value): value for value in chosen[:1]} | {str(value).upper(): value for value in chosen[-1:]}


def _fits(name: str, value: Any, other: Any) -> bool:
    if name == "query":
        return other is not None and str(value).casefold() in str(other).casefold()
    return bool(value == other)


def _gone(context: Context, operation_id: str, data: BillingData, whole: Sequence[Row], missing: set[str]) -> bool:
    """Whether the missing rows name projects that no filter finds: the projects are gone (behaviour 6.2)."""
    about = example_target(context, operation_id)
    projects = {_project(data, row) for row in whole if identity_of(row) in missing} - {None}
    write = FILTERS[operation_id]["project_uuid"].write
    return all(
        not missing
        & {identity_of(row) for row in context.rows(operation_id, query={"project_uuid": write(p)}, of=about.of)}
        for p in projects
    )


def _blanks_together_keep_all(context: Context, operation_id: str, whole: set[str]) -> bool:
    """Whether a list with every filter blank is the whole list, so that none need be asked for alone."""
    about, operation = example_target(context, operation_id), context.description.operations[operation_id]
    blank = [
        name
        for name in filtered(context.description, operation)
        if (operation_id, name) not in context.survey.parameters and operation.query[name].allows_empty
    ]
    query = {**about.query, **dict.fromkeys(blank, "")}
    try:
        exchange = context.first_page(operation_id, of=about.of, query=query)
        shown = {identity_of(row) for row in exchange.must.show_rows()}
        # The rows that are shown are in the list, so that their number says whether all of them are kept.
        return shown <= whole and len(whole) == (count_of(exchange) if "page" in operation.query else len(shown))
    except Broken:
        return False  # each alone shows which


def _nothing_fits(context: Context, operation_id: str, name: str, at: str) -> None:
    unknown, about = unknown_value(name), example_target(context, operation_id)
    if unknown is None:
        return
    exchange = context.ask(operation_id, of=about.of, query={**about.query, name: unknown}, at=at)
    exchange.must.have_status(200)
    exchange.must.agree(f"the rows for a {name} that nothing has", exchange.must.show_rows(), [])


def unknown_value(name: str) -> str | None:
    """A value that no row has: an unknown uuid, a year long past, text that nothing is called. None for choices."""
    if name in ("state", "month", "invoice_month", "start_month"):
        return None
    if name.endswith("year"):
        return "1999"
    return {"customer": f"/api/customers/{UNKNOWN}/", "query": "no-such-name-anywhere"}.get(name, UNKNOWN)
