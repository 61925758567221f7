"""What a user may see. Writing takes staff, which the web layer asks for before anything is looked up.

Roles on projects open no invoice and no item; they count for the sums of costs and for growth.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Found, Row, Rows

R = TypeVar("R", bound=Row)

_PROVIDER_ROLES = ("CUSTOMER.OWNER", "CUSTOMER.MANAGER")


def sees_everything(user: User) -> bool:
    """Staff and global support read every invoice and item."""
    return user.is_staff or user.is_support


def has_role(user: User, customer_uuid: str) -> bool:
    """Whether the user reads everything, or has any role on the customer itself."""
    return sees_everything(user) or customer_uuid in user.scopes("customer")


def invoices_visible_to(world: World, user: User) -> Found[Invoice]:
    """Of customers on which the user has any role, the newest month first."""
    rows = world.invoices.ordered("newest_month")
    return rows if sees_everything(user) else _found(rows, "customer_uuid", user.scopes("customer"))


def can_see_invoice(user: User, invoice: Invoice) -> bool:
    return has_role(user, invoice.customer_uuid)


def items_visible_to(world: World, user: User) -> Found[InvoiceItem]:
    """The items of the visible invoices, the earliest start first."""
    rows = world.invoice_items.ordered("start")
    return rows if sees_everything(user) else _found(rows, "invoice.customer_uuid", user.scopes("customer"))


def can_see_item(world: World, user: User, item: InvoiceItem) -> bool:
    return sees_everything(user) or can_see_invoice(user, world.invoices.one(item.invoice_uuid))


def provider_items_visible_to(world: World, user: User) -> Found[InvoiceItem]:
    """For staff all; else those whose offering belongs to a customer that the user owns or manages.

    The newest invoice comes first. Global support has no privilege here, and a role on a single offering gives none
    either.
    """
    rows = world.invoice_items.ordered("newest_invoice")
    if user.is_staff:
        return rows
    sellers = user.scopes("customer", *_PROVIDER_ROLES)
    sold = [offering.uuid for uuid in sellers for offering in world.offerings.where(customer_uuid=uuid)]
    return _found(rows, "resource.offering_uuid", sold)


def can_see_provider_item(world: World, user: User, item: InvoiceItem) -> bool:
    if user.is_staff:
        return True
    resource = world.resources.get(item.resource_uuid)
    if resource is None:
        return False
    return world.offerings.one(resource.offering_uuid).customer_uuid in user.scopes("customer", *_PROVIDER_ROLES)


def customers_visible_to(world: World, user: User) -> list[Customer]:
    """Those on which, or on one of whose projects, the user has any role."""
    return [customer for customer in world.customers if can_see_customer(world, user, customer)]


def can_see_customer(world: World, user: User, customer: Customer) -> bool:
    if sees_everything(user) or customer.uuid in user.scopes("customer"):
        return True
    own = user.scopes("project")
    return any(project.uuid in own for project in world.projects.where(customer_uuid=customer.uuid))


def can_see_project(user: User, project: Project) -> bool:
    return (
        sees_everything(user)
        or project.uuid in user.scopes("project")
        or project.customer_uuid in user.scopes("customer")
    )


def _found(rows: Rows[R], key: str, values: Collection[str]) -> Found[R]:
    """The rows with any of the values, in the order of the rows."""
    found = [rows.narrowed({key: value})[0] for value in values]
    return found[0] if len(found) == 1 else rows.merged(found)
