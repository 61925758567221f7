"""The history of invoices, which releases have from 8.0.0 on. The documents do not have it."""

from typing import Final
from urllib.parse import quote

from waldur_billing_mock.contracts.context import Context, field_of, need
from waldur_billing_mock.contracts.declare import always
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised, Request
from waldur_billing_mock.contracts.values import Row, instant

_LIST: Final = "invoices_history_list"
_AT: Final = "invoices_history_at_retrieve"
_LONG_AGO: Final = "1990-01-01T00:00:00Z"


@always("conventions")
def the_history_of_an_invoice_holds_together(context: Context) -> None:
    """Versions of an invoice come newest first, are narrowed by time, and each is what `history/at` shows."""
    known = context.description.everything
    if _LIST not in known:
        raise NotExercised(f"revision {context.description.revision} has no history of invoices")
    invoices = context.sample(need(context.rows("invoices_list"), "invoice"), by=lambda row: row["state"], size=3)
    for invoice in invoices:
        path = f"/api/invoices/{invoice['uuid']}/history/"
        listed = _read(context, _LIST, path)
        if listed.status in (404, 405):
            raise NotExercised("this server has no history of invoices")
        listed.must.have_status(200)
        versions = listed.must.show_rows()
        dates = [instant(field_of(version, "revision_date")) for version in versions]
        listed.must.hold(dates == sorted(dates, reverse=True), "the versions of an invoice must come newest first")
        numbers = [field_of(version, "id") for version in versions]
        listed.must.hold(len(set(numbers)) == len(numbers), "each version must have a number of its own", len(numbers))
        if versions:
            _can_be_narrowed(context, path, versions)
            _shows_the_instant(context, path, versions)


def _can_be_narrowed(context: Context, path: str, versions: list[Row]) -> None:
    newest = quote(str(versions[0]["revision_date"]))
    older = _read(context, _LIST, f"{path}?created_before={newest}")
    older.must.have_status(200)
    until = instant(versions[0]["revision_date"])
    later = [row for row in older.must.show_rows() if instant(field_of(row, "revision_date")) > until]
    older.must.hold(not later, "created_before must leave out later versions", len(later))


def _shows_the_instant(context: Context, path: str, versions: list[Row]) -> None:
    newest = versions[0]
    shown = _read(context, _AT, f"{path}at/?timestamp={quote(str(newest['revision_date']))}")
    shown.must.have_status(200)
    at = field_of(shown.must.show_row(), "revision_date")
    shown.must.agree("the version at its own instant", instant(at), instant(newest["revision_date"]))
    before = _read(context, _AT, f"{path}at/?timestamp={quote(_LONG_AGO)}")
    before.must.have_status(404)


def _read(context: Context, operation_id: str, target: str) -> Exchange:
    operation = context.description.everything[operation_id]
    return context.send(Request("GET", target), place=context.description.place(operation))
