"""The operations of the page `invoice-items`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.compensation import (
    CustomerCreditConsumptionByMonth,
    compensate,
    consumptions,
    credited_items,
)
from waldur_billing_mock.mock_server.billing.correction import correct, move, writable_fields
from waldur_billing_mock.mock_server.billing.costs import (
    InvoiceCost,
    costs,
    costs_for_period,
    earliest_month,
    total_price,
)
from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.lookups import billing_type_of
from waldur_billing_mock.mock_server.billing.period import coded_period, documented_period, shifted_dates
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.billing.visibility import can_see_customer, can_see_project
from waldur_billing_mock.mock_server.operations.call import Call, linked_invoice, named_item, project_key, visible_items
from waldur_billing_mock.mock_server.operations.filters import By
from waldur_billing_mock.mock_server.tables import Found
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Listing, select

_FILTERS: Final[Mapping[str, Filter[ItemView]]] = {
    "year": By(InvoiceItem, "invoice.year"),
    "month": By(InvoiceItem, "invoice.month"),
    "start_year": By(InvoiceItem, "start.year"),
    "start_month": By(InvoiceItem, "start.month"),
    "resource_uuid": By(InvoiceItem, "resource_uuid"),
    "offering_uuid": By(InvoiceItem, "resource.offering_uuid"),
    "project_uuid": By(InvoiceItem, "linked_project_uuid"),
    "customer_uuid": By(InvoiceItem, "linked_project.customer_uuid"),
    "credit_uuid": By(InvoiceItem, "credit_uuid"),
}
_OF_CUSTOMER: Final[Mapping[str, Filter[ItemView]]] = {"customer_uuid": By(InvoiceItem, "invoice.customer_uuid")}
_OF_PROJECT: Final[Mapping[str, Mapping[str, Filter[ItemView]]]] = {
    key: {"project_uuid": By(InvoiceItem, key), "resource_uuid": By(InvoiceItem, "resource_uuid")}
    for key in ("project_uuid", "stored_project_uuid")
}


@dataclass(frozen=True, slots=True)
class Migration:
    """An item that was moved, with the two names under which the revisions answer it."""

    invoice_item_uuid: str
    invoice: Invoice


def invoice_items_list(call: Call) -> Listing[ItemView]:
    """The items that the caller may see, the earliest start first."""
    return Listing(visible_items(call), _FILTERS)


def invoice_items_retrieve(call: Call) -> ItemView:
    """The item. Raises `NotFound` also where it does not fit the filters, which only the wire dialect has here."""
    item = ItemView(call.world, named_item(call))
    if not select([item], _FILTERS, call.query):
        raise NotFound("InvoiceItem")
    return item


def invoice_items_update(call: Call) -> Mapping[str, Any]:
    """The item takes the fields that were sent; PUT leaves what was not sent as it is, like PATCH."""
    item = named_item(call)
    writable = writable_fields(call.world, item)
    ignored = call.has("unwritable-fields-unread")
    fields = call.fields(only=frozenset(writable) if ignored else None)
    if call.has("usage-needs-quantity") and "quantity" not in fields and billing_type_of(call.world, item) == "usage":
        raise problems.server_error()
    corrected = correct(call.world, item, **fields)
    return {name: getattr(corrected, name) for name in writable}


def invoice_items_partial_update(call: Call) -> Mapping[str, Any]:
    """The item takes the fields that were sent."""
    return invoice_items_update(call)


def invoice_items_destroy(call: Call) -> None:
    """The item is gone, whatever the state of its invoice; compensations of it stay."""
    call.world.remove(named_item(call))


def invoice_items_create_compensation(call: Call) -> Mapping[str, str]:
    """The current month's invoice of the customer has a copy of the item with the opposite price."""
    item = named_item(call)
    name = call.fields()["offering_component_name"]
    return {"invoice_item_uuid": compensate(call.world, item, name).uuid, "offering_component_name": name}


def invoice_items_migrate_to(call: Call) -> Migration:
    """The item is on the invoice that was named."""
    item, invoice = named_item(call), linked_invoice(call, "invoice")
    return Migration(move(call.world, item, invoice).uuid, invoice)


def invoice_items_consumptions_list(call: Call) -> Listing[CustomerCreditConsumptionByMonth]:
    """What the item's credit has paid for items that fit the filters, month by month; nothing without a credit."""
    item = named_item(call)
    if call.has("consumptions-fail"):
        raise problems.server_error()
    credited = [ItemView(call.world, row) for row in credited_items(call.world, item)]
    return Listing(consumptions(call.world, [view.row for view in select(credited, _FILTERS, call.query)]))


def invoice_items_consumptions_retrieve(call: Call) -> ItemView:
    """The item itself, as the documents of 2025-11 describe its consumptions."""
    item = named_item(call)
    if call.has("consumptions-fail"):
        raise problems.server_error()
    return ItemView(call.world, item)


def invoice_items_costs_list(call: Call) -> Listing[InvoiceCost]:
    """The costs of a project, or of all that the caller may see, by month, the newest first."""
    return Listing(costs(call.world, _of_project(call)))


def invoice_items_customer_costs_for_period_retrieve(call: Call) -> Mapping[str, Any]:
    """The costs of a customer, or of all that the caller may see, in the last months. Raises `NotFound`."""
    uuid = call.query.get("customer_uuid")
    customer = call.world.customers.get(uuid)
    if uuid is not None and (customer is None or not can_see_customer(call.world, call.user, customer)):
        raise NotFound.with_uuid("Customer", uuid)
    return _costs_for_period(call, select(visible_items(call), _OF_CUSTOMER, call.query).rows)


def invoice_items_project_costs_for_period_retrieve(call: Call) -> Mapping[str, Any]:
    """The costs of a project, or of all that the caller may see, in the last months. Raises `NotFound`."""
    uuid = call.query.get("project_uuid")
    project = call.world.projects.get(uuid)
    if uuid is not None and (project is None or not can_see_project(call.user, project)):
        raise NotFound.with_uuid("Project", uuid)
    return _costs_for_period(call, _of_project(call))


def invoice_items_total_price_retrieve(call: Call) -> Mapping[str, Any]:
    """The unrounded sum of the items that fit the filters."""
    return {"total_price": total_price(select(visible_items(call), _FILTERS, call.query).rows)}


def _of_project(call: Call) -> Found[InvoiceItem]:
    """The items that the caller may see; of one project, and of one resource, where the query names them."""
    return select(visible_items(call), _OF_PROJECT[project_key(call)], call.query).rows


def _costs_for_period(call: Call, items: Found[InvoiceItem]) -> Mapping[str, Any]:
    sent, today = call.query["period"], call.world.now.date()
    if call.has("coded-periods"):
        period = coded_period(sent, today, earliest_month(items))
    else:
        period = documented_period(sent, today)
    dates = shifted_dates(sent, today) if call.has("shifted-period-dates") else (period.start_date, period.end_date)
    return {"total_price": costs_for_period(items, period.months), "start_date": dates[0], "end_date": dates[1]}
