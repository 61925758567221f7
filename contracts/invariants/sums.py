"""What an invoice shows of itself, in the list and by itself: sums, taxes, dates, each in a check of its own."""

from collections.abc import Iterator

from waldur_billing_mock.contracts.context import Context, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.readings import arithmetic
from waldur_billing_mock.contracts.values import Row

_BOTH = ("invoices_list", "invoices_retrieve")


def shown_by(context: Context, operation_id: str) -> Iterator[tuple[Exchange, Row]]:
    """The invoices that an operation shows: all of the list, or some by themselves."""
    rows = need(context.rows("invoices_list"), "invoice")
    if operation_id == "invoices_list":
        exchange = context.first_page("invoices_list")
        yield from ((exchange, row) for row in rows)
        return
    for row in context.sample(rows, by=lambda row: (row.get("state"), len(row.get("items") or ()) > 3)):
        exchange = context.ask("invoices_retrieve", of=str(row["uuid"]))
        exchange.must.have_status(200)
        yield exchange, exchange.must.show_row()


@invariant(*_BOTH)
def the_price_is_the_sum_of_the_lines(context: Context, operation_id: str) -> None:
    """The price of an invoice is the sum of the prices of its lines."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.price_of_invoice(context, exchange, invoice)


@invariant(*_BOTH)
def the_total_is_price_and_tax(context: Context, operation_id: str) -> None:
    """The total of an invoice is its price and its tax."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.total_of_invoice(context, exchange, invoice)


@invariant(*_BOTH)
def compensations_are_what_credits_pay(context: Context, operation_id: str) -> None:
    """The compensations of an invoice are the exact sum of the lines that a credit pays."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.compensations_of_invoice(context, exchange, invoice)


@invariant(*_BOTH)
def incurred_costs_are_all_other_lines(context: Context, operation_id: str) -> None:
    """The incurred costs of an invoice are the exact sum of the lines that no credit pays."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.incurred_costs_of_invoice(context, exchange, invoice)


@invariant(*_BOTH)
def the_tax_has_one_rate(context: Context, operation_id: str) -> None:
    """The tax of an invoice is its price at one rate of at most two places, from 0 to 100 percent."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.tax_of_invoice(context, exchange, invoice)


@invariant(*_BOTH)
def lines_are_taxed_like_their_invoice(context: Context, operation_id: str) -> None:
    """The tax of each line is its price at the rate of the invoice, rounded half to even."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.taxes_of_lines(context, exchange, invoice)


@invariant(*_BOTH)
def the_total_of_a_line_includes_its_tax(context: Context, operation_id: str) -> None:
    """The total of each line is its price with its tax, rounded once."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.totals_of_lines(context, exchange, invoice)


@invariant(*_BOTH)
def the_price_of_a_line_is_unit_price_times_quantity(context: Context, operation_id: str) -> None:
    """The price of each line is its unit price times its quantity, rounded away from zero to cents."""
    for exchange, invoice in shown_by(context, operation_id):
        for line in arithmetic.lines_of(invoice):
            arithmetic.price_of_item(context, exchange, line, "InvoiceItem")


@invariant(*_BOTH)
def the_invoice_date_follows_from_the_state(context: Context, operation_id: str) -> None:
    """A pending invoice has no invoice date; a created or paid one has."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.invoice_date_of(context, exchange, invoice)


@invariant(*_BOTH)
def an_invoice_is_due_30_days_after_its_date(context: Context, operation_id: str) -> None:
    """An invoice with a date is due 30 days later, and one without has no due date."""
    for exchange, invoice in shown_by(context, operation_id):
        arithmetic.due_date_of(context, exchange, invoice)


@invariant("invoices_list")
def lines_show_their_factor(context: Context) -> None:
    """Some line of an invoice shows the factor that is described."""
    if not context.forgives:
        raise NotExercised("the factor may be left out")
    lines = [line for _, invoice in shown_by(context, "invoices_list") for line in arithmetic.lines_of(invoice)]
    shows = any("factor" in line for line in need(lines, "line of an invoice"))
    with context.known("factor-absent"):
        place = context.description.place_of_field("InvoiceItem", "factor")
        context.first_page("invoices_list").must.hold(shows, "some line must show its factor", None, place)


@invariant("invoices_list")
def a_customer_is_taxed_at_one_rate(context: Context) -> None:
    """The invoices of a customer in neighbouring months are taxed at one rate, or at one of two where it changed."""
    rates: dict[str, set[object]] = {}
    for exchange, invoice in shown_by(context, "invoices_list"):
        price = arithmetic.number(invoice, "price")
        if abs(price) >= 1:
            customer = str(invoice.get("customer"))
            rates.setdefault(customer, set()).add(arithmetic.rate_of(price, arithmetic.number(invoice, "tax")))
            exchange.must.hold(len(rates[customer]) <= 2, "a customer must not have a tax rate for each invoice")
