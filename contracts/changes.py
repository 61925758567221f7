"""Single changes, each noted in the ledger before it is made, each with all that it must and must not do."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, key_of
from waldur_billing_mock.contracts.exchange import Broken, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.guard import ANY
from waldur_billing_mock.contracts.ledger import Change, Undo
from waldur_billing_mock.contracts.readings.discovery import BillingData, exact
from waldur_billing_mock.contracts.values import Malformed, Month, Row, decimal, identifier, plain

SIGN: Final = "contract check"
"""What texts are set to that a check writes."""
_DERIVED: Final = ("price", "tax", "total")
"""What follows from the fields of an item that are written."""
WRITABLE: Final = ("unit_price", "quantity", "article_code")
"""The fields of an item that are written, and written back."""


def may_write(context: Context, kind: str, key: str) -> bool:
    """Whether an object of a kind (`invoices`, `items`) may be written to."""
    writing = context.target.guard.writing
    named = writing.invoices if kind == "invoices" else writing.items
    try:
        digits = identifier(key)
    except Malformed:
        return False
    return writing.everything or (writing.allowed and (ANY in named or digits in named))


def writable(context: Context, kind: str, rows: Iterable[Row]) -> list[Row]:
    """The rows that may be written to. Raises `NotExercised` where there are none."""
    writing = context.target.guard.writing
    if not (writing.everything or writing.allowed):
        raise NotExercised("writing is not allowed")
    found = [row for row in rows if may_write(context, kind, key_of(row))]
    if not found:
        raise NotExercised(f"none of the {kind} that may be written to fits")
    return found


def a_created_invoice(context: Context) -> Row:
    """An invoice that can be paid and announced."""
    rows = [row for row in context.rows("invoices_list") if row.get("state") == "created"]
    return context.one_of(writable(context, "invoices", rows))


def named(invoice: Row) -> str:
    """An invoice as reports name it, so that somebody can find it."""
    return f"invoice {invoice.get('number')} (uuid {invoice.get('uuid')})"


def refuse(
    context: Context,
    operation_id: str,
    statuses: tuple[int, ...],
    of: str,
    body: object = None,
    role: str | None = None,
) -> None:
    """The operation refuses with one of the statuses, in the described form, and nothing has changed."""
    kind = "invoices" if operation_id.startswith("invoices") else "items"
    if not may_write(context, kind, of):
        return
    reading = "invoices_retrieve" if kind == "invoices" else "invoice_items_retrieve"
    before = context.ask(reading, of=of)
    exchange = context.ask(operation_id, role, of=of, json=body)
    exchange.must.have_status(*statuses)
    context.must_fit(operation_id, exchange)
    after = context.ask(reading, of=of, fresh=True)
    exchange.must.agree("what was refused and what was there before", _shown(after), _shown(before))


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that was made once in a run: what was read before it and after it."""

    before: Row
    exchange: Exchange
    after: Row
    created_before: frozenset[str]
    created_after: frozenset[str]
    paid_after: frozenset[str]
    growth_before: Decimal | None
    growth_after: Decimal | None
    refusals: tuple[Exchange, ...]
    after_refusals: Row


def the_payment(context: Context) -> Payment:
    """The one payment of the run, which nothing undoes. It is made where it is first asked for."""
    made = context.memory.get("payment")
    if made is None:
        made = context.memory["payment"] = _pay(context)
    return made


def _pay(context: Context) -> Payment:
    from_invoice = a_created_invoice(context)
    uuid = str(from_invoice["uuid"])
    created, growth = _in_state(context, "created"), _growth(context)
    context.ledger.note(
        f"{named(from_invoice)} is marked as paid; its state before was created",
        None,
        "no operation makes a paid invoice unpaid",
    )
    exchange = context.ask("invoices_paid", of=uuid)
    after = context.row("invoices_retrieve", of=uuid)
    created_after, paid_after, growth_after = (
        _in_state(context, "created"),
        _in_state(context, "paid"),
        _growth(context),
    )
    refusals = [context.ask("invoices_paid", of=uuid, json=body) for body in (None, {"date": "2025-01-01"})]
    return Payment(
        from_invoice,
        exchange,
        after,
        created,
        created_after,
        paid_after,
        growth,
        growth_after,
        tuple(refusals),
        context.row("invoices_retrieve", of=uuid),
    )


