"""The operations of the page `invoice-items`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.compensation import (
    CustomerCreditConsumptionByMonth,
    compensate,
    consumptions,
)
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
from waldur_billing_mock.mock_server.billing.period import coded_period, documented_period, shifted_dates
from waldur_billing_mock.mock_server.billing.visibility import can_see_customer, can_see_project, items_visible_to
from waldur_billing_mock.mock_server.operations.call import Call
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.listing import Filter, Listing, select

_FILTERS: Final[Mapping[str, Filter[InvoiceItem]]] = {
    "year": lambda item, year: item.invoice.year == year,
    "month": lambda item, month: item.invoice.month == month,
    "start_year": lambda item, year: item.start.year == year,
    "start_month": lambda item, month: item.start.month == month,
    "resource_uuid": lambda item, uuid: item.resource_uuid == uuid,
    "offering_uuid": lambda item, uuid: item.offering_uuid == uuid,
    "project_uuid": lambda item, uuid: item.linked_project_uuid == uuid,
    "customer_uuid": lambda item, uuid: item.linked_project is not None and item.linked_project.customer_uuid == uuid,
    "credit_uuid": lambda item, uuid: item.credit_uuid == uuid,
}
_OF_CUSTOMER: Final[Mapping[str, Filter[InvoiceItem]]] = {
    "billed_customer": lambda item, uuid: item.customer_uuid == uuid,
}
_OF_PROJECT: Final[Mapping[str, Filter[InvoiceItem]]] = {
    "shown_project": lambda item, uuid: item.project_uuid == uuid,
    "stored_project": lambda item, uuid: item.stored_project_uuid == uuid,
    "resource_uuid": lambda item, uuid: item.resource_uuid == uuid,
}


@dataclass(frozen=True, slots=True)
class Migration:
    """An item that was moved, with the two names under which the revisions answer it."""

    item: InvoiceItem

    @property
    def invoice_item_uuid(self) -> str:
        return self.item.uuid

    @property
    def invoice(self) -> Invoice:
        return self.item.invoice


def invoice_items_list(call: Call) -> Listing[InvoiceItem]:
    """The items that the caller may see, the earliest start first."""
    return Listing(items_visible_to(call.user), _FILTERS)


def invoice_items_retrieve(call: Call) -> InvoiceItem:
    """The item. Raises `NotFound` also where it does not fit the filters, which only the wire dialect has here."""
    item = call.item()
    if not select([item], _FILTERS, call.query):
        raise NotFound("InvoiceItem")
    return item


def invoice_items_update(call: Call) -> Mapping[str, Any]:
    """The item takes the fields that were sent; PUT leaves what was not sent as it is, like PATCH."""
    item = call.item()
    writable = item.writable_fields()
    ignored = call.has("unwritable-fields-unread")
    fields = call.intake.fields(only=frozenset(writable) if ignored else None)
    if call.has("usage-needs-quantity") and item.billing_type == "usage" and "quantity" not in fields:
        raise problems.server_error()
    updated = item.update(**fields)
    return {name: getattr(updated, name) for name in writable}


def invoice_items_partial_update(call: Call) -> Mapping[str, Any]:
    """The item takes the fields that were sent."""
    return invoice_items_update(call)


def invoice_items_destroy(call: Call) -> None:
    """The item is gone; compensations of it stay."""
    call.item().delete()


def invoice_items_create_compensation(call: Call) -> Mapping[str, str]:
    """The current month's invoice of the customer has a copy of the item with the opposite price."""
    item = call.item()
    name = call.intake.fields()["offering_component_name"]
    return {"invoice_item_uuid": compensate(item, name).uuid, "offering_component_name": name}


def invoice_items_migrate_to(call: Call) -> Migration:
    """The item stands on the invoice that was named."""
    item = call.item()
    return Migration(item.migrate_to(call.linked_invoice("invoice")))


def invoice_items_consumptions_list(call: Call) -> Listing[CustomerCreditConsumptionByMonth]:
    """What the item's credit has paid for items that fit the filters, month by month; nothing without a credit."""
    item = call.item()
    if call.has("consumptions-fail"):
        raise problems.server_error()
    return Listing(consumptions(select(item.credited_items, _FILTERS, call.query)))


def invoice_items_consumptions_retrieve(call: Call) -> InvoiceItem:
    """The item itself, as the documents of 2025-11 describe its consumptions."""
    item = call.item()
    if call.has("consumptions-fail"):
        raise problems.server_error()
    return item


def invoice_items_costs_list(call: Call) -> Listing[InvoiceCost]:
    """The costs of a project, or of all that the caller may see, by month, the newest first."""
    return Listing(costs(_of_project(call), call.world.now))


def invoice_items_customer_costs_for_period_retrieve(call: Call) -> Mapping[str, Any]:
    """The costs of a customer, or of all that the caller may see, in the last months. Raises `NotFound`."""
    uuid = call.query.get("customer_uuid")
    customer = call.world.customers.get(uuid)
    if uuid is not None and (customer is None or not can_see_customer(call.user, customer)):
        raise NotFound.with_uuid("Customer", uuid)
    return _costs_for_period(call, select(items_visible_to(call.user), _OF_CUSTOMER, {"billed_customer": uuid}))


def invoice_items_project_costs_for_period_retrieve(call: Call) -> Mapping[str, Any]:
    """The costs of a project, or of all that the caller may see, in the last months. Raises `NotFound`."""
    uuid = call.query.get("project_uuid")
    project = call.world.projects.get(uuid)
    if uuid is not None and (project is None or not can_see_project(call.user, project)):
        raise NotFound.with_uuid("Project", uuid)
    return _costs_for_period(call, _of_project(call))


def invoice_items_total_price_retrieve(call: Call) -> Mapping[str, Any]:
    """The unrounded sum of the items that fit the filters."""
    return {"total_price": total_price(select(items_visible_to(call.user), _FILTERS, call.query))}


def _of_project(call: Call) -> Sequence[InvoiceItem]:
    """The items that the caller may see; of one project, and of one resource, where the query names them."""
    name = "stored_project" if call.has("project-snapshot-only") else "shown_project"
    wanted = {name: call.query.get("project_uuid"), "resource_uuid": call.query.get("resource_uuid")}
    return select(items_visible_to(call.user), _OF_PROJECT, wanted)


def _costs_for_period(call: Call, items: Sequence[InvoiceItem]) -> Mapping[str, Any]:
    sent, today = call.query["period"], call.world.now.date()
    if call.has("coded-periods"):
        period = coded_period(sent, today, earliest_month(items))
    else:
        period = documented_period(sent, today)
    dates = shifted_dates(sent, today) if call.has("shifted-period-dates") else (period.start_date, period.end_date)
    return {"total_price": costs_for_period(items, period.months), "start_date": dates[0], "end_date": dates[1]}
