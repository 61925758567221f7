"""A role that sees more rows by one request than by another is reported with the request; a healthy mock is not."""

import json
from datetime import date
from typing import Any, Final

import pytest
from starlette.types import ASGIApp

from tests.contracts.scripted import OWNER, Site, answer, context_of
from tests.peculiarities.releases import page_not_found
from tests.wrapping.changes import always
from tests.wrapping.proxy import Proxy, Request, Response, Server
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import Answer, Broken, NotExercised
from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.guard import Identity
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, Settings
from waldur_billing_mock.contracts.visibility import managers_see_what_owners_of_their_customer_see
from waldur_billing_mock.mock_server.app import create_default_app

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


SENT: Final[list[tuple[str, dict[str, str]]]] = []
"""The roles and the query parameters of the requests to a `recorded` mock."""


def recorded(**settings: Any) -> ASGIApp:
    """A healthy mock that remembers what it was asked."""
    tokens: dict[str, str] = {}

    async def remember(request: Request, server: Server) -> Response:
        if not tokens:
            tokens.update({token: role for role, token in (await server.tokens()).items()})
        SENT.append((tokens.get(request.token, ""), dict(request.parameters)))
        return await server.ask(request)

    return Proxy(create_default_app(**settings), always(remember))


def test_pages_of_at_most_300_rows_are_asked_for_and_each_owner_is_asked_about_one_customer() -> None:
    SENT.clear()

    judged(f"{__name__}:recorded")

    sizes = {int(query["page_size"]) for _, query in SENT if "page_size" in query}
    assert max(sizes) == 300
    alone = {(role, query["customer_uuid"]) for role, query in SENT if query.keys() == {"customer_uuid", "page_size"}}
    assert len(alone) == len({role for role, _ in alone}) > 1


def without_sales(**settings: Any) -> ASGIApp:
    """A mock without provider items."""

    async def refuse(request: Request, server: Server) -> Response:
        response = await server.ask(request)
        hit = response.status != 401 and request.path.startswith("/api/provider-invoice-items/")
        return page_not_found(response) if hit else response

    return Proxy(create_default_app(**settings), always(refuse))


def test_a_list_that_the_server_lacks_keeps_no_other_list_from_being_compared() -> None:
    settings = Settings(
        profile=PROFILES["quick"],
        application=f"{__name__}:without_sales",
        deployed="documented",
        revision="documents",
        only=CHECKS,
        read_only=True,
    )

    verdict = run(settings, date(2025, 11, 22), lambda result, number, of_all: None)

    assert {
        result.check.id: result.outcome for result in verdict.results if result.check.id in CHECKS
    } == dict.fromkeys(CHECKS, "kept")


def shared(*rows: tuple[str, int, int]) -> Context:
    """A server that shows an owner and a manager invoices: (role, customer, invoice)."""
    site = Site(answer(404))
    manager = Identity("customer_manager", "3" * 40)
    roles = {OWNER.token: OWNER.role, manager.token: manager.role}

    def listed(request: object) -> Answer:
        seen = [row for row in rows if row[0] == roles[site.tokens[-1]]]
        body = [
            {"uuid": f"{invoice:032x}", "customer": f"http://site/{customer:032x}/"} for _, customer, invoice in seen
        ]
        return answer(200, {"x-result-count": str(len(body))}, json.dumps(body).encode())

    site.answers["/api/invoices/?page_size=300"] = listed
    return context_of(site, manager)


def test_roles_that_share_a_customer_see_the_same_of_it() -> None:
    same = shared(("owner", 1, 10), ("customer_manager", 1, 10), ("owner", 2, 20))
    managers_see_what_owners_of_their_customer_see(same)

    other = shared(("owner", 1, 10), ("owner", 1, 11), ("customer_manager", 1, 10))
    with pytest.raises(Broken, match=SHARED):
        managers_see_what_owners_of_their_customer_see(other)


def test_roles_that_share_no_customer_cannot_be_compared() -> None:
    with pytest.raises(NotExercised, match="no customer that two roles share"):
        managers_see_what_owners_of_their_customer_see(shared(("owner", 1, 10), ("customer_manager", 2, 20)))
