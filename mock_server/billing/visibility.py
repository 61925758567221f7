"""What a user may see. Writing takes staff, which the web layer asks for before anything is looked up.

Roles on projects open no invoice and no item; they count for the sums of costs and for growth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.table import Row, Rows

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.invoice import Invoice
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem
    from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User

_PROVIDER_ROLES = ("CUSTOMER.OWNER", "CUSTOMER.MANAGER")


def sees_everything(user: User) -> bool:
    """Staff and global support read every invoice and item."""
    return user.is_staff or user.is_support


def invoices_visible_to(user: User) -> Sequence[Invoice]:
    """Of customers on which the user has any role, the newest month first."""
    rows = user.world.invoices.listed("newest_month")
    return rows if sees_everything(user) else _found(rows, "customer_uuid", user.scopes("customer"))


def can_see_invoice(user: User, invoice: Invoice) -> bool:
    return sees_everything(user) or invoice.customer_uuid in user.scopes("customer")


def items_visible_to(user: User) -> Sequence[InvoiceItem]:
    """The items of the visible invoices, the earliest start first."""
    rows = user.world.invoice_items.listed("start")
    return rows if sees_everything(user) else _found(rows, "billed_customer", user.scopes("customer"))


def can_see_item(user: User, item: InvoiceItem) -> bool:
    return sees_everything(user) or can_see_invoice(user, item.invoice)


def provider_items_visible_to(user: User) -> Sequence[InvoiceItem]:
    """For staff all; else those whose offering belongs to a customer that the user owns or manages.

    The newest invoice comes first. Global support has no privilege here, and a role on a single offering gives none
    either.
    """
    rows, offerings = user.world.invoice_items.listed("newest_invoice"), user.world.offerings
    if user.is_staff:
        return rows
    sold = [row.uuid for uuid in user.scopes("customer", *_PROVIDER_ROLES) for row in offerings.where("customer", uuid)]
    return _found(rows, "offering_uuid", sold)


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


def _found(rows: Rows[Row], name: str, values: Collection[str]) -> Sequence[Row]:
    """The rows that are found by any of the values, in the order of the rows; those of a single one can be narrowed."""
    found = [rows.narrowed({name: value})[0] for value in values]
    return found[0] if len(found) == 1 else rows.in_order(row for part in found for row in part)
