"""Peculiarities of what is billed: few data, unusual data, unusual text."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from tests.peculiarities.switch import Change, Peculiarity, World, remove

MARKUP: Final = "<b>&amp;</b><script>alert(1)</script>"
QUOTES: Final = 'O\'Hara "& Sons" `x` \\ '
RIGHT_TO_LEFT: Final = "שלום עליכם مرحبا "
EMOJI: Final = "\N{RECEIPT}\N{FAMILY}\N{ZERO WIDTH JOINER}\N{FIRE} "
LONG: Final = "very long name " * 9
"""Names of customers and projects may have 150 characters in Waldur."""
_TAXES: Final = ("0", "19.25", "100", "7.5", "24")
_PLACES: Final = Decimal("0.0123456")


def _named(text: str) -> Change:
    """Put a text before the names of customers, projects, resources and items."""

    def change(world: World) -> None:
        for table in ("customers", "projects", "resources", "invoice_items"):
            for row in world[table]:
                row["name"] = (text + row["name"])[:150] if table != "invoice_items" else text + row["name"]
        for row in world["invoice_items"]:
            if row.get("project_name"):
                row["project_name"] = (text + row["project_name"])[:150]
            for name in ("resource_name", "plan_name"):
                if isinstance(row["details"], dict) and row["details"].get(name):
                    row["details"][name] = (text + row["details"][name])[:150]

    return change


def _everywhere(table: str, **values: Any) -> Change:
    """Give all rows of a table the same values."""

    def change(world: World) -> None:
        for row in world[table]:
            row.update(values)

    return change


def _without(table: str, doomed: Callable[[dict[str, Any]], bool] = lambda row: True) -> Change:
    return lambda world: remove(world, table, doomed)


def _without_credits(world: World) -> None:
    remove(world, "invoice_items", lambda row: bool(row.get("credit_uuid")))
    remove(world, "project_credits", lambda row: True)
    remove(world, "customer_credits", lambda row: True)


def _one_customer(world: World) -> None:
    """Only the customer of `owner` was ever billed."""
    (owner,) = (user for user in world["users"] if user["username"] == "owner")
    customer = owner["roles"][0]["scope_uuid"]
    remove(world, "invoices", lambda row: bool(row["customer_uuid"] != customer))


def _in_state(state: str) -> Change:
    """All invoices but the pending ones are in one state."""

    def change(world: World) -> None:
        for row in world["invoices"]:
            if row["state"] != "pending":
                row["state"] = state

    return change


def _taxed(world: World) -> None:
    rates = {row["uuid"]: _TAXES[number % len(_TAXES)] for number, row in enumerate(world["customers"])}
    for row in world["invoices"]:
        row["tax_percent"] = rates[row["customer_uuid"]]


def _many_places(world: World) -> None:
    for number, row in enumerate(world["invoice_items"]):
        if number % 3 == 0 and not row.get("credit_uuid") and Decimal(row["unit_price"]) > 0:
            row["unit_price"] = str(Decimal(row["unit_price"]) + _PLACES)
            row["quantity"] = str(Decimal(row["quantity"]) + _PLACES)


def more_items(added: int, invoices: int = 1) -> Change:
    """Add copies of an item of each of so many invoices, in turn, each with a name of its own."""

    def change(world: World) -> None:
        samples = {row["invoice_uuid"]: row for row in world["invoice_items"] if not row.get("credit_uuid")}
        chosen = list(samples.values())[:invoices]
        first = max(row["id"] for row in world["invoice_items"]) + 1
        for number in range(first, first + added):
            copy = {**chosen[number % len(chosen)], "id": number, "uuid": f"{number:032x}", "name": f"{number} cores"}
            world["invoice_items"].append(copy)
        world["last_ids"]["invoice_items"] = first + added

    return change


def _namesakes(world: World) -> None:
    """Two customers that are billed, and all projects, share a name."""
    for row in world["customers"][:2]:
        row["name"] = "Namesake"
    for row in world["projects"]:
        row["name"] = "Project"
    for row in world["invoice_items"]:
        if row.get("project_name"):
            row["project_name"] = "Project"


LARGE: Final = (
    Peculiarity(
        "hundred-thousand-items",
        "There are a hundred thousand items on some hundred invoices.",
        change=more_items(100_000, invoices=1_000),
        group="items",
        alone=True,
    ),
)
"""What takes minutes, so that it runs only where it is named."""
WORLDS: Final = (
    Peculiarity("another-world", "Other customers, prices and months.", world_seed=7, group="scenario"),
    Peculiarity("nothing-billed", "There is no invoice.", scenario="empty", group="scenario", alone=True),
    Peculiarity("one-invoice", "There is a single invoice.", scenario="one-invoice", group="scenario", alone=True),
    Peculiarity("month-end", "The month ends in a few minutes.", scenario="month-end", group="scenario"),
    Peculiarity("no-items", "No invoice has an item.", change=_without("invoice_items"), group="items", alone=True),
    Peculiarity(
        "no-compensations",
        "No item is negative.",
        change=_without("invoice_items", lambda row: bool(Decimal(row["unit_price"]) < 0)),
        group="items",
    ),
    Peculiarity("no-credits", "Nobody has a credit.", change=_without_credits, group="items"),
    Peculiarity("one-customer", "Only one customer was ever billed.", change=_one_customer, group="months"),
    Peculiarity("all-paid", "Every invoice of an earlier month is paid.", change=_in_state("paid"), group="states"),
    Peculiarity("none-paid", "No invoice is paid.", change=_in_state("created"), group="states"),
    Peculiarity(
        "all-canceled", "Every invoice of an earlier month is canceled.", change=_in_state("canceled"), group="states"
    ),
    Peculiarity(
        "nothing-pending",
        "The month has no invoice yet.",
        change=_without("invoices", lambda row: bool(row["state"] == "pending")),
        group="months",
    ),
    Peculiarity(
        "only-pending",
        "Billing began this month.",
        change=_without("invoices", lambda row: bool(row["state"] != "pending")),
        group="months",
        alone=True,
    ),
    Peculiarity(
        "months-missing",
        "Every other month has no invoice.",
        change=_without("invoices", lambda row: bool(row["month"] % 2)),
        group="months",
    ),
    Peculiarity("unusual-taxes", "Taxes are 0, 7.5, 19.25 and 100 percent.", change=_taxed),
    Peculiarity("many-places", "Prices and quantities have seven decimals.", change=_many_places),
    Peculiarity("long-invoice", "An invoice has 350 lines.", change=more_items(350), group="items"),
    Peculiarity("empty-details", "Items have no details.", change=_everywhere("invoice_items", details={})),
    Peculiarity(
        "blank-names",
        "Items have no name.",
        change=_everywhere("invoice_items", name="", measured_unit="", article_code=""),
    ),
    Peculiarity(
        "bare-customers",
        "Customers have neither address nor e-mail nor country.",
        change=_everywhere("customers", email="", address="", country="", postal="", vat_code="", phone_number=""),
    ),
    Peculiarity("bare-issuer", "The issuer is not configured.", change=lambda world: world.update(issuer_details={})),
    Peculiarity("namesakes", "Customers and projects share names.", change=_namesakes),
    Peculiarity("names-with-markup", "Names contain HTML.", change=_named(MARKUP)),
    Peculiarity("names-with-quotes", "Names contain quotes and backslashes.", change=_named(QUOTES)),
    Peculiarity("names-from-right-to-left", "Names are Hebrew and Arabic.", change=_named(RIGHT_TO_LEFT)),
    Peculiarity("names-with-emoji", "Names contain emoji.", change=_named(EMOJI)),
    Peculiarity("long-names", "Names are as long as Waldur allows.", change=_named(LONG)),
)
