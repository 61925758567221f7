"""The sums that an invoice and its lines must show, from whichever operation they come."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.context import Context, field_of, key_of
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.readings.discovery import exact
from waldur_billing_mock.contracts.values import (
    Malformed,
    Month,
    Row,
    away_from_zero,
    day,
    decimal,
    half_even,
    half_up,
    product,
    total,
)

_DAYS_TO_PAY: Final = timedelta(days=30)
_HUNDRED: Final = Decimal(100)
OF_INVOICES: Final = ("price", "tax", "total", "items", "state")
"""The fields of an invoice whose sums can be checked."""
OF_ITEMS: Final = ("unit_price", "quantity", "price")
"""The fields of an item whose price can be checked."""
Agree = Callable[[str, object, object], None]


def objects_with(exchange: Exchange, fields: tuple[str, ...]) -> Iterator[Row]:
    """The objects of an answer that have all the fields: the answer itself, or the rows of it."""
    if not 200 <= exchange.status < 300:
        return
    try:
        value = exchange.json
    except Malformed:
        return
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict) and all(name in row for name in fields):
            yield row


def agreement(context: Context, exchange: Exchange, schema: str, name: str) -> Agree:
    """A way to say that a value and the one that it ought to be agree, placed at a field of a schema."""
    place = context.description.place_of_field(schema, name)
    return lambda what, got, expected: exchange.must.agree(what, got, expected, place)


def price_of_item(context: Context, exchange: Exchange, item: Row, schema: str) -> None:
    """The price of an item, where it shows one, is its unit price times its quantity, rounded away from zero."""
    if "price" in item:
        must_agree = agreement(context, exchange, schema, "price")
        must_agree("the price of an item and unit price × quantity", number(item, "price"), away_from_zero(exact(item)))


def price_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """The price of an invoice is the sum of the prices of its lines."""
    expected = total(number(line, "price") for line in lines_of(invoice))
    must_agree = agreement(context, exchange, "Invoice", "price")
    must_agree("the price of an invoice and the sum of its lines", number(invoice, "price"), expected)


def total_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """The total of an invoice is its price and its tax."""
    expected = number(invoice, "price") + number(invoice, "tax")
    must_agree = agreement(context, exchange, "Invoice", "total")
    must_agree("the total and price + tax", number(invoice, "total"), expected)


def compensations_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """The compensations of an invoice are the exact sum of the lines that a credit pays."""
    paid = total(exact(line) for line in lines_of(invoice) if field_of(line, "credit") is True)
    must_agree = agreement(context, exchange, "Invoice", "compensations")
    must_agree("the compensations and the lines that a credit pays", number(invoice, "compensations"), paid)


def incurred_costs_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """The incurred costs of an invoice are the exact sum of all other lines."""
    others = total(exact(line) for line in lines_of(invoice) if field_of(line, "credit") is not True)
    must_agree = agreement(context, exchange, "Invoice", "incurred_costs")
    must_agree("the incurred costs and all other lines", number(invoice, "incurred_costs"), others)


def sums_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """All sums of an invoice that it shows, after something was written."""
    for line in lines_of(invoice):
        price_of_item(context, exchange, line, "InvoiceItem")
    price_of_invoice(context, exchange, invoice)
    total_of_invoice(context, exchange, invoice)
    if "compensations" in invoice and "incurred_costs" in invoice:
        compensations_of_invoice(context, exchange, invoice)
        incurred_costs_of_invoice(context, exchange, invoice)
    tax_of_invoice(context, exchange, invoice)
    taxes_of_lines(context, exchange, invoice)


def lines_of(invoice: Row) -> list[Row]:
    """The lines that an invoice shows. Raises `NotExercised` where it shows none of that name."""
    lines = field_of(invoice, "items")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def rate_of(price: Decimal, tax: Decimal) -> Decimal:
    """The tax rate in percent, to two places."""
    return (tax * _HUNDRED / price).quantize(Decimal("0.01")) if price else Decimal(0)


def tax_of_invoice(context: Context, exchange: Exchange, invoice: Row) -> None:
    """One rate of at most two places, from 0 to 100, makes the tax of an invoice of its price."""
    price, tax = number(invoice, "price"), number(invoice, "tax")
    rate = rate_of(price, tax)
    must_agree = agreement(context, exchange, "Invoice", "tax")
    must_agree("the tax of an invoice and a rate of two places on its price", tax, product(price, rate) / _HUNDRED)
    exchange.must.hold(0 <= rate <= _HUNDRED, "the tax rate must lie between 0 and 100 percent", rate)


def taxes_of_lines(context: Context, exchange: Exchange, invoice: Row) -> None:
    """Each line is taxed at the rate of its invoice."""
    price = number(invoice, "price")
    rate = rate_of(price, number(invoice, "tax"))
    for line in lines_of(invoice) if price else ():
        tax = product(number(line, "price"), rate) / _HUNDRED
        must_agree = agreement(context, exchange, "InvoiceItem", "tax")
        must_agree("the tax of a line and the rate of its invoice", number(line, "tax"), half_even(tax))


def totals_of_lines(context: Context, exchange: Exchange, invoice: Row) -> None:
    """The total of each line is its price with its tax, rounded once."""
    price = number(invoice, "price")
    rate = rate_of(price, number(invoice, "tax"))
    for line in lines_of(invoice) if price else ():
        tax = product(number(line, "price"), rate) / _HUNDRED
        must_agree = agreement(context, exchange, "InvoiceItem", "total")
        expected = half_even(number(line, "price") + tax)
        must_agree("the total of a line and its price with tax", number(line, "total"), expected)


def invoice_date_of(context: Context, exchange: Exchange, invoice: Row) -> None:
    """An invoice that is not finalized yet has no invoice date; a created or paid one has."""
    state, invoiced = field_of(invoice, "state"), invoice.get("invoice_date")
    place = context.description.place_of_field("Invoice", "invoice_date")
    if state in ("pending", "pending_finalization"):
        exchange.must.hold(invoiced is None, f"a {state} invoice must not have an invoice date", invoiced, place)
    elif state in ("created", "paid"):
        exchange.must.hold(invoiced is not None, f"a {state} invoice must have an invoice date", invoiced, place)


def due_date_of(context: Context, exchange: Exchange, invoice: Row) -> None:
    """An invoice with a date is due 30 days later, and one without has no due date."""
    invoiced, due = invoice.get("invoice_date"), invoice.get("due_date")
    place = context.description.place_of_field("Invoice", "due_date")
    if invoiced is None:
        exchange.must.hold(due is None, "an invoice without a date must not have a due date", due, place)
        return
    field_of(invoice, "due_date")
    try:
        expected = day(invoiced) + _DAYS_TO_PAY
    except Malformed as error:
        raise Broken(Complaint(f"the invoice date must be {error}", place, str(error), invoiced, exchange)) from None
    exchange.must.agree("the due date and 30 days after the invoice date", due, expected.isoformat(), place)


def number(row: Row, name: str) -> Decimal:
    """The decimal in a field. Raises `Broken` where there is none."""
    value = field_of(row, name)
    try:
        return decimal(value)
    except Malformed as error:
        complaint = Complaint(f"the field {name} must be {error}", "/components/schemas", str(error), value)
        raise Broken(complaint) from None


def belongs(row: Row, exchange: Exchange, name: str = "url") -> None:
    """The link of an object must lead to itself."""
    exchange.must.agree(f"the {name} and the identifier of an object", key_of(row, name), key_of(row))


def month_of(label: object) -> Month:
    """The month that a label of growth names. Raises `NotExercised`."""
    year, _, month = str(label).partition("-")
    if not (year.isdigit() and month.isdigit()):
        raise NotExercised("the labels of growth are no months")
    return Month(int(year), int(month))


def billed_by_month(invoices: Sequence[Row], name: str) -> dict[tuple[str, str], dict[Month, Decimal]]:
    """What each customer was invoiced in each month, by identifier and name; each invoice rounded to cents."""
    billed: dict[tuple[str, str], dict[Month, Decimal]] = {}
    for row in invoices:
        owner = (key_of(row, "customer"), str(field_of(field_of(row, "customer_details"), "name")))
        sums = billed.setdefault(owner, defaultdict(Decimal))
        sums[Month(int(row["year"]), int(row["month"]))] += half_up(number(row, name))
    return billed
