"""The operations of the page `invoices`."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.figures import shown_items
from waldur_billing_mock.mock_server.billing.growth import InvoiceGrowth, growth
from waldur_billing_mock.mock_server.billing.history import record
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.invoicing import PaymentOrder, announce, label, must_be_payable, pay
from waldur_billing_mock.mock_server.billing.stats import InvoiceStatsOffering, stats_of
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView, Views
from waldur_billing_mock.mock_server.billing.visibility import (
    customers_visible_to,
    invoices_visible_to,
    sees_everything,
)
from waldur_billing_mock.mock_server.operations.call import Call, named_invoice, project_key, read_uuid
from waldur_billing_mock.mock_server.operations.filters import By
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Key, Listing, select

_FILTERS: Final[Mapping[str, Filter[InvoiceView]]] = {
    "customer_uuid": By(Invoice, "customer_uuid"),
    "state": By(Invoice, "state"),
    "year": By(Invoice, "year"),
    "month": By(Invoice, "month"),
    "created": By(Invoice, "created"),
    "start_date": lambda view, day: view.row.created > day,
    "end_date": lambda view, day: view.row.created < day,
    "accounting_is_running": lambda view, running: view.customer.accounting_is_running(view.world.now) == running,
}
_ORDERS: Final[Mapping[str, Key[InvoiceView]]] = {
    "created": lambda view: view.row.created,
    "year": lambda view: view.row.year,
    "month": lambda view: view.row.month,
}
_ITEM_FILTERS: Final[Mapping[str, Filter[ItemView]]] = {
    "query": lambda view, text: text.strip().casefold() in (view.resource_name or "").casefold(),
    "provider_uuid": lambda view, uuid: _is_written(view.row.details.get("service_provider_uuid"), uuid),
    "offering_uuid": lambda view, uuid: _is_written(view.row.details.get("offering_uuid"), uuid),
    "conceal_compensation_items": lambda view, conceal: not (conceal and view.row.credit),
}
_ITEM_ORDERS: Final[Mapping[str, Key[ItemView]]] = {
    "project_name": lambda view: view.project_name,
    "resource_name": lambda view: view.resource_name,
    "provider_name": lambda view: view.provider_name,
    "name": lambda view: view.row.name,
}


def invoices_list(call: Call) -> Listing[InvoiceView]:
    """The invoices that the caller may see, newest month first."""
    rows = Views(call.world, invoices_visible_to(call.world, call.user), InvoiceView)
    return Listing(rows, _filters(call), _ORDERS)


def invoices_retrieve(call: Call) -> InvoiceView:
    """The invoice. Raises `NotFound` also where it does not fit the filters, which only the wire dialect has here."""
    invoice = InvoiceView(call.world, named_invoice(call))
    if not select([invoice], _filters(call), call.query):
        raise NotFound("Invoice")
    return invoice


def invoices_growth_retrieve(call: Call) -> InvoiceGrowth:
    """Thirteen months of the invoices of every customer on which, or on whose projects, the caller has a role."""
    running, mode = call.query.get("accounting_is_running"), call.query.get("accounting_mode", "")
    customers = None
    if running is not None or not sees_everything(call.user):
        customers = [
            customer.uuid
            for customer in customers_visible_to(call.world, call.user)
            if running is None or customer.accounting_is_running(call.world.now) == running
        ]
    return growth(call.world, customers, call.query["customers_count"], mode)


def invoices_items_retrieve(call: Call) -> Listing[ItemView]:
    """The invoice's items whose total is not zero, in the order in which they were added."""
    rows = [ItemView(call.world, item) for item in shown_items(call.world, named_invoice(call))]
    project = attrgetter(project_key(call))
    filters = {**_ITEM_FILTERS, "project_uuid": lambda view, uuid: _is_written(project(view.row), uuid)}
    return Listing(rows, filters, _ITEM_ORDERS)


def invoices_stats_list(call: Call) -> Listing[InvoiceStatsOffering]:
    """The invoice's sums by offering; none where the invoice does not fit the filters."""
    invoice = named_invoice(call)
    if not select([InvoiceView(call.world, invoice)], _filters(call), call.query):
        return Listing([])
    named = call.query.get("provider_uuid")
    if not named:
        return Listing(stats_of(call.world, invoice))
    uuid = read_uuid(named) or ""
    provider = None if call.has("provider-is-customer") else call.world.service_providers.get(uuid)
    return Listing(stats_of(call.world, invoice, provider.customer_uuid if provider else uuid))


def invoices_paid(call: Call) -> InvoiceView:
    """The invoice, paid; with a body, the payment is recorded too."""
    invoice = named_invoice(call)
    must_be_payable(invoice)
    paid = pay(call.world, invoice, _payment(call))
    record(call.world, invoice, call.user, "Paid.")
    return InvoiceView(call.world, paid)


class Announced(InvoiceView):
    """The invoice, which one revision answers, with the sentence that others answer."""

    __slots__ = ()
    detail = "Invoice notification sending has been successfully scheduled."


def invoices_send_notification(call: Call) -> Announced:
    """The customer's owners are written to."""
    invoice = named_invoice(call)
    announce(call.world, invoice)
    return Announced(call.world, invoice)


def invoices_set_backend_id(call: Call) -> None:
    """The invoice carries the identifier that another system knows it by."""
    _label(call)


def invoices_set_payment_url(call: Call) -> None:
    """The invoice carries the address where it can be paid."""
    _label(call)


def invoices_set_reference_number(call: Call) -> None:
    """The invoice carries the reference that payments of it quote."""
    _label(call)


def _label(call: Call) -> None:
    invoice = named_invoice(call)
    if label(call.world, invoice, **call.fields()) != invoice:
        record(call.world, invoice, call.user, "Changed.")


def _payment(call: Call) -> PaymentOrder | None:
    """What the body states about the payment; None where it states nothing."""
    if call.body_is_empty:
        return None
    fields = call.fields()
    proof = fields.get("proof")
    if proof is None:
        return PaymentOrder(fields["date"])
    return PaymentOrder(fields["date"], proof.filename, proof.size)


def _is_written(uuid: object, text: str) -> bool:
    """Whether the text writes this uuid, in any form. Text that is no uuid does not even fit a missing one."""
    named = read_uuid(text)
    return named is not None and uuid == named


def _filters(call: Call) -> Mapping[str, Filter[InvoiceView]]:
    """The filters of invoices, `customer` among them where it was sent: the link of a customer."""
    link = call.query.get("customer")
    if not link:
        return _FILTERS
    customer = _linked_customer(call, link)
    return {**_FILTERS, "customer": lambda view, _: view.row.customer_uuid == customer}


def _linked_customer(call: Call, link: str) -> str | None:
    """The uuid of the customer that a link leads to, None where it leads to no customer. Raises `Problem` 404.

    A path that the API does not have is not found. Text that is no path, and the link of something else, fit nothing.
    """
    target: Any = call.links.resolve(link)
    if target is None:
        if link.startswith(("/", "http://", "https://")):
            raise problems.not_found()
        return None
    template, identifier = target
    return read_uuid(identifier) if template == "/api/customers/{uuid}/" else None
