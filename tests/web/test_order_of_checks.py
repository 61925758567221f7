"""A request that is wrong in many ways is refused for the first of them, in the order of behaviour 1.3 and 12."""

import json
from typing import Final

import pytest

from tests.asgi import Api, Reply
from tests.operations.figures import INVOICE, UNKNOWN, invoice_path
from tests.operations.roles import EVERYTHING, WRITE_INVOICE, WRITE_ITEM, Operation

REFUSALS: Final = {
    "slash": (301, ""),
    "accept": (406, "Could not satisfy the request Accept header."),
    "token": (401, "Authentication credentials were not provided."),
    "method": (405, "not allowed."),
    "role": (403, "You do not have permission to perform this action."),
    "object": (404, "matches the given query."),
    "state": (409, "Valid states for operation: Created."),
    "body": (400, "JSON parse error"),
    "field": (400, "{field}"),
}
"""Everything that can be wrong, in the order in which it is looked at: the status, and words of the refusal."""

FIELDS: Final = {
    "invoices_list": ("year", "x"),
    "invoices_growth_retrieve": ("customers_count", "x"),
    "invoices_stats_list": ("year", "x"),
    "invoices_paid": ("date", "yesterday"),
    "invoices_set_backend_id": ("backend_id", None),
    "invoices_set_payment_url": ("payment_url", "nowhere"),
    "invoices_set_reference_number": ("reference_number", None),
    "invoice_items_list": ("year", "x"),
    "invoice_items_update": ("unit_price", "-1"),
    "invoice_items_partial_update": ("unit_price", "-1"),
    "invoice_items_consumptions_list": ("year", "x"),
    "invoice_items_create_compensation": ("offering_component_name", None),
    "invoice_items_migrate_to": ("invoice", None),
    "invoice_items_costs_list": ("project_uuid", "x"),
    "invoice_items_customer_costs_for_period_retrieve": ("customer_uuid", "x"),
    "invoice_items_project_costs_for_period_retrieve": ("project_uuid", "x"),
    "invoice_items_total_price_retrieve": ("year", "x"),
    "provider_invoice_items_list": ("invoice_year", "x"),
}
"""A wrong value of a parameter or of a field of the body, for every operation that has any."""

WRITING: Final = (*WRITE_INVOICE, *WRITE_ITEM)
PROVIDER_ITEM: Final = "/123/"


def faults(operation: Operation) -> list[str]:
    """What can be wrong with a call of an operation, in the order of the checks."""
    names = ["slash", "accept", "token", "method"]
    if operation in WRITING:
        names.append("role")
    if "{uuid}" in operation.path or PROVIDER_ITEM in operation.path:
        names.append("object")
    if operation.operation_id in ("invoices_paid", "invoices_send_notification"):
        names.append("state")
    if operation in WRITING and operation.operation_id in FIELDS:
        names.append("body")
    if operation.operation_id in FIELDS:
        names.append("field")
    return names


def send(api: Api, operation: Operation, wrong: list[str]) -> Reply:
    """The answer to a call that is wrong in these ways, and right in all others but its success."""
    if "state" in wrong:
        assert api.post(invoice_path(INVOICE, "paid/")).status == 200
    path = operation.path.format(uuid=UNKNOWN if "object" in wrong else INVOICE)
    content = b""
    if "object" in wrong:
        path = path.replace(PROVIDER_ITEM, "/999999/")
    if "slash" in wrong:
        path = path.rstrip("/")
    if "field" in wrong:
        name, value = FIELDS[operation.operation_id]
        if operation in WRITING:
            content = json.dumps({name: value}).encode()
        else:
            path = f"{path}?{name}={value}"
    if "body" in wrong:
        content = b"{"
    headers = {"Accept": "text/csv" if "accept" in wrong else "application/json", "Content-Type": "application/json"}
    method = unrouted(operation) if "method" in wrong else operation.method
    username = None if "token" in wrong else "owner" if "role" in wrong else "staff"
    return api.send(method, path, username, headers, content)


def unrouted(operation: Operation) -> str:
    """A method that the path of an operation does not have."""
    routed = {other.method for other in EVERYTHING if other.path == operation.path}
    return next(method for method in ("POST", "PUT") if method not in routed)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        pytest.param(operation, fault, id=f"{operation.operation_id}-{fault}")
        for operation in EVERYTHING
        for fault in faults(operation)
    ],
)
def test_the_first_fault_is_the_one_that_is_told(november: Api, operation: Operation, fault: str) -> None:
    possible = faults(operation)
    status, words = REFUSALS[fault]
    if (operation.operation_id, fault) == ("invoices_send_notification", "state"):
        status, words = 400, "Notification only for the created invoice can be sent."
    field, _ = FIELDS.get(operation.operation_id, ("", None))

    reply = send(november, operation, possible[possible.index(fault) :])

    assert reply.status == status, reply.text
    assert words.format(field=field) in reply.text


def test_every_refusal_has_its_place_in_the_order() -> None:
    named = {fault for operation in EVERYTHING for fault in faults(operation)}

    assert named == REFUSALS.keys()


def test_a_wrong_filter_is_told_before_a_wrong_page(readable: Api) -> None:
    reply = readable.get("/api/invoices/", year="x", page="99")

    assert (reply.status, reply.body) == (400, {"year": ["Enter a number."]})


def test_wrong_arguments_are_told_before_a_customer_that_is_none(readable: Api) -> None:
    reply = readable.get("/api/invoice-items/customer_costs_for_period/", customer_uuid=UNKNOWN, period="2")

    assert (reply.status, reply.body) == (400, {"period": ['"2" is not a valid choice.']})


def test_fields_are_told_before_an_item_that_cannot_be_compensated(november: Api) -> None:
    negative = next(item for item in november.world.invoice_items if item.unit_price < 0)
    path = f"/api/invoice-items/{negative.uuid}/create_compensation/"

    reply = november.post(path, {})

    assert (reply.status, reply.body) == (400, {"offering_component_name": ["This field is required."]})
