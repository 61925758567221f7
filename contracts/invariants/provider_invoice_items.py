"""The operations of the page `provider-invoice-items`."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from waldur_billing_mock.contracts.context import Context, key_of, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.arithmetic import belongs, price_of_item
from waldur_billing_mock.contracts.readings.discovery import Line, billing_data, provider_numbers


@invariant("provider_invoice_items_list")
def the_price_of_a_provider_item_is_unit_price_times_quantity(context: Context) -> None:
    """The price of each provider item is its unit price times its quantity, rounded away from zero to cents."""
    exchange = context.first_page("provider_invoice_items_list")
    for row in need(context.rows("provider_invoice_items_list"), "provider item"):
        price_of_item(context, exchange, row, "InvoiceItem")


@invariant("provider_invoice_items_list")
def what_a_provider_sold_is_what_invoices_show(context: Context) -> None:
    """A provider item is the line that the invoice of the customer shows."""
    data = billing_data(context)
    exchange = context.first_page("provider_invoice_items_list")
    for row in need(context.rows("provider_invoice_items_list"), "provider item"):
        line = data.line_by_key.get(key_of(row))
        if line is not None:
            exchange.must.agree("a provider item and the line of the invoice", row, line.item)


@invariant("provider_invoice_items_list")
def the_latest_invoices_come_first(context: Context) -> None:
    """Provider items come by the month of their invoice, the latest first."""
    data = billing_data(context)
    rows = need(context.in_order("provider_invoice_items_list"), "provider item")
    exchange = context.first_page("provider_invoice_items_list")
    lines = [data.line_by_key[key] for row in rows if (key := key_of(row)) in data.line_by_key]
    if context.forgives and not _latest_first(lines):
        # They come by the day on which the invoice was made, which for most is in its month.
        late = {key_of(line.invoice): _is_made_late(context, line) for line in _before_later_ones(lines)}
        lines = [line for line in lines if not late.get(key_of(line.invoice))]
    exchange.must.hold(_latest_first(lines), "the latest invoices must come first", len(lines))


def _latest_first(lines: Sequence[Line]) -> bool:
    return all(one.month >= other.month for one, other in pairwise(lines))


def _before_later_ones(lines: Sequence[Line]) -> list[Line]:
    """The first line of each invoice that comes before a line of a later month."""
    early = [one for one, other in pairwise(lines) if one.month < other.month]
    return list({key_of(line.invoice): line for line in early}.values())


def _is_made_late(context: Context, line: Line) -> bool:
    """Whether the invoice of a line was made after its month, as those are that were brought in from elsewhere."""
    month, after = line.month, line.month.back(-1)
    last = date(after.year, after.month, 1) - timedelta(days=1)
    query = {"start_date": last.isoformat(), "year": month.year, "month": month.month}
    return key_of(line.invoice) in {key_of(row) for row in context.rows("invoices_list", query=query)}


@invariant("provider_invoice_items_list")
def staff_sees_every_line(context: Context) -> None:
    """Staff sees every line of every invoice among the provider items."""
    if context.target.main.role != "staff":
        raise NotExercised("only staff sees all that is sold")
    sold = {key_of(row) for row in need(context.rows("provider_invoice_items_list"), "provider item")}
    exchange = context.first_page("provider_invoice_items_list")
    lines = set(billing_data(context).line_by_key)
    exchange.must.hold(lines <= sold, "staff must see every line of every invoice", len(lines - sold))


@invariant("provider_invoice_items_retrieve")
def an_item_by_its_number_is_the_item_of_the_list(context: Context) -> None:
    """An item that is asked for by its number is the item of the list."""
    numbers = provider_numbers(context)
    if not numbers:
        raise NotExercised("no number of a provider item is known; answers do not show them")
    rows = {key_of(row): row for row in context.rows("provider_invoice_items_list")}
    for number in numbers:
        exchange = context.ask("provider_invoice_items_retrieve", of=number)
        exchange.must.have_status(200)
        item = exchange.must.show_row()
        belongs(item, exchange)
        exchange.must.agree("the item and the row of the list", item, rows.get(key_of(item)))
