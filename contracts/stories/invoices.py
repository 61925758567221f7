"""Stories about whole invoices."""

from waldur_billing_mock.contracts.discovery import books_of
from waldur_billing_mock.contracts.invariants.arithmetic import dates_of_invoice
from waldur_billing_mock.contracts.stories.changes import SIGN, a_created_invoice, pay, refuse, writable
from waldur_billing_mock.contracts.stories.figures import growth_now
from waldur_billing_mock.contracts.trial import Trial, key_of
from waldur_billing_mock.contracts.values import Row

_FIELDS = {
    "invoices_set_backend_id": ("backend_id", SIGN),
    "invoices_set_payment_url": ("payment_url", "https://pay.example.com/contract"),
    "invoices_set_reference_number": ("reference_number", f"{SIGN} 42"),
}


def a_payment_changes_the_state_alone(trial: Trial) -> None:
    """A paid invoice moves from one state to the other in every list, costs what it cost, and stays paid."""
    before = a_created_invoice(trial)
    growth = growth_now(trial)
    created = {key_of(row) for row in trial.rows("invoices_list", query={"state": "created"})}
    pay(trial, before)
    exchange = trial.ask("invoices_retrieve", of=str(before["uuid"]))
    dates_of_invoice(trial, exchange, exchange.must.show_row())
    left = {key_of(row) for row in trial.rows("invoices_list", query={"state": "created"})}
    exchange.must.agree(
        "the created invoices and all but the paid one", sorted(left), sorted(created - {key_of(before)})
    )
    exchange.must.agree("the growth before and after a payment", growth_now(trial), growth)
    refuse(trial, "invoices_paid", (409,), str(before["uuid"]))
    refuse(trial, "invoices_paid", (409,), str(before["uuid"]), json={"date": "2025-01-01"})
    refuse(trial, "invoices_send_notification", (400,), str(before["uuid"]))


def fields_are_set_one_by_one(trial: Trial) -> None:
    """Each of the three texts of an invoice is written by its own operation and leaves the others alone."""
    row = trial.sample(writable(trial, "invoices", trial.rows("invoices_list")), size=1)[0]
    uuid = str(row["uuid"])
    written: dict[str, object] = {}
    for operation_id, (name, value) in _FIELDS.items():
        _set_back(trial, operation_id, row, name)
        exchange = trial.ask(operation_id, of=uuid, json={name: value, "state": "paid", "unknown": 1})
        exchange.must.have_status(200)
        written[name] = value
        after = trial.row("invoices_retrieve", of=uuid)
        exchange.must.agree("the invoice and what was written to it", after, {**row, **written})


def refused_writes_leave_no_trace(trial: Trial) -> None:
    """After a round of requests that are all refused, every invoice and item is what it was."""
    books = books_of(trial)
    bill = trial.sample(writable(trial, "invoices", books.invoices), by=lambda row: row["state"], size=1)[0]
    items = [item for item in books.items if key_of(item, "invoice") == key_of(bill)] or books.items
    item = trial.sample(writable(trial, "items", items), size=1)[0]
    for operation_id, wrong in (
        ("invoices_set_backend_id", {"backend_id": "x" * 256}),
        ("invoices_set_payment_url", {"payment_url": "no address"}),
        ("invoices_set_reference_number", {"reference_number": None}),
    ):
        refuse(trial, operation_id, (400,), str(bill["uuid"]), json=wrong)
    for operation_id, wrong in (
        ("invoice_items_partial_update", {"quantity": "1", "unit_price": "-5", "article_code": SIGN}),
        ("invoice_items_update", {"quantity": "1", "unit_price": "many", "article_code": SIGN}),
        ("invoice_items_create_compensation", {}),
        ("invoice_items_migrate_to", {"invoice": bill["url"]}),
    ):
        if operation_id != "invoice_items_migrate_to" or key_of(item, "invoice") == key_of(bill):
            refuse(trial, operation_id, (400,), str(item["uuid"]), json=wrong)
    trial.forget()
    after = books_of(trial)
    exchange = trial.ask("invoices_retrieve", of=str(bill["uuid"]))
    exchange.must.agree("all invoices before and after", after.invoices, books.invoices)
    exchange.must.agree("all items before and after", after.items, books.items)


def _set_back(trial: Trial, operation_id: str, row: Row, name: str) -> None:
    old = row.get(name) or ""

    def undo() -> None:
        exchange = trial.ask(operation_id, of=str(row["uuid"]), json={name: old})
        exchange.must.have_status(200)
        shown = trial.row("invoices_retrieve", of=str(row["uuid"])).get(name)
        exchange.must.agree(f"the old {name} and the one that is there again", shown or "", old)

    trial.ledger.note(f"the {name} of an invoice is written", undo)
