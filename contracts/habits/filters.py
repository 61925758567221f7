"""Each filter answers with exactly the rows that filtering by hand keeps: alone, in pairs, and for sums."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from waldur_billing_mock.contracts.discovery import UNKNOWN, Books, books_of, cost, named_offering, named_provider
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.habits.joins import invoice_of, offering
from waldur_billing_mock.contracts.subjects import identity_of, subject
from waldur_billing_mock.contracts.trial import Trial, key_of, need
from waldur_billing_mock.contracts.values import Row, half_even, hyphenated, instant, optional_identifier
from waldur_billing_mock.contracts.values import decimal as number

Value = Callable[[Books, Row], Any]


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a row has for a parameter to ask for (None: nothing), and how it is written in a request.

    `linked` marks parameters that go by a link which no answer shows: rows whose link is gone may be missing.
    """

    value: Value
    write: Callable[[Any], str] = str
    linked: bool = False


def _year(books: Books, row: Row) -> Any:
    return invoice_of(books, row)["year"]


def _month(books: Books, row: Row) -> Any:
    return invoice_of(books, row)["month"]


def _project(books: Books, row: Row) -> str | None:
    if "project_uuid" not in row and identity_of(row) in books.line_by_key:
        row = books.line_by_key[identity_of(row)].item
    return optional_identifier(row.get("project_uuid"))


def _customer_of_project(books: Books, row: Row) -> str | None:
    return key_of(invoice_of(books, row), "customer") if _project(books, row) else None


_UUID: Final = hyphenated
_ITEMS: Final[Mapping[str, ByHand]] = {
    "year": ByHand(_year),
    "month": ByHand(_month),
    "start_year": ByHand(lambda books, row: instant(row["start"]).year),
    "start_month": ByHand(lambda books, row: instant(row["start"]).month),
    "resource_uuid": ByHand(lambda books, row: optional_identifier(row.get("resource")), _UUID),
    "offering_uuid": ByHand(offering, _UUID),
    "project_uuid": ByHand(_project, _UUID, linked=True),
    "customer_uuid": ByHand(_customer_of_project, _UUID, linked=True),
}
FILTERS: Final[Mapping[str, Mapping[str, ByHand]]] = {
    "invoices_list": {
        "customer": ByHand(lambda books, row: key_of(row, "customer"), lambda key: f"/api/customers/{key}/"),
        "customer_uuid": ByHand(lambda books, row: key_of(row, "customer"), _UUID),
        "month": ByHand(lambda books, row: row["month"]),
        "state": ByHand(lambda books, row: row["state"]),
        "year": ByHand(lambda books, row: row["year"]),
    },
    "invoices_items_retrieve": {
        "offering_uuid": ByHand(lambda books, row: _named(books, row, "offering")),
        "project_uuid": ByHand(_project, linked=True),
        "provider_uuid": ByHand(lambda books, row: _named(books, row, "provider")),
        "query": ByHand(lambda books, row: row.get("resource_name")),
    },
    "invoice_items_list": _ITEMS,
    "provider_invoice_items_list": {
        "customer_uuid": ByHand(lambda books, row: key_of(invoice_of(books, row), "customer"), _UUID),
        "invoice_month": ByHand(_month),
        "invoice_year": ByHand(_year),
        "offering_uuid": ByHand(offering, _UUID),
        "project_uuid": ByHand(_project, _UUID, linked=True),
    },
}


def filters_keep_what_fits(trial: Trial, operation_id: str, name: str) -> None:
    """A filter keeps every row that fits and no other; what nothing has matches nothing; blank is no filter."""
    books, about = books_of(trial), subject(trial, operation_id)
    by_hand = FILTERS[operation_id][name]
    at = trial.description.place_of_parameter(trial.description.operations[operation_id], name)
    whole = need(trial.rows(operation_id, query=about.query, of=about.of), "row")
    values = {identity_of(row): by_hand.value(books, row) for row in whole}
    there = sorted({value for value in values.values() if value is not None}, key=str)
    for position, value in enumerate(trial.sample(need(there, f"row with a value for {name}"))):
        for written in [by_hand.write(value), *(_other_spellings(by_hand, value) if position == 0 else ())]:
            query = {**about.query, name: written}
            got = {identity_of(row) for row in trial.rows(operation_id, query=query, of=about.of)}
            expected = {key for key, other in values.items() if _fits(name, value, other)}
            exchange = trial.ask(operation_id, of=about.of, query=query, at=at)
            unknown = {key for key, other in values.items() if other is None} if by_hand.linked else set()
            exchange.must.hold(
                got <= expected | unknown, f"the filter {name} must keep no row that does not fit", len(got)
            )
            got -= unknown
            if not (by_hand.linked and got < expected and _gone(trial, operation_id, books, whole, expected - got)):
                exchange.must.hold(got == expected, f"the filter {name} must keep every row that fits", len(got))
    _nothing_fits(trial, operation_id, name, at)
    parameter = trial.parameter(operation_id, name)
    if parameter.allows_empty:
        blank = {identity_of(r) for r in trial.rows(operation_id, query={**about.query, name: ""}, of=about.of)}
        exchange = trial.ask(operation_id, of=about.of, query={**about.query, name: ""}, at=at)
        exchange.must.agree(f"the rows with a blank {name} and without it", sorted(blank), sorted(values))


