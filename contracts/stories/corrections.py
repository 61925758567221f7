"""Stories about items: what corrects a line changes every figure that the line is part of, and back."""

from decimal import Decimal

from waldur_billing_mock.contracts.changes import (
    compensate,
    items_to_compensate,
    may_write,
    move,
    writable,
    write_item,
)
from waldur_billing_mock.contracts.context import Context, break_with, key_of, need
from waldur_billing_mock.contracts.declare import story
from waldur_billing_mock.contracts.readings.discovery import BillingData, billing_data, exact
from waldur_billing_mock.contracts.readings.figures import figures, growth_now, is_recent, must_differ_by
from waldur_billing_mock.contracts.values import Row, away_from_zero, decimal, identifier

_STEP = Decimal(4)


@story
def a_quantity_changes_every_figure(context: Context) -> None:
    """More of an item changes the figures of its invoice, project and customer at once; less brings them back."""
    data = billing_data(context)
    item, home = _recent_item(context, data)
    place = context.description.place(context.description.operations["invoice_items_partial_update"])
    before, growth = figures(context, item, home), growth_now(context)
    more = decimal(item["quantity"]) + _STEP
    exchange = write_item(context, item, {"quantity": str(more)})
    now = context.row("invoice_items_retrieve", of=str(item["uuid"]))
    exchange.must.agree("the quantity that was sent", decimal(now["quantity"]), more)
    follows = {"quantity": None, "price": None}
    exchange.must.agree("all else of the item", {**now, **follows}, {**item, **follows})
    price = away_from_zero(exact(now)) - away_from_zero(exact(item))
    after = figures(context, item, home)
    must_differ_by(before, after, price, exact(now) - exact(item), "more of an item", place)
    if growth_now(context) - growth != price:
        break_with("more of an item must change the growth", place, price, growth_now(context) - growth)
    write_item(context, now, {"quantity": str(item["quantity"])})
    must_differ_by(before, figures(context, item, home), Decimal(0), Decimal(0), "writing the old quantity back", place)


@story
def a_compensation_lowers_every_figure(context: Context) -> None:
    """A compensation takes the price of the item off this month's figures; deleting it brings them back."""
    data = billing_data(context)
    rows = items_to_compensate(context, data)
    item = context.one_of(rows, by=lambda row: row.get("resource") is not None)
    place = context.description.place(context.description.operations["invoice_items_create_compensation"])
    customer = key_of(data.invoice_of(item), "customer")
    home = next(row for row in data.invoices if is_recent(context, row) and key_of(row, "customer") == customer)
    before, growth = figures(context, item, home), growth_now(context)
    key = compensate(context, item)
    made = context.row("invoice_items_retrieve", of=key)
    price = away_from_zero(exact(made))
    must_differ_by(before, figures(context, item, home), price, exact(made), "a compensation", place)
    if growth_now(context) - growth != price:
        break_with("a compensation must change the growth", place, price, growth_now(context) - growth)
    context.ask("invoice_items_destroy", of=key).must.have_status(204)
    after = figures(context, item, home)
    must_differ_by(before, after, Decimal(0), Decimal(0), "deleting the compensation", place)


@story
def a_move_takes_the_costs_along(context: Context) -> None:
    """An item takes its costs to another month, and brings them back; the sums over all months do not change."""
    data = billing_data(context)
    item, home, target = _movable(context, data)
    place = context.description.place(context.description.operations["invoice_items_migrate_to"])
    there, whole = (figures(context, item, row) for row in (target, home))
    move(context, item, target)
    price, precise = away_from_zero(exact(item)), exact(item)
    of_month = (
        "price of the invoice",
        "lines of the invoice",
        "items of the invoice",
        "items of the month",
        "total price of the month",
    )
    now_there, now_here = (figures(context, item, row) for row in (target, home))
    for before, after, sign in ((there, now_there, 1), (whole, now_here, -1)):
        some = {name: before[name] for name in of_month if name in before}
        must_differ_by(some, after, price * sign, precise * sign, "a move", place)
    same = {name: whole[name] for name in ("total price", "costs") if name in whole}
    must_differ_by(same, now_here, Decimal(0), Decimal(0), "a move, which must not", place)
    move(context, {**item, "invoice": target["url"]}, home)
    must_differ_by(whole, figures(context, item, home), Decimal(0), Decimal(0), "moving back", place)


@story
def a_deletion_leaves_nothing_behind(context: Context) -> None:
    """A deleted item is in no list and no sum, whichever way one asks."""
    data = billing_data(context)
    item = context.one_of(items_to_compensate(context, data))
    key = compensate(context, item)
    made = context.row("invoice_items_retrieve", of=key)
    exchange = context.ask("invoice_items_destroy", of=key)
    exchange.must.have_status(204)
    for listing in ("invoice_items_list", "provider_invoice_items_list"):
        left = [row for row in context.rows(listing) if key_of(row) == key]
        exchange.must.hold(not left, f"a deleted item must not be in {listing}", len(left))
    lines = context.rows("invoices_items_retrieve", of=identifier(made["invoice"]))
    exchange.must.hold(all(key_of(line) != key for line in lines), "nor among the items of its invoice", len(lines))
    for operation_id in ("invoice_items_retrieve", "invoice_items_destroy"):
        context.ask(operation_id, of=key).must.have_status(404)


def _recent_item(context: Context, data: BillingData) -> tuple[Row, Row]:
    """An item of this month whose quantity can be written, with a unit price in whole cents, and its invoice."""
    found = []
    for line in data.lines:
        cents = decimal(line.item["unit_price"]) * 100
        free = line.item.get("billing_type") != "fixed" and not line.item.get("credit")
        if is_recent(context, line.invoice) and free and cents > 0 and cents == cents.to_integral_value():
            found.append(line)
    allowed = writable(context, "items", [line.item for line in need(found, "item of this month in whole cents")])
    chosen = context.one_of(allowed)
    line = data.line_by_key[key_of(chosen)]
    return context.row("invoice_items_retrieve", of=str(chosen["uuid"])), line.invoice


def _movable(context: Context, data: BillingData) -> tuple[Row, Row, Row]:
    """An item, its invoice, and another invoice of the same customer; all may be written to."""
    lines = [line for line in data.lines if may_write(context, "invoices", key_of(line.invoice))]
    allowed = writable(context, "items", [line.item for line in lines if not line.item.get("credit")])
    for chosen in context.sample(allowed, size=50):
        line = data.line_by_key[key_of(chosen)]
        customer = key_of(line.invoice, "customer")
        targets = [
            row
            for row in data.invoices
            if row is not line.invoice
            and key_of(row, "customer") == customer
            and may_write(context, "invoices", key_of(row))
        ]
        if targets and exact(chosen):
            item = context.row("invoice_items_retrieve", of=str(chosen["uuid"]))
            return item, line.invoice, context.one_of(targets)
    need([], "customer with two invoices that may be written to")
    raise AssertionError("need raises")
