"""The operations of the page `provider-invoice-items`."""

from collections.abc import Mapping
from typing import Final

from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.visibility import can_see_provider_item, provider_items_visible_to
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Key, Listing

_FILTERS: Final[Mapping[str, Filter[InvoiceItem]]] = {
    "customer_uuid": lambda item, uuid: item.customer_uuid == uuid,
    "project_uuid": lambda item, uuid: item.linked_project_uuid == uuid,
    "offering_uuid": lambda item, uuid: item.offering_uuid == uuid,
    "invoice_year": lambda item, year: item.invoice.year == year,
    "invoice_month": lambda item, month: item.invoice.month == month,
}
_ORDERS: Final[Mapping[str, Key[InvoiceItem]]] = {
    "unit_price": lambda item: item.unit_price,
    "resource_offering_name": lambda item: item.offering_name if item.resource else None,
    "invoice_customer_name": lambda item: item.customer_name,
    "project_name": lambda item: item.stored_project_name,
}


def provider_invoice_items_list(call: Call) -> Listing[InvoiceItem]:
    """The items of the offerings that the caller sells, of the newest invoices first."""
    return Listing(provider_items_visible_to(call.user), _FILTERS, _ORDERS)


def provider_invoice_items_retrieve(call: Call) -> InvoiceItem:
    """The item with this integer id. Raises `Problem` and `NotFound`, both 404: not an integer, not to be seen."""
    try:
        number = int(call.intake.path["id"])
    except ValueError:
        raise problems.not_found() from None
    found = call.world.invoice_items.by_id(number)
    if found is None or not can_see_provider_item(call.user, found):
        raise NotFound("InvoiceItem")
    return found