def filters_combine(trial: Trial, operation_id: str) -> None:
    """Two filters keep what each of them keeps."""
    books, about = books_of(trial), subject(trial, operation_id)
    whole = need(trial.rows(operation_id, query=about.query, of=about.of), "row")
    pairs = list(combinations(sorted(FILTERS[operation_id]), 2))
    for one, other in trial.sample(pairs, size=max(1, trial.profile.pairs)):
        hands = {name: FILTERS[operation_id][name] for name in (one, other)}
        full = [row for row in whole if all(hand.value(books, row) is not None for hand in hands.values())]
        for row in trial.sample(full, size=1):
            values = {name: hand.value(books, row) for name, hand in hands.items()}
            expected = {
                identity_of(r)
                for r in whole
                if all(_fits(name, value, hands[name].value(books, r)) for name, value in values.items())
            }
            query = {**about.query, **{name: hands[name].write(value) for name, value in values.items()}}
            got = {identity_of(r) for r in trial.rows(operation_id, query=query, of=about.of)}
            exchange = trial.ask(operation_id, of=about.of, query=query)
            if any(hand.linked for hand in hands.values()):
                got -= {identity_of(r) for r in whole if any(h.value(books, r) is None for h in hands.values())}
            exchange.must.hold(got <= expected, f"{one} and {other} must keep no row that does not fit", len(got))
            gone = any(hand.linked for hand in hands.values()) and _gone(
                trial, operation_id, books, whole, expected - got
            )
            exchange.must.hold(got == expected or gone, f"{one} and {other} must keep every row that fits", len(got))


def sums_follow_filters(trial: Trial, operation_id: str, name: str) -> None:
    """The total price under a filter is that of the items which the list shows under the same filter, or none."""
    books = books_of(trial)
    items, by_hand = need(books.items, "invoice item"), _ITEMS.get(name)
    # No answer shows what some filters go by; that nothing has an unknown value can be told of these, too.
    values = {by_hand.value(books, row) for row in items} - {None} if by_hand else set()
    written = [by_hand.write(value) for value in trial.sample(sorted(values, key=str), size=3)] if by_hand else []
    unknown = _unknown(name)
    for text in [*written, *([unknown] if unknown else ())]:
        at = trial.description.place_of_parameter(trial.description.operations[operation_id], name)
        exchange = trial.ask(operation_id, query={name: text}, at=at)
        exchange.must.have_status(200)
        listed = [] if text == unknown else trial.rows("invoice_items_list", query={name: text})
        shown = number(exchange.must.show_row()["total_price"])
        exchange.must.agree(f"the total price for {name} and the items", half_even(shown), half_even(cost(listed)))


def days_divide_invoices(trial: Trial, operation_id: str) -> None:
    """Every invoice was made before a day, on it, or after it, and `end_date`, `created`, `start_date` say which."""
    whole = sorted(map(identity_of, need(trial.rows(operation_id), "invoice")))
    days = sorted({f"{row['year']:04}-{row['month']:02}-01" for row in trial.rows(operation_id)})
    for day in trial.sample(days, size=4):
        parts = []
        for name in ("end_date", "created", "start_date"):
            rows = trial.rows(operation_id, query={name: day})
            parts += [identity_of(row) for row in rows]
            months = [f"{row['year']:04}-{row['month']:02}-01" for row in rows]
            exchange = trial.ask(operation_id, query={name: day})
            if name == "created":
                exchange.must.hold(bool(rows), "some invoice of the month must have been made on its first day", day)
        exchange.must.agree("the invoices before, on and after a day and all invoices", sorted(parts), whole)
    first, last = days[0], days[-1]
    before = trial.rows(operation_id, query={"end_date": first})
    after = trial.rows(operation_id, query={"start_date": last})
    exchange = trial.ask(operation_id, query={"end_date": first})
    exchange.must.hold(not before or first != last, "hardly an invoice is made before its month", len(before))
    exchange.must.hold(len(after) < len(whole), "start_date must leave something out", months)


def states_are_alternatives(trial: Trial, operation_id: str) -> None:
    """Several states keep the invoices in any of them."""
    rows = trial.rows(operation_id)
    states = sorted({row["state"] for row in rows})[:2]
    got = trial.rows(operation_id, query={"state": states})
    expected = [identity_of(row) for row in rows if row["state"] in states]
    exchange = trial.ask(operation_id, query={"state": states})
    exchange.must.agree("the invoices in any of two states", sorted(map(identity_of, got)), sorted(expected))


