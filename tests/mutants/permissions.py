"""Defects in who may write: each write open to each role that must be refused."""

from collections.abc import Mapping
from typing import Final

from tests.wrapping.changes import (
    COMPENSATE,
    DELETE_ITEM,
    MIGRATE,
    NOTIFY,
    PAID,
    PATCH_ITEM,
    PUT_ITEM,
    SET_BACKEND_ID,
    SET_PAYMENT_URL,
    SET_REFERENCE,
    Defect,
    asked_as,
)
from tests.wrapping.proxy import Route

WRITES: Final[Mapping[str, tuple[Route, str]]] = {
    "paying": (PAID, "pay invoices"),
    "announcing": (NOTIFY, "announce invoices"),
    "backend-id": (SET_BACKEND_ID, "set the backend id"),
    "payment-url": (SET_PAYMENT_URL, "set the address for paying"),
    "reference-number": (SET_REFERENCE, "set the reference number"),
    "replacing": (PUT_ITEM, "replace items"),
    "changing": (PATCH_ITEM, "change items"),
    "deleting": (DELETE_ITEM, "delete items"),
    "compensating": (COMPENSATE, "compensate items"),
    "moving": (MIGRATE, "move items"),
}
"""All writes by a word of the identifier, with what the sentence calls them."""
ROLES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "owners": ("Owners", ("owner", "owner2")),
    "support": ("Support", ("support",)),
    "managers": ("Managers of a customer", ("customer_manager",)),
    "supporters": ("Supporters of a customer", ("customer_support",)),
    "project-roles": ("Those who have a role in a project", ("project_admin", "project_manager", "project_member")),
    "providers": ("Providers", ("provider_owner", "provider_manager")),
    "nobody": ("Those without a role", ("nobody",)),
}

PERMISSIONS: Final = tuple(
    Defect(
        f"{write}-open-to-{word}",
        f"{who} can {what}.",
        asked_as([route], dict.fromkeys(roles, "staff")),
        by_reading=False,
    )
    for write, (route, what) in WRITES.items()
    for word, (who, roles) in ROLES.items()
    # Three of these are among the defects of roles.
    if (write, word) not in {("backend-id", "owners"), ("deleting", "support"), ("moving", "providers")}
)
