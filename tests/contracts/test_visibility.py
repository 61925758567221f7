"""Who sees more by one way than by another is told, with the way; a healthy mock is not blamed."""

from datetime import date
from typing import Final

import pytest

from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, Settings

CHECKS: Final = (
    "roles/items_are_seen_with_their_invoices",
    "roles/a_customer_is_seen_whole",
    "roles/filters_show_nobody_more",
    "roles/filters_hide_nothing_of_ones_own",
    "roles/managers_see_what_owners_of_their_customer_see",
)
HEALTHY: Final = "waldur_billing_mock.mock_server.app:create_default_app"
UNLISTED: Final = "must see no item on an invoice that it does not see"
LINES: Final = "must see every line of its invoices among the items"
WHOLE: Final = "must see all invoices of a customer or none"
COUNT: Final = "the count of HEAD and the rows must agree"
SHARED: Final = "two roles that share a customer must see the same invoices of it"


def judged(application: str, *only: str) -> Verdict:
    """What the checks of this module say of an application that is only read."""
    settings = Settings(profile=PROFILES["quick"], application=application, only=only or CHECKS, read_only=True)
    return run(settings, date(2025, 11, 22), lambda result, number, of_all: None)


def told(verdict: Verdict) -> set[str]:
    """The sentences about what is broken."""
    return {one.complaint.what for result in verdict.of("broken") for one in result.findings if one.outcome == "broken"}


def test_of_a_healthy_mock_all_is_kept() -> None:
    verdict = judged(HEALTHY)

    assert [(result.check.id, result.outcome) for result in verdict.results] == [(name, "kept") for name in CHECKS]


@pytest.mark.parametrize(
    ("defect", "sentences"),
    [
        ("invoices-of-another-customer-listed", {f"owner {LINES}"}),
        (
            "one-foreign-invoice-listed",
            {f"owner {LINES}", f"owner {WHOLE}", "owner must see no other row by the filter created", SHARED},
        ),
        ("one-foreign-item-listed", {f"owner {UNLISTED}"}),
        ("managers-see-another-customer", {f"customer_manager {LINES}"}),
        ("supporters-see-another-customer", {f"customer_support {UNLISTED}"}),
        ("providers-see-their-buyers", {f"provider_owner {LINES}"}),
        ("owners-see-sold-items", {"owner must see no other row by an order", COUNT}),
        ("one-sold-item-of-another-provider", {"customer_manager must see no other row by an order"}),
        ("nobody-sees-an-invoice", {"nobody must see no other row by the filter created"}),
        ("own-item-hidden", {f"owner {LINES}"}),
        ("own-customer-filtered-out", {"owner must see all invoices of its customer by the filter"}),
        ("count-of-all-invoices", {COUNT}),
        ("head-counts-all-items", {COUNT}),
    ],
)
def test_lists_that_do_not_fit_together_are_told(defect: str, sentences: set[str]) -> None:
    assert told(judged(f"tests.mutants.apps:{defect}")) == sentences


@pytest.mark.parametrize(
    ("defect", "way"),
    [
        ("invoices-by-foreign-customer", "the filter customer"),
        ("invoices-by-state-of-everybody", "the filter state"),
        ("invoices-by-year-of-everybody", "the filter year"),
        ("invoices-by-date-of-everybody", "the filter start_date"),
        ("invoices-in-order-of-everybody", "an order"),
        ("invoice-fields-of-everybody", "a choice of fields"),
        ("items-by-foreign-project", "the filter project_uuid"),
        ("items-by-month-of-everybody", "the filter month"),
        ("second-page-of-everybody", "a page after the first"),
    ],
)
def test_the_one_way_that_shows_an_owner_more_is_told(defect: str, way: str) -> None:
    assert told(judged(f"tests.mutants.apps:{defect}", CHECKS[2])) == {f"owner must see no other row by {way}"}
