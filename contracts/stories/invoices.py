"""Stories about whole invoices."""

from waldur_billing_mock.contracts.changes import SIGN, note_field, refuse, the_payment, writable
from waldur_billing_mock.contracts.context import Context, key_of
from waldur_billing_mock.contracts.declare import story
from waldur_billing_mock.contracts.readings.arithmetic import due_date_of, invoice_date_of
from waldur_billing_mock.contracts.readings.discovery import billing_data

_FIELDS = {
    "invoices_set_backend_id": ("backend_id", SIGN),
    "invoices_set_payment_url": ("payment_url", "https://pay.example.com/contract"),
    "invoices_set_reference_number": ("reference_number", f"{SIGN} 42"),
}


@story
def a_payment_changes_the_state_alone(context: Context) -> None:
    """A paid invoice moves from one state to the other in every list, costs what it cost, and stays paid."""
    payment = the_payment(context)
    must = payment.exchange.must
    must.have_status(200)
    due_date_of(context, payment.exchange, payment.after)
    invoice_date_of(context, payment.exchange, payment.after)
    must.agree("the growth before and after a payment", payment.growth_after, payment.growth_before)


@story
def fields_are_set_one_by_one(context: Context) -> None:
    """Each of the three texts of an invoice is written by its own operation and leaves the others alone."""
    row = context.one_of(writable(context, "invoices", context.rows("invoices_list")))
    uuid = str(row["uuid"])
    written: dict[str, object] = {}
    for operation_id, (name, value) in _FIELDS.items():
        note_field(context, operation_id, row, name)
        exchange = context.ask(operation_id, of=uuid, json={name: value, "state": "paid", "unknown": 1})
        exchange.must.have_status(200)
        written[name] = value
        after = context.row("invoices_retrieve", of=uuid)
        exchange.must.agree("the invoice and what was written to it", after, {**row, **written})


@story
def refused_writes_leave_no_trace(context: Context) -> None:
    """After a round of requests that are all refused, every invoice and item is what it was."""
    data = billing_data(context)
    bill = context.one_of(writable(context, "invoices", data.invoices), by=lambda row: row["state"])
    items = [item for item in data.items if key_of(item, "invoice") == key_of(bill)] or data.items
    item = context.one_of(writable(context, "items", items))
    for operation_id, wrong in (
        ("invoices_set_backend_id", {"backend_id": "x" * 256}),
        ("invoices_set_payment_url", {"payment_url": "no address"}),
        ("invoices_set_reference_number", {"reference_number": None}),
    ):
        refuse(context, operation_id, (400,), str(bill["uuid"]), body=wrong)
    for operation_id, wrong in (
        ("invoice_items_partial_update", {"quantity": "1", "unit_price": "-5", "article_code": SIGN}),
        ("invoice_items_update", {"quantity": "1", "unit_price": "many", "article_code": SIGN}),
        ("invoice_items_create_compensation", {}),
        ("invoice_items_migrate_to", {"invoice": bill["url"]}),
    ):
        if operation_id != "invoice_items_migrate_to" or key_of(item, "invoice") == key_of(bill):
            refuse(context, operation_id, (400,), str(item["uuid"]), body=wrong)
    context.drop_cache()
    after = billing_data(context)
    exchange = context.ask("invoices_retrieve", of=str(bill["uuid"]))
    exchange.must.agree("all invoices before and after", after.invoices, data.invoices)
    exchange.must.agree("all items before and after", after.items, data.items)
