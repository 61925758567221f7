"""The objects that a path or a hyperlink names, where the caller may see them."""

from waldur_billing_mock.mock_server.billing.faults import InvalidFields, NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.views import ItemView, Views
from waldur_billing_mock.mock_server.billing.visibility import can_see_invoice, can_see_item, items_visible_to
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.spec.validation import hex_uuid
from waldur_billing_mock.mock_server.web import call as web

Call = web.Call[World, User]
"""What an operation gets."""


def named_invoice(call: Call) -> Invoice:
    """The invoice that the path names. Raises `NotFound` where the caller may not see it."""
    found = call.world.invoices.get(read_uuid(call.path["uuid"]))
    if found is None or not can_see_invoice(call.user, found):
        raise NotFound("Invoice")
    return found


def named_item(call: Call) -> InvoiceItem:
    """The invoice item that the path names. Raises `NotFound` where the caller may not see it."""
    found = call.world.invoice_items.get(read_uuid(call.path["uuid"]))
    if found is None or not can_see_item(call.world, call.user, found):
        raise NotFound("InvoiceItem")
    return found


def visible_items(call: Call) -> Views[ItemView]:
    """The invoice items that the caller may see, the earliest start first."""
    return Views(call.world, items_visible_to(call.world, call.user), ItemView)


def project_key(call: Call) -> str:
    """The key of the project that an item counts for: the one that it shows, or the dialect's choice."""
    return "stored_project_uuid" if call.has("project-snapshot-only") else "project_uuid"


def linked_invoice(call: Call, field: str) -> Invoice:
    """The invoice that the hyperlink in a field of the body leads to. Raises `InvalidFields`."""
    target = call.links.resolve(call.fields()[field])
    if target is None:
        raise InvalidFields({field: ["Invalid hyperlink - No URL match."]})
    template, identifier = target
    if template != "/api/invoices/{uuid}/":
        raise InvalidFields({field: ["Invalid hyperlink - Incorrect URL match."]})
    found = call.world.invoices.get(read_uuid(identifier))
    if found is None:
        raise InvalidFields({field: ["Invalid hyperlink - Object does not exist."]})
    return found


def read_uuid(text: str) -> str | None:
    """The hex digits of a uuid in any form; None for text that is no uuid, and so names no object."""
    try:
        return hex_uuid(text)
    except ValueError:
        return None
