"""Defects in who sees what and who may do what."""

from typing import Final

from tests.wrapping.changes import (
    COSTS,
    CUSTOMER_COSTS,
    DELETE_ITEM,
    GROWTH,
    INVOICE,
    INVOICES,
    ITEM,
    ITEMS,
    LINES,
    MIGRATE,
    PROJECT_COSTS,
    PROVIDER_ITEM,
    PROVIDER_ITEMS,
    SET_BACKEND_ID,
    STATS,
    TOTAL_PRICE,
    Defect,
    asked_as,
)
from tests.wrapping.proxy import Route

AS_STAFF: Final = dict.fromkeys(("owner", "owner2"), "staff")


def _open(identifier: str, sentence: str, route: Route, *roles: str, by_reading: bool = True) -> Defect:
    """Users of some roles are taken for staff by one operation."""
    return Defect(identifier, sentence, asked_as([route], dict.fromkeys(roles, "staff")), by_reading)


ROLES: Final = (
    Defect(
        "foreign-invoices-listed",
        "Owners see the invoices of all customers in the list.",
        asked_as([INVOICES], AS_STAFF),
    ),
    Defect("foreign-invoice-shown", "Owners can read the invoice of another customer.", asked_as([INVOICE], AS_STAFF)),
    Defect(
        "foreign-lines-shown", "Owners can read the items of another customer's invoice.", asked_as([LINES], AS_STAFF)
    ),
    Defect(
        "foreign-stats-shown",
        "Owners can read the statistics of another customer's invoice.",
        asked_as([STATS], AS_STAFF),
    ),
    Defect("foreign-item-shown", "Owners can read an item of another customer.", asked_as([ITEM], AS_STAFF)),
    Defect("foreign-items-listed", "Owners see the items of all customers in the list.", asked_as([ITEMS], AS_STAFF)),
    Defect(
        "foreign-growth-counted", "The growth that owners see is that of all customers.", asked_as([GROWTH], AS_STAFF)
    ),
    Defect(
        "foreign-items-counted",
        "The total price that owners see is that of all customers.",
        asked_as([TOTAL_PRICE], AS_STAFF),
    ),
    Defect(
        "foreign-project-costs-shown",
        "Owners can read the costs of other customers' projects.",
        asked_as([COSTS], AS_STAFF),
        lawful="Servers do so: the entry costs-unscoped.",
    ),
    Defect(
        "foreign-costs-for-period", "Owners can ask for another customer's costs.", asked_as([CUSTOMER_COSTS], AS_STAFF)
    ),
    Defect(
        "foreign-project-for-period",
        "Owners can ask for the costs of another customer's project.",
        asked_as([PROJECT_COSTS], AS_STAFF),
    ),
    _open("support-sees-provider-items", "Support sees the items of all providers.", PROVIDER_ITEMS, "support"),
    _open(
        "providers-see-foreign-offerings",
        "Providers see the items of other providers' offerings.",
        PROVIDER_ITEMS,
        "provider_owner",
        "provider_manager",
    ),
    _open(
        "provider-item-open-to-owners",
        "Owners can read an item as only its provider may.",
        PROVIDER_ITEM,
        "owner",
        "owner2",
    ),
    Defect(
        "project-roles-see-invoices",
        "Members of a project see their customer's invoices.",
        asked_as([INVOICES, INVOICE], dict.fromkeys(("project_admin", "project_manager", "project_member"), "owner")),
    ),
    Defect(
        "customer-manager-sees-nothing",
        "Managers of a customer see no invoices.",
        asked_as([INVOICES], {"customer_manager": "nobody"}),
    ),
    Defect(
        "customer-support-sees-nothing",
        "Supporters of a customer see no items.",
        asked_as([ITEMS], {"customer_support": "nobody"}),
    ),
    Defect("support-sees-nothing", "Support cannot read an invoice.", asked_as([INVOICE], {"support": "nobody"})),
    Defect("nobody-sees-everything", "Who has no role sees all items.", asked_as([ITEMS], {"nobody": "staff"})),
    _open("set-backend-id-open-to-owners", "Owners can set the backend id.", SET_BACKEND_ID, "owner", by_reading=False),
    _open("delete-open-to-support", "Support can delete items.", DELETE_ITEM, "support", by_reading=False),
    _open(
        "migrate-open-to-providers",
        "Providers can move items.",
        MIGRATE,
        "provider_owner",
        "provider_manager",
        by_reading=False,
    ),
)
