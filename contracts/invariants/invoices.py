"""The operations of the page `invoices`, but for sums (`sums.py`) and growth (`growth.py`)."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import takewhile
from typing import Final

from waldur_billing_mock.contracts.changes import (
    SIGN,
    may_write,
    note_field,
    refuse,
    set_field,
    the_notification,
    the_payment,
    without,
    writable,
)
from waldur_billing_mock.contracts.context import Context, field_of, key_of, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Exchange
from waldur_billing_mock.contracts.invariants.sums import shown_by
from waldur_billing_mock.contracts.readings.arithmetic import agreement, belongs, lines_of, number, rate_of
from waldur_billing_mock.contracts.readings.discovery import PAID_BY_CREDIT, UNKNOWN, billing_data
from waldur_billing_mock.contracts.readings.lookups import offering_name
from waldur_billing_mock.contracts.readings.sorting import sorted_by
from waldur_billing_mock.contracts.values import Row, away_from_zero, product, total

_FIELDS: Final = {
    "invoices_set_backend_id": ("backend_id", 255, ""),
    "invoices_set_payment_url": ("payment_url", 200, "https://pay.example.com/"),
    "invoices_set_reference_number": ("reference_number", 300, ""),
}
"""The text that an operation sets, the longest that it takes, and how it must begin."""
_STORED_PROJECT: Final = "lines-by-stored-project"
_NO_PROJECT: Final = "N/A"
"""The name of the project that an item without one shows."""


@invariant("invoices_list")
def the_latest_month_comes_first(context: Context) -> None:
    """Invoices come latest month first."""
    rows = need(context.in_order("invoices_list"), "invoice")
    exchange = context.first_page("invoices_list")
    months = [(field_of(row, "year"), field_of(row, "month")) for row in rows]
    exchange.must.hold(months == sorted(months, reverse=True), "the latest month must come first", months)


@invariant("invoices_list")
def a_customer_has_one_invoice_a_month(context: Context) -> None:
    """There is one invoice for each customer and month."""
    rows = need(context.rows("invoices_list"), "invoice")
    exchange = context.first_page("invoices_list")
    billed = [(key_of(row, "customer"), field_of(row, "year"), field_of(row, "month")) for row in rows]
    exchange.must.hold(len(set(billed)) == len(billed), "a customer must have one invoice a month", len(billed))


@invariant("invoices_list")
def each_invoice_has_a_number_of_its_own(context: Context) -> None:
    """The numbers of invoices are integers after 100000, each of one invoice."""
    rows = need(context.rows("invoices_list"), "invoice")
    exchange = context.first_page("invoices_list")
    place = context.description.place_of_field("Invoice", "number")
    numbers = [field_of(row, "number") for row in rows]
    whole = all(isinstance(one, int) for one in numbers)
    exchange.must.hold(whole, "numbers must be integers", numbers, place)
    exchange.must.hold(len(set(numbers)) == len(numbers), "each invoice must have its own number", len(numbers), place)
    exchange.must.hold(min(numbers) > 100_000, "numbers must begin after 100000", None, place)


@invariant("invoices_retrieve")
def an_invoice_links_to_itself(context: Context) -> None:
    """The address that an invoice shows is its own, and those of its lines are theirs."""
    for exchange, invoice in shown_by(context, "invoices_retrieve"):
        belongs(invoice, exchange)
        for line in lines_of(invoice):
            belongs(line, exchange)


@invariant("invoices_list", "invoices_retrieve")
def lines_come_by_project_and_name(context: Context, operation_id: str) -> None:
    """The lines of an invoice come by project, and those of a project by name."""
    for exchange, invoice in shown_by(context, operation_id):
        lines = lines_of(invoice)
        leading = len(list(takewhile(_may_have_no_stored_project, lines)))
        if any(map(_may_have_no_stored_project, lines)):
            context.survey.looked_for.add(_STORED_PROJECT)
        if not any(_are_by_name(lines[:end]) and _are_by_project(lines[end:]) for end in range(1, leading + 1)):
            _must_come_by_project(exchange, lines)
        elif context.description.dialect == "documented":
            with context.known(_STORED_PROJECT):
                _must_come_by_project(exchange, lines)


def _may_have_no_stored_project(line: Row) -> bool:
    """Whether no project may be stored with a line: a credit paid with it, or it shows none."""
    return (
        bool(line.get("credit"))
        or str(line.get("name")).startswith(PAID_BY_CREDIT)
        or field_of(line, "project_name") == _NO_PROJECT
    )


def _must_come_by_project(exchange: Exchange, lines: Sequence[Row]) -> None:
    projects = [field_of(line, "project_name") for line in lines]
    exchange.must.hold(sorted_by(projects, descending=False), "lines must come by project", projects)
    for project in dict.fromkeys(projects):
        names = [field_of(line, "name") for line in lines if line["project_name"] == project]
        exchange.must.hold(sorted_by(names, descending=False), "the lines of a project must come by name", names)


def _are_by_project(lines: Sequence[Row]) -> bool:
    by_project: dict[object, list[Row]] = {}
    for line in lines:
        by_project.setdefault(field_of(line, "project_name"), []).append(line)
    projects = [field_of(line, "project_name") for line in lines]
    return sorted_by(projects, descending=False) and all(map(_are_by_name, by_project.values()))


def _are_by_name(lines: Sequence[Row]) -> bool:
    return sorted_by([field_of(line, "name") for line in lines], descending=False)


@invariant("invoices_retrieve")
def lines_without_a_total_are_not_shown(context: Context) -> None:
    """Every line that an invoice shows has a total other than zero."""
    for exchange, invoice in shown_by(context, "invoices_retrieve"):
        for line in lines_of(invoice):
            exchange.must.hold(number(line, "total") != 0, "lines without a total must not be shown", line.get("total"))


@invariant("invoices_retrieve")
def an_invoice_is_shown_whatever_filters_say(context: Context) -> None:
    """The filters of the list have no effect on a single invoice."""
    row = context.one_of(need(context.rows("invoices_list"), "invoice"))
    other = "paid" if row.get("state") != "paid" else "created"
    with context.known("invoice-retrieve-filtered"):
        exchange = context.ask("invoices_retrieve", of=str(row["uuid"]), query={"state": other})
        exchange.must.have_status(200 if context.description.dialect == "documented" else 404)


@invariant("invoices_items_retrieve")
def the_items_are_the_lines_of_the_invoice(context: Context) -> None:
    """The items of an invoice are the lines that the invoice shows, all at once, each once."""
    for row in _with_lines(context):
        exchange = context.ask("invoices_items_retrieve", of=str(row["uuid"]))
        exchange.must.have_status(200)
        items = exchange.must.show_rows()
        shown = {key_of(line): line for line in row["items"]}
        exchange.must.hold(len(items) == len({key_of(item) for item in items}), "no item twice", len(items))
        exchange.must.agree("the items and the lines of the invoice", {key_of(item): item for item in items}, shown)


@invariant("invoices_stats_list")
def the_prices_of_offerings_are_those_of_the_lines(context: Context) -> None:
    """Each offering adds to an invoice what its items cost together, rounded once; items without one do not count."""
    _statistics(context, "aggregated_price", 0)


@invariant("invoices_stats_list")
def the_taxes_of_offerings_are_those_of_the_lines(context: Context) -> None:
    """The tax of an offering is its price at the rate of the invoice, rounded once."""
    _statistics(context, "aggregated_tax", 1)


@invariant("invoices_stats_list")
def the_totals_of_offerings_are_those_of_the_lines(context: Context) -> None:
    """The total of an offering is its price with tax, rounded once."""
    _statistics(context, "aggregated_total", 2)


@invariant("invoices_paid")
def only_a_created_invoice_can_be_paid(context: Context) -> None:
    """An invoice that is not created answers 409 and stays as it is; one that does not exist, 404."""
    refuse(context, "invoices_paid", (404,), of=UNKNOWN)
    _refused_in_other_states(context, "invoices_paid", 409)


@invariant("invoices_paid")
def paying_changes_the_state_alone(context: Context) -> None:
    """A created invoice that is paid has the state `paid`, is listed so, and is otherwise what it was."""
    payment = the_payment(context)
    payment.exchange.must.have_status(200)
    context.must_fit("invoices_paid", payment.exchange)
    must = payment.exchange.must
    must.agree("the state of a paid invoice", payment.after.get("state"), "paid")
    must.agree(
        "a paid invoice and what it was before", without(payment.after, "state"), without(payment.before, "state")
    )
    if payment.exchange.answer.body:
        must.agree("the answer and the paid invoice", must.show_row(), payment.after)
    key = key_of(payment.before)
    must.hold(key in payment.paid_after, "a paid invoice must be listed as paid")
    must.agree(
        "the created invoices and all but the paid one",
        sorted(payment.created_after),
        sorted(payment.created_before - {key}),
    )


@invariant("invoices_paid")
def a_paid_invoice_cannot_be_paid_again(context: Context) -> None:
    """Paying a paid invoice answers 409, with a body and without, and changes nothing."""
    payment = the_payment(context)
    for exchange in payment.refusals:
        exchange.must.have_status(409)
        context.must_fit("invoices_paid", exchange)
        exchange.must.agree("what was refused and what was there before", payment.after_refusals, payment.after)


@invariant("invoices_send_notification")
def only_a_created_invoice_is_announced(context: Context) -> None:
    """An invoice that is not created is not announced: 400, and it stays as it is."""
    _refused_in_other_states(context, "invoices_send_notification", 400)


@invariant("invoices_send_notification")
def a_notification_leaves_the_invoice_as_it_is(context: Context) -> None:
    """A created invoice is announced, which changes nothing of it."""
    before, exchange, after = the_notification(context)
    exchange.must.have_status(200)
    context.must_fit("invoices_send_notification", exchange)
    exchange.must.agree("an invoice before and after its announcement", after, before)


@invariant(*_FIELDS)
def a_text_is_set_trimmed_and_alone(context: Context, operation_id: str) -> None:
    """The text takes as many characters as it should, trimmed, or none; nothing else of the invoice changes."""
    name, longest, head = _FIELDS[operation_id]
    row = context.one_of(writable(context, "invoices", context.rows("invoices_list")))
    for sent, kept in (
        (f"  {head}{context.seed} ", f"{head}{context.seed}"),
        (head.ljust(longest, "x"), head.ljust(longest, "x")),
        ("", ""),
    ):
        exchange = set_field(context, operation_id, row, name, sent)
        exchange.must.have_status(200)
        context.must_fit(operation_id, exchange)
        after = context.row("invoices_retrieve", of=str(row["uuid"]))
        exchange.must.agree(f"the {name} that was sent and the one that is shown", after.get(name) or "", kept)
        exchange.must.agree("all other fields of the invoice", without(after, name), without(row, name))


@invariant(*_FIELDS)
def a_wrong_text_is_refused(context: Context, operation_id: str) -> None:
    """A text that is too long, null, no text or no address is refused with 400, and nothing changes."""
    name, longest, head = _FIELDS[operation_id]
    row = context.one_of(writable(context, "invoices", context.rows("invoices_list")))
    for wrong in [head.ljust(longest + 1, "x"), None, ["x"], *(["no address"] if head else [])]:
        note_field(context, operation_id, row, name)
        refuse(context, operation_id, (400,), str(row["uuid"]), body={name: wrong})


@invariant(*_FIELDS)
def nothing_sent_changes_nothing(context: Context, operation_id: str) -> None:
    """An empty object is taken, and the text stays what it was."""
    name, _, head = _FIELDS[operation_id]
    row = context.one_of(writable(context, "invoices", context.rows("invoices_list")))
    value = f"{head}{SIGN.replace(' ', '-')}"
    set_field(context, operation_id, row, name, value).must.have_status(200)
    exchange = context.ask(operation_id, of=str(row["uuid"]), json={})
    exchange.must.have_status(200)
    shown = context.row("invoices_retrieve", of=str(row["uuid"])).get(name)
    exchange.must.agree(f"the {name} after nothing was sent", shown, value)


def _refused_in_other_states(context: Context, operation_id: str, status: int) -> None:
    rows = [row for row in context.rows("invoices_list") if row.get("state") != "created"]
    allowed = need([row for row in rows if may_write(context, "invoices", key_of(row))], "invoice to be refused")
    for row in context.sample(allowed, by=lambda row: row.get("state"), size=3):
        refuse(context, operation_id, (status,), of=str(row["uuid"]))


def _with_lines(context: Context) -> list[Row]:
    """Some invoices with lines, among them one with many."""
    rows = need([row for row in context.rows("invoices_list") if row.get("items")], "invoice with lines")
    return context.sample(rows, by=lambda row: len(row["items"]) > 10)


def _statistics(context: Context, name: str, places: int) -> None:
    for row in _with_lines(context):
        stats = context.rows("invoices_stats_list", of=str(row["uuid"]))
        exchange = context.first_page("invoices_stats_list", of=str(row["uuid"]))
        _one_sum(context, exchange, row, stats, name, places)


def _one_sum(context: Context, exchange: Exchange, row: Row, stats: list[Row], name: str, places: int) -> None:
    """One sum of all offerings of an invoice."""
    data = billing_data(context)
    groups: dict[str, list[Decimal]] = defaultdict(list)
    for line in lines_of(row):
        if line.get("resource") is not None:
            groups[offering_name(data, line) or ""].append(number(line, "price"))
    got: dict[str, Decimal] = defaultdict(Decimal)
    for entry in stats:
        got[field_of(entry, "offering_name")] += number(entry, name)
    if places and (not number(row, "price") or len(got) != len(stats)):
        return
    rate = rate_of(number(row, "price"), number(row, "tax"))
    expected = {offering: _aggregate(total(prices), rate, places) for offering, prices in groups.items()}
    # An offering whose items are all zero is in the statistics, and its lines are not on the invoice.
    shown = {offering: value for offering, value in got.items() if offering in expected or value}
    agreement(context, exchange, "InvoiceStatsOffering", name)(
        f"{name} of each offering and the lines of the invoice", shown, expected
    )


def _aggregate(price: Decimal, rate: Decimal, places: int) -> Decimal:
    """The price, its tax, or both, rounded away from zero."""
    tax = product(price, rate) / Decimal(100)
    return away_from_zero((price, tax, price + tax)[places])
