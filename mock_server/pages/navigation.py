"""The pages that the navigation leads to."""

from collections.abc import Sequence
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """The address of a page below `/_mock/ui/`, its title, and its icon."""

    path: str
    title: str
    icon: str


NAVIGATION: Final[Sequence[tuple[str, Sequence[Entry]]]] = (
    ("", (Entry("", "Start", "home"),)),
    (
        "World",
        (
            Entry("customers", "Customers", "customers"),
            Entry("projects", "Projects", "projects"),
            Entry("resources", "Resources", "resources"),
            Entry("invoices", "Invoices", "bill"),
            Entry("items", "Items", "items"),
            Entry("credits", "Credits", "credits"),
            Entry("payments", "Payments", "payments"),
            Entry("money", "Money", "money"),
        ),
    ),
    (
        "Change",
        (
            Entry("make", "Make", "make"),
            Entry("time", "Time machine", "clock"),
        ),
    ),
    (
        "Traffic",
        (
            Entry("traffic", "Requests", "traffic"),
            Entry("verify", "Verify", "verify"),
            Entry("faults", "Faults", "fault"),
            Entry("outbox", "Outbox", "mail"),
            Entry("webhooks", "Webhooks", "hook"),
        ),
    ),
    (
        "API",
        (
            Entry("reference", "Reference", "book"),
            Entry("differences", "Differences", "compare"),
            Entry("history", "History", "items"),
            Entry("deviations", "Deviations", "list"),
            Entry("contracts", "Contracts", "check"),
        ),
    ),
)
"""Groups of pages with their titles."""