def the_notification(context: Context) -> tuple[Row, Exchange, Row]:
    """The one notification of the run: the invoice before, the answer, and the invoice after."""
    made = context.memory.get("notification")
    if made is None:
        before = a_created_invoice(context)
        what = f"a notification of {named(before)} is sent"
        context.ledger.note(what, None, "a message cannot be called back")
        exchange = context.ask("invoices_send_notification", of=str(before["uuid"]))
        after = context.row("invoices_retrieve", of=str(before["uuid"]))
        made = context.memory["notification"] = (before, exchange, after)
    return made


def set_field(context: Context, operation_id: str, invoice: Row, name: str, value: object) -> Exchange:
    """A text of an invoice is set; noted before, so that it can be set back."""
    note_field(context, operation_id, invoice, name)
    return context.ask(operation_id, of=str(invoice["uuid"]), json={name: value})


def note_field(context: Context, operation_id: str, invoice: Row, name: str) -> None:
    """Notes that a text of an invoice is about to change, unless that is noted already."""
    path = _path(context, operation_id, invoice)
    if any(one.undo is not None and one.undo.path == path and not one.undone for one in context.ledger.changes):
        return
    old = invoice.get(name) or ""
    undo = Undo(
        "write",
        context.description.operations[operation_id].method,
        path,
        {name: old},
        _path(context, "invoices_retrieve", invoice),
        {name: old},
    )
    context.ledger.note(f"the {name} of {named(invoice)} is written", undo, before=invoice)


def items_to_compensate(context: Context, data: BillingData) -> list[Row]:
    """Items with a price whose customer has an invoice this month that may be written to as well."""
    month = context.month
    ready = {customer for customer in data.customers if invoice_of_month(context, data, customer, month)}
    rows = [
        item
        for item in data.items
        if decimal(item["unit_price"]) > 0 and exact(item) and key_of(data.invoice_of(item), "customer") in ready
    ]
    return writable(context, "items", rows)


def invoice_of_month(context: Context, data: BillingData, customer: str, month: Month) -> Row | None:
    """The customer's invoice of a month, where there is one that may be written to."""
    for row in data.invoices:
        if (row["year"], row["month"]) == (month.year, month.month) and key_of(row, "customer") == customer:
            return row if may_write(context, "invoices", key_of(row)) else None
    return None


def compensate(context: Context, item: Row) -> str:
    """The item is compensated; returns the identifier of the compensation, which the ledger undoes."""
    known = tuple(key_of(row) for row in _compensations(context, key_of(item), ""))
    undo = Undo("delete", original=key_of(item), sign=SIGN, known=known)
    context.ledger.note(f"the item {item['uuid']} is compensated", undo)
    exchange = context.ask(
        "invoice_items_create_compensation", of=str(item["uuid"]), json={"offering_component_name": SIGN}
    )
    context.must_succeed("invoice_items_create_compensation", exchange)
    context.must_fit("invoice_items_create_compensation", exchange)
    found = [key for row in _compensations(context, key_of(item), "") if (key := key_of(row)) not in known]
    context.target.guard.writing.items.update(found)
    exchange.must.hold(len(found) == 1, "one compensation must have been made", len(found))
    answer = exchange.must.show_row()
    if "invoice_item_uuid" in answer:
        exchange.must.agree(
            "the identifier in the answer and the new item", key_of(answer, "invoice_item_uuid"), found[0]
        )
    return found[0]


def move(context: Context, item: Row, invoice: Row) -> Exchange:
    """The item moves to another invoice; the ledger moves it back."""
    home = str(item["invoice"])
    undo = Undo(
        "write",
        "POST",
        _path(context, "invoice_items_migrate_to", item),
        {"invoice": home},
        _path(context, "invoice_items_retrieve", item),
        {"invoice": home},
    )
    context.ledger.note(f"the item {item['uuid']} moves to another invoice", undo, before=item)
    exchange = context.ask("invoice_items_migrate_to", of=str(item["uuid"]), json={"invoice": invoice["url"]})
    exchange.must.have_status(200)
    context.must_fit("invoice_items_migrate_to", exchange)
    return exchange


