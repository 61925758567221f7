"""What explains a complaint about a real server is the entry of the catalogue that changes what it rests on."""

from functools import cache

import pytest

from waldur_billing_mock.contracts.description import REVISIONS, describe
from waldur_billing_mock.contracts.deviations import OBSERVED, Catalogue
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


@pytest.mark.parametrize(
    ("check", "what", "entry"),
    [
        (
            "invariants/invoice_items_project_costs_for_period_retrieve",
            "the sum of period 3 must count equal items each",
            "period-costs-collapse",
        ),
        (
            "invariants/invoice_items_costs_list",
            "equal items of the current month must each be shown",
            "costs-items-collapse",
        ),
        (
            "roles/owner/invoice_items_costs_list",
            "the costs of a foreign project and nothing must agree",
            "costs-unscoped",
        ),
        (
            "invariants/invoices_growth_retrieve",
            "the figures and the invoices of each month must agree",
            "growth-stale-after-migrate",
        ),
        (
            "habits/pages_partition_the_whole/invoices_list",
            "no row may stand on two pages",
            "list-order-unstable",
        ),
        ("shapes/invoice_items_list", "ST101 Server error", "absurd-years-fail"),
    ],
)
def test_what_no_description_can_express_is_known_by_the_words_of_its_check(check: str, what: str, entry: str) -> None:
    assert catalogue("documents").observed(check, Complaint(what, "/paths")) == (entry,)


@pytest.mark.parametrize(
    ("check", "what"),
    [
        ("invariants/invoice_items_project_costs_for_period_retrieve", "the sum of period 3 and the items must agree"),
        (
            "invariants/invoice_items_costs_list",
            "the items of the current month and the positive lines must agree",
        ),
        ("invariants/invoices_growth_retrieve", "most months must show what was invoiced in them"),
    ],
)
def test_figures_that_are_wrong_otherwise_are_no_known_deviation(check: str, what: str) -> None:
    assert catalogue("documents").observed(check, Complaint(what, "/paths")) == ()
