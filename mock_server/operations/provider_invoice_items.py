"""The operations of the page `provider-invoice-items`."""

from collections.abc import Mapping
from typing import Final

from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.views import ItemView, Views
from waldur_billing_mock.mock_server.billing.visibility import can_see_provider_item, provider_items_visible_to
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.operations.filters import By
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Key, Listing

_FILTERS: Final[Mapping[str, Filter[ItemView]]] = {
    "customer_uuid": By(InvoiceItem, "invoice.customer_uuid"),
    "project_uuid": By(InvoiceItem, "linked_project_uuid"),
    "offering_uuid": By(InvoiceItem, "resource.offering_uuid"),
    "invoice_year": By(InvoiceItem, "invoice.year"),
    "invoice_month": By(InvoiceItem, "invoice.month"),
}
_ORDERS: Final[Mapping[str, Key[ItemView]]] = {
    "unit_price": lambda view: view.row.unit_price,
    "resource_offering_name": lambda view: view.offering_name if view.resource else None,
    "invoice_customer_name": lambda view: view.customer_name,
    "project_name": lambda view: view.row.stored_project_name,
}


def provider_invoice_items_list(call: Call) -> Listing[ItemView]:
    """The items of the offerings that the caller sells, of the newest invoices first."""
    rows = provider_items_visible_to(call.world, call.user)
    return Listing(Views(call.world, rows, ItemView), _FILTERS, _ORDERS)


def provider_invoice_items_retrieve(call: Call) -> ItemView:
    """The item with this integer id. Raises `Problem` and `NotFound`, both 404: not an integer, not to be seen."""
    try:
        number = int(call.path["id"])
    except ValueError:
        raise problems.not_found() from None
    found = call.world.invoice_items.by_id(number)
    if found is None or not can_see_provider_item(call.world, call.user, found):
        raise NotFound("InvoiceItem")
    return ItemView(call.world, found)
