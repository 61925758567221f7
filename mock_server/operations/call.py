"""One call of an operation: the world, the caller, what was sent, and the objects that the path leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waldur_billing_mock.mock_server.billing.faults import InvalidFields, NotFound
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.views import ItemView, Views
from waldur_billing_mock.mock_server.billing.visibility import can_see_invoice, can_see_item, items_visible_to
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.spec.validation import hex_uuid
from waldur_billing_mock.mock_server.web.intake import Intake


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation gets. Its query and body are judged when they are first asked for."""

    world: World
    intake: Intake[User]

    @property
    def user(self) -> User:
        return self.intake.user

    def has(self, switch: str) -> bool:
        """Whether the dialect has switched something on that only code can do (`x-waldur-switches`)."""
        return switch in self.intake.switches

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters that were sent or have a default."""
        return self.intake.query

    def invoice(self) -> Invoice:
        """The invoice that the path names, where the caller may see it. Raises `NotFound`."""
        found = self.world.invoices.get(read_uuid(self.intake.path["uuid"]))
        if found is None or not can_see_invoice(self.user, found):
            raise NotFound("Invoice")
        return found

    def item(self) -> InvoiceItem:
        """The invoice item that the path names, where the caller may see it. Raises `NotFound`."""
        found = self.world.invoice_items.get(read_uuid(self.intake.path["uuid"]))
        if found is None or not can_see_item(self.world, self.user, found):
            raise NotFound("InvoiceItem")
        return found

    def items(self) -> Views[ItemView]:
        """The invoice items that the caller may see, the earliest start first."""
        return Views(self.world, items_visible_to(self.world, self.user), ItemView)

    def project_key(self) -> str:
        """The key of the project that an item counts for: the one that it shows, or the dialect's choice."""
        return "stored_project_uuid" if self.has("project-snapshot-only") else "project_uuid"

    def linked_invoice(self, field: str) -> Invoice:
        """The invoice that the hyperlink in a field of the body leads to. Raises `InvalidFields`."""
        target = self.intake.links.resolve(self.intake.fields()[field])
        if target is None:
            raise InvalidFields({field: ["Invalid hyperlink - No URL match."]})
        template, identifier = target
        if template != "/api/invoices/{uuid}/":
            raise InvalidFields({field: ["Invalid hyperlink - Incorrect URL match."]})
        found = self.world.invoices.get(read_uuid(identifier))
        if found is None:
            raise InvalidFields({field: ["Invalid hyperlink - Object does not exist."]})
        return found


def read_uuid(text: str) -> str | None:
    """The hex digits of a uuid in any form; None for text that is no uuid, and so names no object."""
    try:
        return hex_uuid(text)
    except ValueError:
        return None
