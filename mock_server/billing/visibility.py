"""What a user may see. Writing takes staff, which the web layer asks for before anything is looked up.

Roles on projects open no invoice and no item; they count for the sums of costs and for growth.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mock_server.billing.store import Row

if TYPE_CHECKING:
    from mock_server.billing.invoice import Invoice
    from mock_server.billing.item import InvoiceItem
    from mock_server.billing.structure import Customer, Project, User

_PROVIDER_ROLES = ("CUSTOMER.OWNER", "CUSTOMER.MANAGER")


def sees_everything(user: User) -> bool:
    """Staff and global support read every invoice and item."""
    return user.is_staff or user.is_support


def invoices_visible_to(user: User) -> list[Invoice]:
    """Of customers on which the user has any role."""
    invoices = user.world.invoices
    if sees_everything(user):
        return list(invoices)
    customers = user.scopes("customer")
    return _by_id(invoice for customer in customers for invoice in invoices.where("customer", customer))


def can_see_invoice(user: User, invoice: Invoice) -> bool:
    return sees_everything(user) or invoice.customer_uuid in user.scopes("customer")


def items_visible_to(user: User) -> list[InvoiceItem]:
    """The items of the visible invoices."""
    if sees_everything(user):
        return list(user.world.invoice_items)
    return _by_id(item for invoice in invoices_visible_to(user) for item in invoice.all_items)


def can_see_item(user: User, item: InvoiceItem) -> bool:
    return can_see_invoice(user, item.invoice)


def provider_items_visible_to(user: User) -> list[InvoiceItem]:
    """For staff all; else those whose offering belongs to a customer that the user owns or manages.

    Global support has no privilege here, and a role on a single offering gives none either.
    """
    world = user.world
    if user.is_staff:
        return list(world.invoice_items)
    return _by_id(
        item
        for customer in user.scopes("customer", *_PROVIDER_ROLES)
        for offering in world.offerings.where("customer", customer)
        for resource in world.resources.where("offering", offering.uuid)
        for item in world.invoice_items.where("resource", resource.uuid)
    )


def can_see_provider_item(user: User, item: InvoiceItem) -> bool:
    if user.is_staff:
        return True
    providers = user.scopes("customer", *_PROVIDER_ROLES)
    return item.resource is not None and item.resource.offering.customer_uuid in providers


def customers_visible_to(user: User) -> list[Customer]:
    """Those on which, or on one of whose projects, the user has any role."""
    return [customer for customer in user.world.customers if can_see_customer(user, customer)]


def can_see_customer(user: User, customer: Customer) -> bool:
    if sees_everything(user) or customer.uuid in user.scopes("customer"):
        return True
    own = user.scopes("project")
    return any(project.uuid in own for project in customer.projects)


def projects_visible_to(user: User) -> list[Project]:
    """Those on which, or on whose customer, the user has any role."""
    return [project for project in user.world.projects if can_see_project(user, project)]


def can_see_project(user: User, project: Project) -> bool:
    return (
        sees_everything(user)
        or project.uuid in user.scopes("project")
        or project.customer_uuid in user.scopes("customer")
    )


def _by_id(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.id)
