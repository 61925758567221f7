"""Writing to the operations of the page `invoice-items`. Everything is put back by the ledger."""

from decimal import Decimal
from typing import Final

from waldur_billing_mock.contracts.changes import (
    SIGN,
    WRITABLE,
    compensate,
    items_to_compensate,
    may_write,
    move,
    note_item,
    refuse,
    writable,
    write_item,
)
from waldur_billing_mock.contracts.context import Context, field_of, key_of
from waldur_billing_mock.contracts.declare import invariant
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.readings.arithmetic import number, price_of_item, sums_of_invoice
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN, BillingData, billing_data, exact
from waldur_billing_mock.contracts.values import Row, decimal, identifier

_RANGE: Final = Decimal(100_000)
_MORE: Final = Decimal("2.125")
_TRIED: Final = 50
"""Of so many items at most it is looked whether their customer has another invoice."""
_DECIMALS: Final = ("unit_price", "quantity")
_UPDATES: Final = ("invoice_items_update", "invoice_items_partial_update")
_WRONG_VALUES: Final[tuple[dict[str, object], ...]] = (
    {"unit_price": "-1"},
    {"unit_price": "abc"},
    {"unit_price": None},
    {"article_code": "x" * 31},
    {"article_code": ["x"]},
    {"unit_price": "1.12345678901"},
)


@invariant(*_UPDATES)
def fields_that_are_sent_are_written(context: Context, operation_id: str) -> None:
    """Fields that may be written are written, the others stay, and the invoice follows."""
    for line, item in _to_write(context):
        uuid = str(item["uuid"])
        quantity = _quantity(line, item)
        price, code = decimal(item["unit_price"]) + _MORE, _other_code(item)
        after = _write(context, item, {**quantity, "unit_price": str(price), "article_code": f" {code} "}, operation_id)
        after = _write(context, after, {**quantity, "unit_price": int(price) + 1}, operation_id)
        if line.get("billing_type") != "fixed":
            more = decimal(after["quantity"]) + _MORE
            after = _write(context, after, {"quantity": str(more), "name": "ignored"}, operation_id)
        _invoice_follows(context, context.ask("invoice_items_retrieve", of=uuid), after)


@invariant(*_UPDATES)
def wrong_values_are_refused(context: Context, operation_id: str) -> None:
    """A value that a field cannot have is refused with 400, and nothing is written."""
    for line, item in _to_write(context):
        note_item(context, item, {"unit_price": "", "article_code": ""})
        for wrong in _WRONG_VALUES:
            refuse(context, operation_id, (400,), str(item["uuid"]), body={**_quantity(line, item), **wrong})


@invariant(*_UPDATES)
def an_item_by_usage_needs_no_quantity(context: Context, operation_id: str) -> None:
    """An item that is billed by usage takes another article code without a quantity."""
    if context.description.dialect == "wire" and not context.forgives:
        raise NotExercised("servers of this dialect fail here")
    rows = [line.item for line in billing_data(context).lines if line.item.get("billing_type") == "usage"]
    line = context.one_of(writable(context, "items", rows))
    item = context.row("invoice_items_retrieve", of=str(line["uuid"]))
    note_item(context, item, {"article_code": ""})
    with context.known("usage-needs-quantity"):
        body = {"article_code": _other_code(item)}
        context.ask(operation_id, of=str(item["uuid"]), json=body).must.have_status(200)


@invariant("invoice_items_create_compensation")
def a_compensation_is_a_copy_with_the_negative_price(context: Context) -> None:
    """A compensation is a copy with the negative unit price on this month's invoice; the item stays as it is."""
    data = billing_data(context)
    item = context.one_of(items_to_compensate(context, data), by=lambda row: row.get("unit"))
    uuid = str(item["uuid"])
    for wrong in ({}, {"offering_component_name": ""}, {"offering_component_name": None}):
        refuse(context, "invoice_items_create_compensation", (400,), uuid, body=wrong)
    before = data.invoice_of(item)
    key = compensate(context, item)
    exchange = context.ask("invoice_items_retrieve", of=key)
    exchange.must.have_status(200)
    made = exchange.must.show_row()
    exchange.must.agree(
        "the unit price and the negative one", decimal(made["unit_price"]), -decimal(item["unit_price"])
    )
    for name in ("name", "quantity", "unit", "measured_unit", "article_code", "start", "end", "resource"):
        exchange.must.agree(f"the {name} of a compensation and of the item", made.get(name), item.get(name))
    details = field_of(made, "details")
    exchange.must.agree("the name in the details", details.get("offering_component_name"), SIGN)
    exchange.must.agree("the item again", context.row("invoice_items_retrieve", of=uuid), item)
    bill = context.row("invoices_retrieve", of=identifier(made["invoice"]))
    month = context.month
    exchange.must.agree("the month and the current one", (bill["year"], bill["month"]), (month.year, month.month))
    exchange.must.agree("the customer", bill["customer"], before["customer"])
    sums_of_invoice(context, exchange, bill)
    exchange.must.hold(
        any(key_of(line) == key for line in bill["items"]), "the invoice must show the compensation", len(bill["items"])
    )
    refuse(context, "invoice_items_create_compensation", (400,), key, body={"offering_component_name": SIGN})


