"""Whoever may not write is refused: held against every token that was given, with requests that change nothing."""

from collections.abc import Iterable
from typing import Final

from waldur_billing_mock.contracts.changes import may_write, note_field, note_item
from waldur_billing_mock.contracts.context import Context, key_of
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN
from waldur_billing_mock.contracts.roles import WIDEST, table
from waldur_billing_mock.contracts.values import hyphenated, identifier, identity_of

_INVOICE_FIELDS: Final = {
    "invoices_set_backend_id": "backend_id",
    "invoices_set_payment_url": "payment_url",
    "invoices_set_reference_number": "reference_number",
}


def writes_are_refused(context: Context, role: str, operation_id: str) -> None:
    """Whoever may not write is refused before anything is looked up, and nothing is written.

    The requests change nothing where they are obeyed all the same: they send nothing, what is there already, or name
    nothing that exists.
    """
    writing = context.target.guard.writing
    if not (writing.everything or writing.allowed):
        raise NotExercised("writing is not allowed")
    if table()["sees"][role]["billed"] == "refused":
        objects = [("an unknown object", UNKNOWN, table()["refused"])]
    elif role == WIDEST:
        objects = [("an unknown object", UNKNOWN, table()["writing"]["staff"]["unknown"])]
    else:
        objects = list(_objects_to_write_to(context, role, operation_id))
    tried = False
    for kind, key, expected in objects:
        if key == UNKNOWN and not writing.everything:
            # Nothing has this identifier, so nothing can be written to by it.
            (writing.invoices if operation_id.startswith("invoices") else writing.items).add(identifier(UNKNOWN))
        body = _harmless(context, operation_id, key)
        exchange = context.ask(operation_id, role, of=key, json=body)
        what = f"{role} must get {expected} for {kind}, not {exchange.status}"
        exchange.must.hold(exchange.status == expected, what, exchange.status)
        tried = True
    if not tried:
        raise NotExercised("there is no object that may be written to")


def _objects_to_write_to(context: Context, role: str, operation_id: str) -> Iterable[tuple[str, str, int]]:
    """The objects that a role tries to write to, with the status that it must get."""
    statuses = table()["writing"]["others"]
    writing = context.target.guard.writing
    listing = table()["objects"][operation_id]
    kind = "invoices" if operation_id.startswith("invoices") else "items"
    allowed = [row for row in context.rows(listing) if may_write(context, kind, key_of(row))]
    if operation_id in ("invoices_paid", "invoices_send_notification"):
        # What these do cannot be undone, so they are tried where they are refused to everybody.
        allowed = [row for row in allowed if row.get("state") != "created"]
    if operation_id == "invoice_items_destroy" and not writing.everything:
        allowed = []
    own = {identity_of(row) for row in context.rows(listing, role)} if allowed else set()
    for name, keys in (
        ("an own object", [identity_of(row) for row in allowed if identity_of(row) in own]),
        ("a foreign object", [identity_of(row) for row in allowed if identity_of(row) not in own]),
    ):
        for key in context.sample(sorted(keys), size=2):
            yield name, hyphenated(key), statuses[name.split()[1]]
    yield "an unknown object", UNKNOWN, statuses["unknown"]


def _harmless(context: Context, operation_id: str, key: str) -> object:
    """A body with which the operation changes nothing if it is obeyed; what it might write is noted in the ledger."""
    if key == UNKNOWN:
        return {}
    if operation_id in _INVOICE_FIELDS:
        name = _INVOICE_FIELDS[operation_id]
        invoice = context.row("invoices_retrieve", of=key)
        note_field(context, operation_id, invoice, name)
        return {name: invoice.get(name) or ""}
    if operation_id in ("invoice_items_update", "invoice_items_partial_update"):
        item = context.row("invoice_items_retrieve", of=key)
        note_item(context, item, {})
        return {"quantity": str(item["quantity"])} if "quantity" in item else {}
    return {} if operation_id != "invoice_items_destroy" else None
