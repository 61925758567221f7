"""Reading the operations of the page `invoice-items`, but for costs and sums (`costs.py`)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.context import Context, field_of, key_of, need
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Exchange
from waldur_billing_mock.contracts.readings.arithmetic import agreement, number, price_of_item
from waldur_billing_mock.contracts.readings.discovery import Line, billing_data, exact
from waldur_billing_mock.contracts.values import Row, instant

_SAME: Final = ("name", "unit_price", "quantity", "unit", "start", "end", "resource", "article_code")
_ALSO_SAME: Final = ("project_name", "project_uuid", "price")


def _by_themselves(context: Context) -> Iterator[tuple[Exchange, Row, Line]]:
    """Some items by themselves, each with its line on the invoice."""
    lines = need(billing_data(context).lines, "line of an invoice")
    for line in context.sample(lines, by=lambda line: (line.item.get("billing_type"), line.item.get("credit"))):
        exchange = context.ask("invoice_items_retrieve", of=str(line.item["uuid"]))
        exchange.must.have_status(200)
        yield exchange, exchange.must.show_row(), line


@invariant("invoice_items_list")
def the_earliest_start_comes_first(context: Context) -> None:
    """Items come by their start, the earliest first."""
    rows = need(context.in_order("invoice_items_list"), "invoice item")
    starts = [instant(field_of(row, "start")) for row in rows]
    exchange = context.first_page("invoice_items_list")
    exchange.must.hold(starts == sorted(starts), "the earliest start must come first", len(starts))


@invariant("invoice_items_list")
def the_price_of_an_item_is_unit_price_times_quantity(context: Context) -> None:
    """The price of each item is its unit price times its quantity, rounded away from zero to cents."""
    rows = need(context.rows("invoice_items_list"), "invoice item")
    exchange = context.first_page("invoice_items_list")
    for row in rows:
        price_of_item(context, exchange, row, "InvoiceItemDetail")


@invariant("invoice_items_list")
def every_line_is_among_the_items(context: Context) -> None:
    """Every line of an invoice is among the items."""
    data = billing_data(context)
    listed = {key_of(row) for row in need(data.items, "invoice item")}
    exchange = context.first_page("invoice_items_list")
    exchange.must.hold(set(data.line_by_key) <= listed, "every line of an invoice must be among the items", len(listed))


@invariant("invoice_items_list")
def every_item_with_a_price_is_a_line(context: Context) -> None:
    """An item with a price is a line of the invoice that it links to, and that invoice is listed."""
    data = billing_data(context)
    exchange = context.first_page("invoice_items_list")
    for row in need(data.items, "invoice item"):
        if key_of(row) not in data.line_by_key:
            listed = key_of(row, "invoice") in data.invoice_by_key
            exchange.must.hold(listed, "the invoice of an item must be listed", row["invoice"])
            exchange.must.hold(exact(row) == 0, "an item with a price must be a line of its invoice", exact(row))


@invariant("invoice_items_list")
def an_item_links_to_the_invoice_that_shows_it(context: Context) -> None:
    """The invoice that each item links to is the one that shows it as a line."""
    data = billing_data(context)
    exchange = context.first_page("invoice_items_list")
    for row in need(data.items, "invoice item"):
        line = data.line_by_key.get(key_of(row))
        if line is not None:
            shown, linked = key_of(line.invoice), key_of(row, "invoice")
            exchange.must.agree("the invoice of an item and the one that shows it", linked, shown)


@invariant("invoice_items_retrieve")
def an_item_tells_what_its_line_tells(context: Context) -> None:
    """An item by itself shows of name, price, dates, resource and project what the invoice shows of the line."""
    for exchange, item, line in _by_themselves(context):
        for name in (*_SAME, *(name for name in _ALSO_SAME if name in item)):
            at = context.description.place_of_field("InvoiceItemDetail", name)
            exchange.must.agree(f"the {name} of an item and of its line", item.get(name), line.item.get(name), at)


@invariant("invoice_items_retrieve")
def an_item_by_itself_links_to_its_invoice(context: Context) -> None:
    """An item by itself links to the invoice that shows it."""
    for exchange, item, line in _by_themselves(context):
        exchange.must.agree(
            "the invoice of an item and the one that shows it", item.get("invoice"), line.invoice["url"]
        )


@invariant("invoice_items_retrieve")
def an_item_by_itself_has_the_price_of_its_line(context: Context) -> None:
    """The price of an item by itself is its unit price times its quantity."""
    for exchange, item, _ in _by_themselves(context):
        price_of_item(context, exchange, item, "InvoiceItemDetail")


@invariant("invoice_items_retrieve")
def an_item_names_the_customer_of_its_invoice(context: Context) -> None:
    """The customer that an item shows is the one that its invoice bills."""
    for exchange, item, line in _by_themselves(context):
        customer = key_of(line.invoice, "customer")
        exchange.must.agree("the customer of an item and of its invoice", field_of(item, "customer_uuid"), customer)
        name = field_of(line.invoice["customer_details"], "name")
        exchange.must.agree("the name of the customer and that on the invoice", item.get("customer_name"), name)


@invariant("invoice_items_retrieve")
def an_item_is_shown_whatever_filters_say(context: Context) -> None:
    """The filters of the list have no effect on a single item."""
    for _, item, line in list(_by_themselves(context))[:1]:
        with context.known("item-retrieve-filtered"):
            query = {"year": int(line.invoice["year"]) - 1}
            exchange = context.ask("invoice_items_retrieve", of=str(item["uuid"]), query=query)
            exchange.must.have_status(200 if context.description.dialect == "documented" else 404)


@invariant("invoice_items_consumptions_list")
def nothing_is_consumed_without_a_credit(context: Context) -> None:
    """An item that no credit pays has no consumptions."""
    without = [line for line in billing_data(context).lines if line.item.get("credit") is False]
    for line in context.sample(need(without, "item that no credit pays"), size=2):
        exchange = _consumptions(context, line)
        exchange.must.agree("the months of an item without a credit and nothing", exchange.must.show_rows(), [])


@invariant("invoice_items_consumptions_list")
def consumptions_come_by_month(context: Context) -> None:
    """The months of a credit come earliest first, each once."""
    for exchange in _consumed(context).values():
        labels = [str(field_of(row, "month")) for row in exchange.must.show_rows()]
        exchange.must.hold(labels == sorted(set(labels)), "the earliest month must come first", labels)


@invariant("invoice_items_consumptions_list")
def consumptions_are_what_the_credit_paid(context: Context) -> None:
    """Each month of a credit shows what the credit paid in it."""
    data = billing_data(context)
    for key, exchange in _consumed(context).items():
        sums: dict[str, Decimal] = defaultdict(Decimal)
        line = data.line_by_key[key]
        for other in data.of_customer(key_of(line.invoice, "customer")):
            if other.item.get("credit") is True and number(other.item, "price") < 0:
                sums[f"{other.month.year}-{other.month.month:02}"] += number(other.item, "price")
        got = {str(row["month"]): number(row, "price") for row in exchange.must.show_rows()}
        agreement(context, exchange, "CustomerCreditConsumptionByMonth", "price")(
            "each month and the items that the credit paid", got, dict(sums)
        )


@invariant("invoice_items_consumptions_retrieve")
def consumptions_show_the_item_itself(context: Context) -> None:
    """Where consumptions show one object, it is the item itself."""
    items = need(context.rows("invoice_items_list"), "invoice item")
    for item in context.sample(items, size=3):
        exchange = context.ask("invoice_items_consumptions_retrieve", of=str(item["uuid"]))
        exchange.must.have_status(200)
        exchange.must.agree("the answer and the item by itself", exchange.must.show_row(), item)


def _consumed(context: Context) -> dict[str, Exchange]:
    """The consumptions of some items that a credit pays."""
    lines = [line for line in billing_data(context).lines if line.item.get("credit") is True]
    chosen = context.sample(need(lines, "item that a credit pays"))
    return {key_of(line.item): _consumptions(context, line) for line in chosen}


def _consumptions(context: Context, line: Line) -> Exchange:
    return context.first_page("invoice_items_consumptions_list", of=str(line.item["uuid"]))