@invariant("invoice_items_destroy")
def a_deleted_item_is_gone(context: Context) -> None:
    """A deleted item is gone from every list and answers 404, and its invoice costs that much less."""
    data = billing_data(context)
    item = context.one_of(items_to_compensate(context, data))
    key = compensate(context, item)
    home = identifier(context.row("invoice_items_retrieve", of=key)["invoice"])
    exchange = context.ask("invoice_items_destroy", of=key)
    exchange.must.have_status(204)
    exchange.must.have_no_body()
    context.ask("invoice_items_retrieve", of=key).must.have_status(404)
    left = [row for row in context.rows("invoice_items_list") if key_of(row) == key]
    exchange.must.hold(not left, "a deleted item must not be listed", len(left))
    bill = context.row("invoices_retrieve", of=home)
    exchange.must.agree("the invoice and what it was before", bill, data.invoice_by_key[home])
    context.ask("invoice_items_destroy", of=key).must.have_status(404)
    refuse(context, "invoice_items_destroy", (404,), UNKNOWN)


@invariant("invoice_items_migrate_to")
def an_item_moves_with_all_that_it_costs(context: Context) -> None:
    """An item moves to another invoice of its customer with all that it costs, and nothing else about it changes."""
    data = billing_data(context)
    item, target = _item_and_target(context, data)
    uuid, home = str(item["uuid"]), data.invoice_of(item)
    foreign = next((row for row in data.invoices if row["customer"] != home["customer"]), None)
    refuse(context, "invoice_items_migrate_to", (400,), uuid, body={"invoice": home["url"]})
    for wrong in ({}, {"invoice": None}, {"invoice": "nowhere"}, {"invoice": item["invoice"].replace("es/", "e/")}):
        if not isinstance(wrong.get("invoice"), str) or context.target.in_process:
            refuse(context, "invoice_items_migrate_to", (400,), uuid, body=wrong)
    if foreign is not None and may_write(context, "invoices", key_of(foreign)):
        refuse(context, "invoice_items_migrate_to", (400,), uuid, body={"invoice": foreign["url"]})
    exchange = move(context, item, target)
    after = context.row("invoice_items_retrieve", of=uuid)
    exchange.must.agree("the invoice of the item and the target", after["invoice"], target["url"])
    rest = {name: value for name, value in after.items() if name != "invoice"}
    exchange.must.agree("all else of the item", rest, {name: item.get(name) for name in rest})
    for row, sign in ((home, -1), (target, 1)):
        bill = context.row("invoices_retrieve", of=row["uuid"])
        sums_of_invoice(context, exchange, bill)
        changed = number(bill, "price") - number(row, "price")
        price = number(data.line_by_key[key_of(item)].item, "price")
        exchange.must.agree("what an invoice gains or loses and the price of the item", changed, sign * price)


def _write(context: Context, item: Row, values: dict[str, object], operation_id: str) -> Row:
    """Writes to an item, which then has what was sent, and all else as it was; returns it."""
    exchange = write_item(context, item, values, operation_id)
    answer = exchange.must.show_row()
    after = context.row("invoice_items_retrieve", of=str(item["uuid"]))
    written = [name for name in values if name in WRITABLE]
    for name in written:
        got, sent = after.get(name), values[name]
        if name in _DECIMALS:
            exchange.must.agree(f"the {name} that was sent", decimal(got), decimal(sent))
        else:
            exchange.must.agree(f"the {name} that was sent, trimmed", got, str(sent).strip())
    for name in item:
        if name not in {*written, "price"}:
            exchange.must.agree(f"the {name}, which was not to be written", after.get(name), item[name])
    exchange.must.agree("the answer and the item", answer, {name: after.get(name) for name in answer})
    price_of_item(context, exchange, after, "InvoiceItemDetail")
    return after


def _to_write(context: Context) -> list[tuple[Row, Row]]:
    """Some lines whose items may be written to, each with its item."""
    small = [line.item for line in billing_data(context).lines if abs(decimal(line.item["unit_price"])) < _RANGE]
    positive = [item for item in small if decimal(item["unit_price"]) > 0]
    chosen = context.sample(
        writable(context, "items", positive), by=lambda item: item.get("billing_type"), size=context.profile.sample
    )
    return [(line, context.row("invoice_items_retrieve", of=str(line["uuid"]))) for line in chosen]


def _quantity(line: Row, item: Row) -> dict[str, object]:
    """The quantity that an item by usage is always sent with, as servers are known to need it."""
    return {"quantity": str(item["quantity"])} if line.get("billing_type") == "usage" else {}


def _other_code(item: Row) -> str:
    return "other-code" if item.get("article_code") == "new-code" else "new-code"


def _item_and_target(context: Context, data: BillingData) -> tuple[Row, Row]:
    """An item with a price, and another invoice of its customer; both may be written to."""
    bills = writable(context, "invoices", data.invoices)
    by_customer: dict[str, list[Row]] = {}
    for bill in bills:
        by_customer.setdefault(key_of(bill, "customer"), []).append(bill)
    rows = [row for row in data.items if exact(row) and key_of(row) in data.line_by_key]
    for item in context.sample(writable(context, "items", rows), size=_TRIED):
        home = data.invoice_of(item)
        others = [row for row in by_customer.get(key_of(home, "customer"), []) if row is not home]
        if others:
            return item, context.one_of(others)
    raise NotExercised("no customer has two invoices that may be written to")


def _invoice_follows(context: Context, exchange: Exchange, item: Row) -> None:
    """The invoice shows the item as it is now, and its sums with it."""
    bill = context.row("invoices_retrieve", of=identifier(item["invoice"]))
    sums_of_invoice(context, exchange, bill)
    shown = [line for line in bill["items"] if key_of(line) == key_of(item)]
    for line in shown:
        for name in ("unit_price", "quantity"):
            exchange.must.agree(f"the {name} of the item and of its line", line[name], item[name])
