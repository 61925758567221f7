"""What explains a complaint about a real server is the entry of the catalogue that changes what it rests on."""

from functools import cache

import pytest

from contracts.description import REVISIONS, describe
from contracts.deviations import OBSERVED, Catalogue
from contracts.exchange import Complaint

STATS = "/paths/~1api~1invoices~1{uuid}~1stats~1/get"
INVOICES = "/paths/~1api~1invoices~1/get"
COSTS = "/paths/~1api~1invoice-items~1costs~1/get"


@cache
def catalogue(revision: str) -> Catalogue:
    """The deviations of a revision, which take a while to find."""
    return Catalogue(describe(revision))


@pytest.mark.parametrize(
    ("operation", "place", "entries"),
    [
        (INVOICES, "/components/schemas/Invoice/properties/due_date/type", ("due-date-null",)),
        (STATS, "/components/schemas/InvoiceStatsOffering/additionalProperties", ("stats-uuid",)),
        (COSTS, "/components/schemas/InvoiceCost/additionalProperties", ("costs-compensation-incurred",)),
        (STATS, "/components/parameters/invoices_year", ("stats-filters-ignored",)),
        (
            INVOICES,
            "/components/schemas/CustomerDetails/properties/country/maxLength",
            ("issuer-details-not-customer", "issuer-details-free"),
        ),
    ],
)
def test_a_complaint_is_explained_by_what_is_nearest_to_it(
    operation: str, place: str, entries: tuple[str, ...]
) -> None:
    explained = catalogue("documents").explain(operation, Complaint("it must fit", place))

    assert explained == entries


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_entry_changes_something_or_is_noticed_by_a_check(revision: str) -> None:
    entries = catalogue(revision).entries

    unnoticed = {entry.id for entry in entries if not entry.places and entry.id not in OBSERVED}

    assert unnoticed == {"out-of-range-fails"}
