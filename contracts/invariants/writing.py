"""What writing to an item must do to it and to its invoice. Everything is put back by the ledger."""

from decimal import Decimal

from waldur_billing_mock.contracts.discovery import UNKNOWN, Books, books_of, current_month, exact
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.invariants.arithmetic import number, prices_of_item, sums_of_invoice
from waldur_billing_mock.contracts.stories.changes import (
    SIGN,
    WRITABLE,
    compensate,
    items_to_compensate,
    may_write,
    move,
    refuse,
    writable,
    write_item,
)
from waldur_billing_mock.contracts.trial import Trial, field, key_of
from waldur_billing_mock.contracts.values import Row, decimal, identifier
from waldur_billing_mock.openapi.document import resolve

_RANGE = Decimal(100_000)
_MORE = Decimal("2.125")
_DECIMALS = ("unit_price", "quantity")
_WRONG_VALUES: tuple[dict[str, object], ...] = (
    {"unit_price": "-1"},
    {"unit_price": "abc"},
    {"unit_price": None},
    {"article_code": "x" * 31},
    {"article_code": ["x"]},
    {"unit_price": "1.12345678901"},
)


def update(trial: Trial, operation_id: str) -> None:
    """Fields that may be written are written; the others, and what was not sent, stay."""
    books = books_of(trial)
    small = [line.item for line in books.lines if abs(decimal(line.item["unit_price"])) < _RANGE]
    positive = [item for item in small if decimal(item["unit_price"]) > 0]
    chosen = trial.sample(
        writable(trial, "items", positive), by=lambda item: item.get("billing_type"), size=trial.profile.sample
    )
    for line in chosen:
        uuid = str(line["uuid"])
        item = trial.row("invoice_items_retrieve", of=uuid)
        quantity = {"quantity": str(item["quantity"])} if line.get("billing_type") == "usage" else {}
        price, code = decimal(item["unit_price"]) + _MORE, _other_code(item)
        after = _write(trial, item, {**quantity, "unit_price": str(price), "article_code": f" {code} "}, operation_id)
        if _takes_numbers(trial, operation_id):
            after = _write(trial, after, {**quantity, "unit_price": int(price) + 1}, operation_id)
        if line.get("billing_type") != "fixed":
            more = decimal(after["quantity"]) + _MORE
            after = _write(trial, after, {"quantity": str(more), "name": "ignored"}, operation_id)
        _invoice_follows(trial, trial.ask("invoice_items_retrieve", of=uuid), after)
        for wrong in _WRONG_VALUES:
            refuse(trial, operation_id, (400,), uuid, json={**quantity, **wrong})


def compensation(trial: Trial) -> None:
    """A copy with the negative unit price stands on this month's invoice."""
    books = books_of(trial)
    item = trial.sample(items_to_compensate(trial, books), by=lambda row: row.get("unit"), size=1)[0]
    uuid = str(item["uuid"])
    for wrong in ({}, {"offering_component_name": ""}, {"offering_component_name": None}):
        refuse(trial, "invoice_items_create_compensation", (400,), uuid, json=wrong)
    before = books.invoice_of(item)
    key = compensate(trial, item)
    exchange = trial.ask("invoice_items_retrieve", of=key)
    exchange.must.have_status(200)
    made = exchange.must.show_row()
    exchange.must.agree(
        "the unit price and the negative one", decimal(made["unit_price"]), -decimal(item["unit_price"])
    )
    for name in ("name", "quantity", "unit", "measured_unit", "article_code", "start", "end", "resource"):
        exchange.must.agree(f"the {name} of a compensation and of the item", made.get(name), item.get(name))
    details = field(made, "details")
    exchange.must.agree("the name in the details", details.get("offering_component_name"), SIGN)
    exchange.must.agree("the item again", trial.row("invoice_items_retrieve", of=uuid), item)
    bill = trial.row("invoices_retrieve", of=identifier(made["invoice"]))
    month = current_month(trial)
    exchange.must.agree("the month and the current one", (bill["year"], bill["month"]), (month.year, month.month))
    exchange.must.agree("the customer", bill["customer"], before["customer"])
    sums_of_invoice(trial, exchange, bill)
    exchange.must.hold(
        any(key_of(line) == key for line in bill["items"]), "the invoice must show the compensation", len(bill["items"])
    )
    refuse(trial, "invoice_items_create_compensation", (400,), key, json={"offering_component_name": SIGN})


