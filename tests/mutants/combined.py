"""Defects on servers with lawful peculiarities: what is lawful must not hide them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tests.mutants.defects import DEFECTS
from tests.peculiarities.catalogue import PECULIARITIES, all_at_once


class Combined(NamedTuple):
    """A defect, and the peculiarities that are on at the same time."""

    defect: str
    peculiarities: tuple[str, ...]

    @property
    def identifier(self) -> str:
        """The name in tables and for `--only`."""
        others = "everything" if self.peculiarities == EVERYTHING else "+".join(self.peculiarities)
        return f"{self.defect}+{others}"


EVERYTHING: Final = tuple(one.identifier for one in all_at_once())
_OLD: Final = ("older-release",)

COMBINED: Final[Mapping[str, Combined]] = {
    one.identifier: one
    for one in (
        Combined("tax-on-the-wrong-base", ("decimals-as-numbers", "version-unknown")),
        Combined("due-date-off-by-a-day", _OLD),
        Combined("growth-of-last-month", _OLD),
        Combined("growth-one-month-off", ("growth-as-numbers", "growth-of-yesterday")),
        Combined("growth-one-month-off", ("version-unknown",)),
        Combined("total-without-tax", _OLD),
        Combined("tax-on-the-total", _OLD),
        Combined("invoice-price-off-by-a-cent", ("decimals-as-numbers", "fields-missing")),
        Combined("item-price-off-by-a-cent", ("instants-in-z", "extra-fields")),
        Combined("stats-without-tax", ("no-lines", "decimals-as-numbers")),
        Combined("foreign-invoices-listed", _OLD),
        Combined("foreign-invoices-listed", ("two-owners",)),
        Combined("foreign-invoices-listed", ("ties-per-request",)),
        Combined("one-foreign-invoice-listed", ("ties-per-worker",)),
        Combined("one-foreign-item-listed", ("ties-per-request", "extra-fields")),
        Combined("items-by-foreign-customer", _OLD),
        Combined("items-by-foreign-project", ("html-errors",)),
        Combined("foreign-invoice-shown", ("html-errors", "version-not-found")),
        Combined("growth-counts-another", ("growth-of-yesterday",)),
        Combined("total-price-of-two", ("ties-per-request",)),
        Combined("costs-of-the-other-owner", ("translated-errors",)),
        Combined("pages-overlap", ("names-with-emoji", "keys-at-random")),
        Combined("set-backend-id-open-to-owners", ("html-errors",)),
        Combined("changing-open-to-support", ("translated-errors",)),
        Combined("numbers-repeat", ("pages-of-100", "compressed")),
        Combined("due-date-off-by-a-day", ("many-places", "unusual-taxes")),
        Combined("untaxed-line", ("unusual-taxes", "extra-details")),
        Combined("invoice-hides-a-line", ("long-invoice",)),
        Combined("due-date-off-by-a-day", ("only-an-owner",)),
        Combined("tax-on-the-total", ("bad-gateway-once",)),
        Combined("due-date-off-by-a-day", EVERYTHING),
        Combined("foreign-invoices-listed", EVERYTHING),
        Combined("growth-one-month-off", EVERYTHING),
        Combined("tax-on-the-total", EVERYTHING),
    )
}
"""By identifier. With everything at once, the defect has to be the only finding."""


def unknown() -> set[str]:
    """Names of defects and peculiarities that do not exist."""
    known = {*DEFECTS, *PECULIARITIES}
    return {name for one in COMBINED.values() for name in (one.defect, *one.peculiarities) if name not in known}