def write_item(
    context: Context, item: Row, values: dict[str, object], operation_id: str = "invoice_items_partial_update"
) -> Exchange:
    """The item takes new values; the ledger writes the old ones back, and looks whether it is what it was."""
    note_item(context, item, values)
    exchange = context.ask(operation_id, of=str(item["uuid"]), json=values)
    exchange.must.have_status(200)
    context.must_fit(operation_id, exchange)
    return exchange


def note_item(context: Context, item: Row, values: dict[str, object]) -> None:
    """Notes that the fields of an item are about to change."""
    old = {name: item[name] for name in WRITABLE if name in item and (name in values or name != "article_code")}
    if "quantity" not in values and item.get("billing_type") == "fixed":
        old.pop("quantity", None)
    body = plain_json(old)
    undo = Undo(
        "write",
        "PATCH",
        _path(context, "invoice_items_partial_update", item),
        body,
        _path(context, "invoice_items_retrieve", item),
        body,
    )
    context.ledger.note(f"the item {item['uuid']} is changed", undo, before=item)


def undo_change(context: Context, change: Change) -> None:
    """Undoes one change, and looks whether the object is what it was. Raises what a check raises where it is not."""
    undo = change.undo
    if undo is None:
        return
    if undo.kind == "delete":
        _delete_compensations(context, undo)
        return
    context.drop_cache()
    shown = context.send(Request("GET", undo.reading))
    if shown.status == 200 and _shows(shown.must.show_row(), undo):
        return
    body = json.dumps(dict(undo.body)).encode()
    exchange = context.send(Request(undo.method, undo.path, (("Content-Type", "application/json"),), body))
    exchange.must.have_status(200)
    context.drop_cache()
    after = context.send(Request("GET", undo.reading))
    after.must.have_status(200)
    row = after.must.show_row()
    for name, value in undo.shows.items():
        exchange.must.agree(f"the old {name} and the one that is there again", row.get(name) or "", value or "")
    if change.before is not None:
        others = [one.undo for one in context.ledger.changes if one is not change and not one.undone and one.undo]
        open_fields = {name for one in others if one.reading == undo.reading for name in one.shows}
        before = without(change.before, *open_fields, *_DERIVED if open_fields else ())
        kept = {name: row.get(name) for name in before}
        exchange.must.agree("an object after undoing and what it was before", kept, before)


def plain_json(values: dict[str, Any]) -> dict[str, Any]:
    """The values with every decimal as text, as requests take them."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def without(row: Row, *names: str) -> Row:
    """A row without some fields."""
    return {key: value for key, value in row.items() if key not in names}


def _shows(row: Row, undo: Undo) -> bool:
    """Whether an object shows its old values already."""
    return all(plain(row.get(name) or "") == plain(value or "") for name, value in undo.shows.items())


def _delete_compensations(context: Context, undo: Undo) -> None:
    context.drop_cache()
    for row in _compensations(context, undo.original, undo.sign):
        key = key_of(row)
        if key in undo.known:
            continue
        context.target.guard.writing.items.add(key)
        context.ask("invoice_items_destroy", of=key).must.have_status(204)
        context.ask("invoice_items_retrieve", of=key, fresh=True).must.have_status(404)


def _compensations(context: Context, original: str, sign: str) -> list[Row]:
    """The items that compensate another; with a sign, those whose details hold it."""
    found = []
    for row in context.rows("invoice_items_list"):
        details = row.get("details")
        if isinstance(details, dict) and (not sign or details.get("offering_component_name") == sign):
            try:
                if identifier(details.get("original_invoice_item_uuid")) == original:
                    found.append(row)
            except Malformed:
                continue
    return found


def _in_state(context: Context, state: str) -> frozenset[str]:
    return frozenset(key_of(row) for row in context.rows("invoices_list", query={"state": state}))


def _growth(context: Context) -> Decimal | None:
    """What is invoiced this month without tax, None where growth does not tell."""
    try:
        growth = context.row("invoices_growth_retrieve", query={"accounting_mode": "accounting"})
        return decimal(growth["total_periods"][-1])
    except (Broken, NotExercised, Malformed, LookupError, TypeError):
        return None


def _path(context: Context, operation_id: str, row: Row) -> str:
    return context.description.operations[operation_id].path.replace("{uuid}", str(row["uuid"]))


def _shown(exchange: Exchange) -> object:
    return (exchange.status, plain(exchange.json) if exchange.status == 200 else None)