def deletion(trial: Trial) -> None:
    """A compensation that was just made is deleted, and nothing of it is left."""
    books = books_of(trial)
    item = trial.sample(items_to_compensate(trial, books), size=1)[0]
    key = compensate(trial, item)
    home = identifier(trial.row("invoice_items_retrieve", of=key)["invoice"])
    exchange = trial.ask("invoice_items_destroy", of=key)
    exchange.must.have_status(204)
    exchange.must.have_no_body()
    trial.ask("invoice_items_retrieve", of=key).must.have_status(404)
    left = [row for row in trial.rows("invoice_items_list") if key_of(row) == key]
    exchange.must.hold(not left, "a deleted item must not be listed", len(left))
    bill = trial.row("invoices_retrieve", of=home)
    exchange.must.agree("the invoice and what it was before", bill, books.invoice_by_key[home])
    trial.ask("invoice_items_destroy", of=key).must.have_status(404)
    refuse(trial, "invoice_items_destroy", (404,), UNKNOWN)


def moving(trial: Trial) -> None:
    """An item goes to another invoice of its customer and takes its price with it."""
    books = books_of(trial)
    item, target = _item_and_target(trial, books)
    uuid, home = str(item["uuid"]), books.invoice_of(item)
    foreign = next((row for row in books.invoices if row["customer"] != home["customer"]), None)
    refuse(trial, "invoice_items_migrate_to", (400,), uuid, json={"invoice": home["url"]})
    for wrong in ({}, {"invoice": None}, {"invoice": "nowhere"}, {"invoice": item["invoice"].replace("es/", "e/")}):
        if not isinstance(wrong.get("invoice"), str) or trial.target.in_process:
            refuse(trial, "invoice_items_migrate_to", (400,), uuid, json=wrong)
    if foreign is not None and may_write(trial, "invoices", key_of(foreign)):
        refuse(trial, "invoice_items_migrate_to", (400,), uuid, json={"invoice": foreign["url"]})
    exchange = move(trial, item, target)
    after = trial.row("invoice_items_retrieve", of=uuid)
    exchange.must.agree("the invoice of the item and the target", after["invoice"], target["url"])
    rest = {name: value for name, value in after.items() if name != "invoice"}
    exchange.must.agree("all else of the item", rest, {name: item.get(name) for name in rest})
    for row, sign in ((home, -1), (target, 1)):
        bill = trial.row("invoices_retrieve", of=row["uuid"])
        sums_of_invoice(trial, exchange, bill)
        changed = number(bill, "price") - number(row, "price")
        price = number(books.line_by_key[key_of(item)].item, "price")
        exchange.must.agree("what an invoice gains or loses and the price of the item", changed, sign * price)


def _write(trial: Trial, item: Row, values: dict[str, object], operation_id: str) -> Row:
    """Writes to an item, which then has what was sent, and all else as it was; returns it."""
    exchange = write_item(trial, item, values, operation_id)
    answer = exchange.must.show_row()
    after = trial.row("invoice_items_retrieve", of=str(item["uuid"]))
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
    prices_of_item(trial, exchange, after, "InvoiceItemDetail")
    return after


def _other_code(item: Row) -> str:
    return "other-code" if item.get("article_code") == "new-code" else "new-code"


def _takes_numbers(trial: Trial, operation_id: str) -> bool:
    """Whether the description lets a unit price be sent as a JSON number."""
    operation = trial.description.operations[operation_id]
    schema = resolve(trial.description.document, operation.bodies["application/json"])
    price = resolve(trial.description.document, schema["properties"]["unit_price"])
    return "number" in price.get("type", ())


def _item_and_target(trial: Trial, books: Books) -> tuple[Row, Row]:
    """An item with a price, and another invoice of its customer; both may be written to."""
    bills = writable(trial, "invoices", books.invoices)
    by_customer: dict[str, list[Row]] = {}
    for bill in bills:
        by_customer.setdefault(key_of(bill, "customer"), []).append(bill)
    rows = [row for row in books.items if exact(row) and key_of(row) in books.line_by_key]
    for item in trial.sample(writable(trial, "items", rows), size=50):
        home = books.invoice_of(item)
        others = [row for row in by_customer.get(key_of(home, "customer"), []) if row is not home]
        if others:
            return item, trial.sample(others, size=1)[0]
    raise NotExercised("no customer has two invoices that may be written to")


def _invoice_follows(trial: Trial, exchange: Exchange, item: Row) -> None:
    """The invoice shows the item as it is now, and its sums with it."""
    bill = trial.row("invoices_retrieve", of=identifier(item["invoice"]))
    sums_of_invoice(trial, exchange, bill)
    shown = [line for line in bill["items"] if key_of(line) == key_of(item)]
    for line in shown:
        for name in ("unit_price", "quantity"):
            exchange.must.agree(f"the {name} of the item and of its line", line[name], item[name])