def compensations_can_be_concealed(trial: Trial, operation_id: str) -> None:
    """`conceal_compensation_items=true` hides what a credit pays, and nothing else."""
    books = books_of(trial)
    with_credit = [row for row in books.invoices if any(line.get("credit") for line in row["items"])]
    for row in trial.sample(need(with_credit, "invoice that a credit pays"), size=2):
        for value, hides in (("true", True), ("", False)):
            query = {"conceal_compensation_items": value}
            got = trial.rows(operation_id, query=query, of=str(row["uuid"]))
            expected = [key_of(line) for line in row["items"] if not (hides and line["credit"])]
            exchange = trial.ask(operation_id, of=str(row["uuid"]), query=query)
            exchange.must.agree(
                f"the items when concealing is {value or 'off'}", sorted(map(key_of, got)), sorted(expected)
            )


def statistics_are_filtered(trial: Trial, operation_id: str) -> None:
    """`provider_uuid` keeps the offerings of one provider; the sums of an offering do not change by it."""
    about = subject(trial, operation_id)
    operation = trial.description.operations[operation_id]
    whole = need(trial.rows(operation_id, of=about.of), "offering")
    at = trial.description.place(operation)
    exchange = trial.ask(operation_id, of=about.of, query={"provider_uuid": UNKNOWN}, at=at)
    exchange.must.agree("the offerings of an unknown provider and nothing", exchange.must.show_rows(), [])
    if trial.description.switched(operation, "provider-is-customer"):
        raise NotExercised("this dialect goes by the selling customer, which no answer shows")
    for value in {optional_identifier(row["service_provider_uuid"]) for row in whole} - {None}:
        query = {"provider_uuid": hyphenated(str(value))}
        got = trial.rows(operation_id, of=about.of, query=query)
        expected = [row for row in whole if optional_identifier(row["service_provider_uuid"]) == value]
        exchange = trial.ask(operation_id, of=about.of, query=query, at=at)
        exchange.must.agree("the offerings of a provider and those that name it", got, expected)


def statistics_heed_the_invoice_filters(trial: Trial, operation_id: str) -> None:
    """An invoice that does not match a filter of invoices has no offerings to show; one that does shows them all."""
    if "year" not in trial.description.operations[operation_id].query:
        raise NotExercised("this dialect has no filters of invoices here")
    about = subject(trial, operation_id)
    whole = need(trial.rows(operation_id, of=about.of), "offering")
    invoice = trial.row("invoices_retrieve", of=about.of)
    for name in ("year", "month", "state", "customer_uuid"):
        hand = FILTERS["invoices_list"][name]
        match = trial.rows(operation_id, of=about.of, query={name: hand.write(hand.value(books_of(trial), invoice))})
        other = {"year": 1999, "month": invoice["month"] % 12 + 1, "customer_uuid": UNKNOWN}
        other["state"] = "canceled" if invoice["state"] != "canceled" else "paid"
        at = trial.description.place_of_parameter(trial.description.operations[operation_id], name)
        exchange = trial.ask(operation_id, of=about.of, query={name: other[name]}, at=at)
        exchange.must.agree(f"the offerings where {name} matches and all", match, whole)
        exchange.must.have_status(200)
        exchange.must.agree(f"the offerings where {name} does not match and nothing", exchange.must.show_rows(), [])


def _named(books: Books, row: Row, what: str) -> str | None:
    line = books.line_by_key.get(identity_of(row))
    if line is None:
        raise NotExercised("the invoice of an item is not visible")
    return named_offering(line) if what == "offering" else named_provider(line)


def _other_spellings(by_hand: ByHand, value: Any) -> Iterable[str]:
    """A uuid may also be written without hyphens, and in upper case."""
    return (str(value), str(value).upper()) if by_hand.write is _UUID else ()


def _fits(name: str, value: Any, other: Any) -> bool:
    if name == "query":
        return other is not None and str(value).casefold() in str(other).casefold()
    return bool(value == other)


def _gone(trial: Trial, operation_id: str, books: Books, whole: Sequence[Row], missing: set[str]) -> bool:
    """Whether the missing rows name projects that no filter finds: the projects are gone (behaviour 6.2)."""
    about = subject(trial, operation_id)
    projects = {_project(books, row) for row in whole if identity_of(row) in missing} - {None}
    write = FILTERS[operation_id]["project_uuid"].write
    return all(
        not missing
        & {identity_of(row) for row in trial.rows(operation_id, query={"project_uuid": write(p)}, of=about.of)}
        for p in projects
    )


def _nothing_fits(trial: Trial, operation_id: str, name: str, at: str) -> None:
    unknown, about = _unknown(name), subject(trial, operation_id)
    if unknown is None:
        return
    exchange = trial.ask(operation_id, of=about.of, query={**about.query, name: unknown}, at=at)
    exchange.must.have_status(200)
    exchange.must.agree(f"the rows for a {name} that nothing has", exchange.must.show_rows(), [])


def _unknown(name: str) -> str | None:
    """A value that no row has: an unknown uuid, a year long past, text that nothing is called. None for choices."""
    if name in ("state", "month", "invoice_month", "start_month"):
        return None
    if name.endswith("year"):
        return "1999"
    return {"customer": f"/api/customers/{UNKNOWN}/", "query": "no-such-name-anywhere"}.get(name, UNKNOWN)
