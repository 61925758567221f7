"""What explains a complaint about a real server is the entry of the catalogue that changes what it rests on."""

from functools import cache

import pytest

from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.deviations import Catalogue
from waldur_billing_mock.contracts.exchange import Complaint

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
        # A type that changes brings another format.
        (INVOICES, "/components/schemas/Invoice/properties/due_date/format", ("due-date-null",)),
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


@pytest.mark.parametrize(
    "place",
    [
        COSTS,
        INVOICES,
        "/components/schemas/Invoice/properties/price/pattern",
        # Where the mock reads a value from says nothing of the value's form.
        "/components/schemas/Invoice/properties/items/type",
    ],
)
def test_nothing_is_explained_because_its_operation_uses_something(place: str) -> None:
    assert catalogue("documents").explain(INVOICES, Complaint("it must fit", place)) == ()


@pytest.mark.parametrize(
    ("operation", "entries"),
    [
        (STATS, {"raw-decimal-text", "stats-uuid", "uuid-hex"}),
        ("/paths/~1api~1invoice-items~1{uuid}~1consumptions~1/get", {"consumptions-fail"}),
    ],
)
def test_answers_can_show_what_changes_their_schemas_or_their_statuses(operation: str, entries: set[str]) -> None:
    assert catalogue("documents").looked_at(operation) == entries
