"""Single changes, each noted in the ledger before it is made, each with all that it must and must not do."""

from collections.abc import Iterable
from decimal import Decimal

from waldur_billing_mock.contracts.discovery import Books, Month, current_month, exact
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.transport import ANY
from waldur_billing_mock.contracts.trial import Trial, key_of
from waldur_billing_mock.contracts.values import Malformed, Row, decimal, identifier, plain

SIGN = "contract check"
"""What texts are set to that a story writes."""
WRITABLE = ("unit_price", "quantity", "article_code")
"""The fields of an item that are written, and written back."""


def may_write(trial: Trial, kind: str, key: str) -> bool:
    """Whether an object of a kind (`invoices`, `items`) may be written to."""
    writing = trial.target.guard.writing
    named = writing.invoices if kind == "invoices" else writing.items
    try:
        return writing.everything or (writing.allowed and (ANY in named or identifier(key) in named))
    except Malformed:
        return False


def writable(trial: Trial, kind: str, rows: Iterable[Row]) -> list[Row]:
    """The rows that may be written to. Raises `NotExercised` where there are none."""
    writing = trial.target.guard.writing
    if not (writing.everything or writing.allowed):
        raise NotExercised("writing is not allowed")
    found = [row for row in rows if may_write(trial, kind, key_of(row))]
    if not found:
        raise NotExercised(f"none of the {kind} that may be written to fits")
    return found


def a_created_invoice(trial: Trial) -> Row:
    """An invoice that can be paid and announced."""
    rows = [row for row in trial.rows("invoices_list") if row.get("state") == "created"]
    return trial.sample(writable(trial, "invoices", rows), size=1)[0]


def refuse(
    trial: Trial, operation_id: str, statuses: tuple[int, ...], of: str, json: object = None, role: str | None = None
) -> None:
    """The operation refuses with one of the statuses, in the described form, and nothing has changed."""
    kind = "invoices" if operation_id.startswith("invoices") else "items"
    if not may_write(trial, kind, of):
        return
    reading = "invoices_retrieve" if kind == "invoices" else "invoice_items_retrieve"
    before = trial.ask(reading, of=of)
    exchange = trial.ask(operation_id, role, of=of, json=json)
    exchange.must.have_status(*statuses)
    trial.must_fit(operation_id, exchange)
    after = trial.ask(reading, of=of, fresh=True)
    exchange.must.agree("what was refused and what was there before", _shown(after), _shown(before))


def pay(trial: Trial, invoice: Row) -> None:
    """The invoice is paid without a record of the payment; nothing but its state changes."""
    uuid = str(invoice["uuid"])
    trial.ledger.note("an invoice is marked as paid", None, "no operation makes a paid invoice unpaid")
    exchange = trial.ask("invoices_paid", of=uuid)
    exchange.must.have_status(200)
    trial.must_fit("invoices_paid", exchange)
    after = trial.row("invoices_retrieve", of=uuid)
    exchange.must.agree("the state of a paid invoice", after.get("state"), "paid")
    exchange.must.agree("a paid invoice and what it was before", _but(after, "state"), _but(invoice, "state"))
    if exchange.answer.body:
        exchange.must.agree("the answer and the paid invoice", exchange.must.show_row(), after)
    listed = [row for row in trial.rows("invoices_list", query={"state": "paid"}) if key_of(row) == key_of(invoice)]
    exchange.must.hold(len(listed) == 1, "a paid invoice must be listed as paid", len(listed))


def change_field(trial: Trial, operation_id: str, name: str, longest: int, *, address: bool = False) -> None:
    """A text field of an invoice takes what it should, refuses what it should, and is put back."""
    head = "https://pay.example.com/" if address else ""
    row = trial.sample(writable(trial, "invoices", trial.rows("invoices_list")), size=1)[0]
    uuid = str(row["uuid"])

    def write(value: object) -> Exchange:
        exchange = trial.ask(operation_id, of=uuid, json={name: value})
        exchange.must.have_status(200)
        trial.must_fit(operation_id, exchange)
        return exchange

    def undo() -> None:
        exchange = write(row.get(name) or "")
        after = trial.row("invoices_retrieve", of=uuid)
        exchange.must.agree(f"the invoice with its old {name} and what it was before", after, row)

    trial.ledger.note(f"the {name} of an invoice is written", undo)
    for sent, kept in (
        (f"  {head}{trial.seed} ", f"{head}{trial.seed}"),
        ((head + "x" * longest)[:longest], (head + "x" * longest)[:longest]),
        ("", ""),
    ):
        exchange = write(sent)
        after = trial.row("invoices_retrieve", of=uuid)
        exchange.must.agree(f"the {name} that was sent and the one that is shown", after.get(name) or "", kept)
        exchange.must.agree("all other fields of the invoice", _but(after, name), _but(row, name))
    write(f"{head}{SIGN.replace(' ', '-')}")
    for wrong in [head + "x" * (longest + 1), None, ["x"], *(["no address"] if address else [])]:
        refuse(trial, operation_id, (400,), uuid, json={name: wrong})
    exchange = trial.ask(operation_id, of=uuid, json={})
    exchange.must.have_status(200)
    shown = trial.row("invoices_retrieve", of=uuid).get(name)
    exchange.must.agree(f"the {name} after nothing was sent", shown, f"{head}{SIGN.replace(' ', '-')}")


