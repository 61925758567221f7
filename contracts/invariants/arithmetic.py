"""The sums that an invoice and its lines must show, from whichever operation they come."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.discovery import Month, exact
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised
from waldur_billing_mock.contracts.trial import Trial, field, key_of
from waldur_billing_mock.contracts.values import (
    Malformed,
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
Agree = Callable[[str, object, object], None]


def agreement(trial: Trial, exchange: Exchange, schema: str, name: str) -> Agree:
    """A way to say that a value and the one that it ought to be agree, placed at a field of a schema."""
    place = trial.description.place_of_field(schema, name)
    return lambda what, got, expected: exchange.must.agree(what, got, expected, place)


def prices_of_item(trial: Trial, exchange: Exchange, item: Row, schema: str) -> None:
    """The price of an item is its unit price times its quantity, rounded away from zero to cents."""
    if "price" in item or schema == "InvoiceItem":
        must_agree = agreement(trial, exchange, schema, "price")
        must_agree("the price of an item and unit price × quantity", number(item, "price"), away_from_zero(exact(item)))


def sums_of_invoice(trial: Trial, exchange: Exchange, invoice: Row) -> None:
    """Price, tax, total, compensations and incurred costs of an invoice follow from its lines."""
    lines = field(invoice, "items")
    for line in lines:
        prices_of_item(trial, exchange, line, "InvoiceItem")
    price, tax = number(invoice, "price"), number(invoice, "tax")
    expected = total(number(line, "price") for line in lines)
    agreement(trial, exchange, "Invoice", "price")("the price of an invoice and the sum of its lines", price, expected)
    agreement(trial, exchange, "Invoice", "total")("the total and price + tax", number(invoice, "total"), price + tax)
    paid = total(exact(line) for line in lines if field(line, "credit") is True)
    agreement(trial, exchange, "Invoice", "compensations")(
        "the compensations and the lines that a credit pays", number(invoice, "compensations"), paid
    )
    others = total(exact(line) for line in lines if line["credit"] is not True)
    agreement(trial, exchange, "Invoice", "incurred_costs")(
        "the incurred costs and all other lines", number(invoice, "incurred_costs"), others
    )
    if price:
        _taxes(trial, exchange, lines, price, tax)


def rate_of(price: Decimal, tax: Decimal) -> Decimal:
    """The tax rate in percent, to two places."""
    return (tax * _HUNDRED / price).quantize(Decimal("0.01")) if price else Decimal(0)


def _taxes(trial: Trial, exchange: Exchange, lines: list[Row], price: Decimal, tax: Decimal) -> None:
    """One rate of at most two places, from 0 to 100, makes the tax of the invoice and of each of its lines."""
    rate = rate_of(price, tax)
    must_agree = agreement(trial, exchange, "Invoice", "tax")
    must_agree("the tax of an invoice and a rate of two places on its price", tax, product(price, rate) / _HUNDRED)
    exchange.must.hold(0 <= rate <= _HUNDRED, "the tax rate must lie between 0 and 100 percent", rate)
    for line in lines:
        line_tax = product(number(line, "price"), rate) / _HUNDRED
        agreement(trial, exchange, "InvoiceItem", "tax")(
            "the tax of a line and the rate of its invoice", number(line, "tax"), half_even(line_tax)
        )
        agreement(trial, exchange, "InvoiceItem", "total")(
            "the total of a line and its price with tax",
            number(line, "total"),
            half_even(number(line, "price") + line_tax),
        )


def dates_of_invoice(trial: Trial, exchange: Exchange, invoice: Row) -> None:
    """A pending invoice has no dates; any other has an invoice date, and is due 30 days later."""
    state, invoiced, due = field(invoice, "state"), invoice.get("invoice_date"), invoice.get("due_date")
    place = trial.description.place_of_field("Invoice", "invoice_date")
    due_place = trial.description.place_of_field("Invoice", "due_date")
    if state == "pending":
        exchange.must.hold(invoiced is None, "a pending invoice must not have an invoice date", invoiced, place)
        exchange.must.hold(due is None, "a pending invoice must not have a due date", due, due_place)
    elif state in ("created", "paid"):
        exchange.must.hold(invoiced is not None, f"a {state} invoice must have an invoice date", invoiced, place)
    if invoiced is not None:
        try:
            expected = day(invoiced) + _DAYS_TO_PAY
        except Malformed as error:
            raise Broken(
                Complaint(f"the invoice date must be {error}", place, str(error), invoiced, exchange)
            ) from None
        exchange.must.agree("the due date and 30 days after the invoice date", due, expected.isoformat(), due_place)


def number(row: Row, name: str) -> Decimal:
    """The decimal in a field. Raises `Broken` where there is none."""
    value = field(row, name)
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
        owner = (key_of(row, "customer"), str(field(field(row, "customer_details"), "name")))
        sums = billed.setdefault(owner, defaultdict(Decimal))
        sums[Month(int(row["year"]), int(row["month"]))] += half_up(number(row, name))
    return billed
