"""The operations of the page `invoices`."""

from collections.abc import Mapping
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.costs import InvoiceGrowth, growth, growth_of_all
from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.payment import PaymentOrder
from waldur_billing_mock.mock_server.billing.stats import InvoiceStatsOffering
from waldur_billing_mock.mock_server.billing.visibility import (
    customers_visible_to,
    invoices_visible_to,
    sees_everything,
)
from waldur_billing_mock.mock_server.operations.call import Call, read_uuid
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Key, Listing, select

_FILTERS: Final[Mapping[str, Filter[Invoice]]] = {
    "customer_uuid": lambda invoice, uuid: invoice.customer_uuid == uuid,
    "state": lambda invoice, states: invoice.state in states,
    "year": lambda invoice, year: invoice.year == year,
    "month": lambda invoice, month: invoice.month == month,
    "created": lambda invoice, day: invoice.created == day,
    "start_date": lambda invoice, day: invoice.created > day,
    "end_date": lambda invoice, day: invoice.created < day,
    "accounting_is_running": lambda invoice, running: invoice.customer.accounting_is_running == running,
}
_ORDERS: Final[Mapping[str, Key[Invoice]]] = {
    "created": lambda invoice: invoice.created,
    "year": lambda invoice: invoice.year,
    "month": lambda invoice: invoice.month,
}
_ITEM_FILTERS: Final[Mapping[str, Filter[InvoiceItem]]] = {
    "query": lambda item, text: text.strip().casefold() in (item.resource_name or "").casefold(),
    "provider_uuid": lambda item, uuid: _is_written(item.details.get("service_provider_uuid"), uuid),
    "offering_uuid": lambda item, uuid: _is_written(item.details.get("offering_uuid"), uuid),
    "conceal_compensation_items": lambda item, conceal: not (conceal and item.credit),
}
_ITEM_ORDERS: Final[Mapping[str, Key[InvoiceItem]]] = {
    "project_name": lambda item: item.project_name,
    "resource_name": lambda item: item.resource_name,
    "provider_name": lambda item: item.provider_name,
    "name": lambda item: item.name,
}


def invoices_list(call: Call) -> Listing[Invoice]:
    """The invoices that the caller may see, newest month first."""
    return Listing(invoices_visible_to(call.user), _filters(call), _ORDERS)


def invoices_retrieve(call: Call) -> Invoice:
    """The invoice. Raises `NotFound` also where it does not fit the filters, which only the wire dialect has here."""
    invoice = call.invoice()
    if not select([invoice], _filters(call), call.query):
        raise NotFound("Invoice")
    return invoice


def invoices_growth_retrieve(call: Call) -> InvoiceGrowth:
    """Thirteen months of the invoices of every customer on which, or on whose projects, the caller has a role."""
    running, mode = call.query.get("accounting_is_running"), call.query.get("accounting_mode", "")
    if running is None and sees_everything(call.user):
        return growth_of_all(call.world, call.query["customers_count"], mode)
    rows = [
        invoice
        for customer in customers_visible_to(call.user)
        if running is None or customer.accounting_is_running == running
        for invoice in call.world.invoices.where("customer", customer.uuid)
    ]
    return growth(rows, call.world.now, call.query["customers_count"], mode)


def invoices_items_retrieve(call: Call) -> Listing[InvoiceItem]:
    """The invoice's items whose total is not zero, in the order in which they were added."""
    rows = [item for item in call.invoice().all_items if item.total]
    filters = {**_ITEM_FILTERS, "project_uuid": lambda item, uuid: _is_written(call.project_of(item), uuid)}
    return Listing(rows, filters, _ITEM_ORDERS)


def invoices_stats_list(call: Call) -> Listing[InvoiceStatsOffering]:
    """The invoice's sums by offering; none where the invoice does not fit the filters."""
    invoice = call.invoice()
    if not select([invoice], _filters(call), call.query):
        return Listing([])
    named = call.query.get("provider_uuid")
    if not named:
        return Listing(invoice.stats())
    uuid = read_uuid(named) or ""
    provider = None if call.has("provider-is-customer") else call.world.service_providers.get(uuid)
    return Listing(invoice.stats(provider.customer_uuid if provider else uuid))


def invoices_paid(call: Call) -> Invoice:
    """The invoice, paid; with a body, the payment is recorded too."""
    invoice = call.invoice()
    invoice.must_be_payable()
    if call.intake.body_is_empty:
        return invoice.pay()
    fields = call.intake.fields()
    proof = fields.get("proof")
    if proof is None:
        return invoice.pay(PaymentOrder(fields["date"]))
    return invoice.pay(PaymentOrder(fields["date"], proof.filename, len(proof.content)))


def invoices_send_notification(call: Call) -> Mapping[str, str]:
    """The customer's owners are written to."""
    call.invoice().send_notification()
    return {"detail": "Invoice notification sending has been successfully scheduled."}


def invoices_set_backend_id(call: Call) -> None:
    """The invoice carries the identifier that another system knows it by."""
    call.invoice().change(**call.intake.fields())


def invoices_set_payment_url(call: Call) -> None:
    """The invoice carries the address where it can be paid."""
    call.invoice().change(**call.intake.fields())


def invoices_set_reference_number(call: Call) -> None:
    """The invoice carries the reference that payments of it quote."""
    call.invoice().change(**call.intake.fields())


def _is_written(uuid: object, text: str) -> bool:
    """Whether the text writes this uuid, in any form. Text that is no uuid does not even fit a missing one."""
    named = read_uuid(text)
    return named is not None and uuid == named


def _filters(call: Call) -> Mapping[str, Filter[Invoice]]:
    """The filters of invoices, `customer` among them where it was sent: the link of a customer."""
    link = call.query.get("customer")
    if not link:
        return _FILTERS
    customer = _linked_customer(call, link)
    return {**_FILTERS, "customer": lambda invoice, _: invoice.customer_uuid == customer}


def _linked_customer(call: Call, link: str) -> str | None:
    """The uuid of the customer that a link leads to, None where it leads to no customer. Raises `Problem` 404.

    A path that the API does not have is not found. Text that is no path, and the link of something else, fit nothing.
    """
    target: Any = call.intake.links.resolve(link)
    if target is None:
        if link.startswith(("/", "http://", "https://")):
            raise problems.not_found()
        return None
    template, identifier = target
    return read_uuid(identifier) if template == "/api/customers/{uuid}/" else None