def items_to_compensate(trial: Trial, books: Books) -> list[Row]:
    """Items with a price whose customer has an invoice this month that may be written to as well."""
    month = current_month(trial)
    ready = {customer for customer in books.customers if invoice_of_month(trial, books, customer, month)}
    rows = [
        item
        for item in books.items
        if decimal(item["unit_price"]) > 0 and exact(item) and key_of(books.invoice_of(item), "customer") in ready
    ]
    return writable(trial, "items", rows)


def invoice_of_month(trial: Trial, books: Books, customer: str, month: Month) -> Row | None:
    """The customer's invoice of a month, where there is one that may be written to."""
    for row in books.invoices:
        if (row["year"], row["month"]) == (month.year, month.month) and key_of(row, "customer") == customer:
            return row if may_write(trial, "invoices", key_of(row)) else None
    return None


def compensate(trial: Trial, item: Row) -> str:
    """The item is compensated; returns the identifier of the compensation, which the ledger takes back."""
    writing = trial.target.guard.writing
    known = {key_of(row) for row in trial.rows("invoice_items_list")}

    def made() -> list[str]:
        rows = trial.rows("invoice_items_list")
        found = [key_of(row) for row in rows if key_of(row) not in known and _original(row) == key_of(item)]
        writing.items.update(found)
        return found

    def undo() -> None:
        for key in made():
            trial.ask("invoice_items_destroy", of=key).must.have_status(204)
            trial.ask("invoice_items_retrieve", of=key).must.have_status(404)

    trial.ledger.note("an item is compensated", undo)
    exchange = trial.ask(
        "invoice_items_create_compensation", of=str(item["uuid"]), json={"offering_component_name": SIGN}
    )
    success = trial.description.operations["invoice_items_create_compensation"].success.status
    exchange.must.have_status(success)
    trial.must_fit("invoice_items_create_compensation", exchange)
    found = made()
    exchange.must.hold(len(found) == 1, "one compensation must have been made", len(found))
    answer = exchange.must.show_row()
    if "invoice_item_uuid" in answer:
        exchange.must.agree(
            "the identifier in the answer and the new item", key_of(answer, "invoice_item_uuid"), found[0]
        )
    return found[0]


def move(trial: Trial, item: Row, invoice: Row) -> Exchange:
    """The item moves to another invoice; the ledger moves it back."""
    uuid, home = str(item["uuid"]), str(item["invoice"])

    def undo() -> None:
        if trial.row("invoice_items_retrieve", of=uuid).get("invoice") != home:
            exchange = trial.ask("invoice_items_migrate_to", of=uuid, json={"invoice": home})
            exchange.must.have_status(200)
            after = trial.row("invoice_items_retrieve", of=uuid)
            exchange.must.agree("an item that was moved back and what it was before", after, item)

    trial.ledger.note("an item moves to another invoice", undo)
    exchange = trial.ask("invoice_items_migrate_to", of=uuid, json={"invoice": invoice["url"]})
    exchange.must.have_status(200)
    trial.must_fit("invoice_items_migrate_to", exchange)
    return exchange


def write_item(
    trial: Trial, item: Row, values: dict[str, object], operation_id: str = "invoice_items_partial_update"
) -> Exchange:
    """The item takes new values; the ledger writes the old ones back, and looks whether it is what it was."""
    uuid = str(item["uuid"])

    def undo() -> None:
        now = trial.row("invoice_items_retrieve", of=uuid)
        changed = [name for name in WRITABLE if name in values or now.get(name) != item.get(name)]
        old = {name: item[name] for name in changed if name in item}
        exchange = trial.ask("invoice_items_partial_update", of=uuid, json=plain_json(old))
        exchange.must.have_status(200)
        after = trial.row("invoice_items_retrieve", of=uuid)
        exchange.must.agree("an item with its old values and what it was before", after, item)

    trial.ledger.note("an item is changed", undo)
    exchange = trial.ask(operation_id, of=uuid, json=values)
    exchange.must.have_status(200)
    trial.must_fit(operation_id, exchange)
    return exchange


def plain_json(values: dict[str, object]) -> dict[str, object]:
    """The values with every decimal as text, as requests take them."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _original(row: Row) -> str | None:
    details = row.get("details")
    try:
        return identifier(details.get("original_invoice_item_uuid")) if isinstance(details, dict) else None
    except Malformed:
        return None


def _but(row: Row, *names: str) -> Row:
    return {key: value for key, value in row.items() if key not in names}


def _shown(exchange: Exchange) -> object:
    return (exchange.status, plain(exchange.json) if exchange.status == 200 else None)
