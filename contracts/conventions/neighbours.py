"""The neighbours of the billing operations: what a server has of them is judged, and links lead there.

They are no part of what the billing documents promise, so that on a deployment what differs is a note.
"""

import json
from typing import Any, Final
from urllib.parse import urlsplit

from waldur_billing_mock.contracts.context import Context, key_of, need
from waldur_billing_mock.contracts.declare import always
from waldur_billing_mock.contracts.description import describe_neighbours
from waldur_billing_mock.contracts.exchange import Broken, Complaint, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.judging import is_json
from waldur_billing_mock.contracts.readings.discovery import billing_data
from waldur_billing_mock.contracts.roles import owners_in_scope, projects_in_scope
from waldur_billing_mock.contracts.values import Malformed, Row, identifier

_READ: Final = (
    *("/api/customers/", "/api/projects/", "/api/users/me/", "/api/marketplace-resources/"),
    *("/api/marketplace-service-providers/", "/api/customer-credits/", "/api/payment-profiles/", "/api/payments/"),
)
"""The neighbours that billing clients ask for most, each with one request."""
_ABSENT: Final = (403, 404, 405, 501)
_OF_CUSTOMERS: Final = {
    "/api/customers/": "uuid",
    "/api/projects/": "customer_uuid",
    "/api/customer-credits/": "customer_uuid",
    "/api/payments/": "customer_uuid",
}
"""Neighbours that show what is a customer's own, with the field that names the customer."""
_PAGE: Final = 300


@always("conventions")
def neighbours_answer_as_described(context: Context) -> None:
    """The neighbours of the billing operations that the server has answer in the described form."""
    description = describe_neighbours("wire" if context.forgives else context.description.dialect)
    reads = {one.path: one for one in description.reads()}
    judged = False
    for path in _READ:
        listed = "page" in reads[path].query
        exchange = context.send(
            Request("GET", f"{path}?page_size=10" if listed else path), place=description.place(reads[path])
        )
        if exchange.status in _ABSENT:
            continue
        exchange.must.have_status(200)
        judged = True
        for fault in description.faults(reads[path], 200, _plain(exchange)):
            what = f"an answer of GET {path} does not fit its description: {fault.sentence}"
            _tell(context, Complaint(what, fault.place, None, fault.got, exchange, f"at {fault.at or '/'}"))
    if not judged:
        raise NotExercised("the server has none of the neighbours of the billing operations")


@always("conventions")
def links_lead_to_what_they_name(context: Context) -> None:
    """The links of an invoice, its lines and its item lead to the objects that they name."""
    invoices = [row for row in context.rows("invoices_list") if row.get("items")]
    chosen = context.one_of(need(invoices, "invoice with lines"))
    rows: list[Row] = [chosen, *chosen["items"][:2], *context.sample(context.rows("invoice_items_list"), size=1)]
    for name, link in {(name, str(value)) for row in rows for name, value in row.items() if _is_link(value)}:
        exchange = context.send(Request("GET", urlsplit(link).path))
        what = f"the link {name} must lead to an object"
        if exchange.status != 200:
            _tell(context, Complaint(what, "/components/schemas", 200, exchange.status, exchange))
            continue
        value = exchange.json if is_json(exchange) else None
        shown = value.get("uuid", link) if isinstance(value, dict) else None
        if shown is None or _digits(shown) != _digits(link):
            what = f"the link {name} must lead to what it names"
            _tell(context, Complaint(what, "/components/schemas", None, shown, exchange))


@always("roles")
def neighbours_show_nobody_more(context: Context) -> None:
    """Customers, projects, credits and payments are shown to nobody who holds no role there."""
    held = {role: scope for role, scope in context.target.scopes.items() if scope.customers or scope.projects}
    need(list(held), "role of which it is known on what it is held: --role-scope owner=CUSTOMER_UUID")
    own = {role: {*owners_in_scope(context, role), *projects_in_scope(context, role).values()} for role in held}
    everybody = set().union(*own.values())
    judged = False
    for role in sorted(held):
        foreign = set(billing_data(context).customers) - own[role]
        for path, name in _OF_CUSTOMERS.items():
            exchange = context.send(Request("GET", f"{path}?page_size={_PAGE}"), role)
            if exchange.status in _ABSENT:
                continue
            exchange.must.have_status(200)
            judged = True
            shown = {key_of(row, name) for row in exchange.must.show_rows() if row.get(name)} & foreign
            exchange.must.hold(not shown, f"{role} must see nothing of other customers at GET {path}", len(shown))
        for customer in context.sample(sorted(foreign & everybody or foreign), size=1):
            exchange = context.send(Request("GET", f"/api/customers/{customer}/"), role)
            absent = exchange.status in _ABSENT
            exchange.must.hold(absent, f"{role} must not get another customer by its identifier", exchange.status)
    if not judged:
        raise NotExercised("the server has none of the neighbours of the billing operations")


def _tell(context: Context, complaint: Complaint) -> None:
    """A note on a deployment, else a breach."""
    if not context.forgives:
        raise Broken(complaint)
    context.note(complaint)


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and "/api/" in value


def _digits(value: object) -> str:
    try:
        return identifier(value)
    except Malformed:
        return ""


def _plain(exchange: Exchange) -> Any:
    """The body as a validator wants it: numbers as JSON has them."""
    exchange.must.show()
    return json.loads(exchange.answer.body)
