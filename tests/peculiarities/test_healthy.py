"""A short form of `make healthy`: all peculiarities at once, with a defect and without, and what a server lacks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.defects import DEFECTS
from tests.peculiarities.catalogue import PECULIARITIES, all_at_once
from tests.peculiarities.deployment import Deployment, deployed
from tests.peculiarities.switch import Peculiarity, mock_with
from tests.peculiarities.verdicts import TODAY, of_deployment
from tests.wrapping.changes import COSTS, GROWTH, Make, always, matches, response_changed
from tests.wrapping.proxy import Request, Response, Server
from waldur_billing_mock.contracts.findings import Result, Verdict
from waldur_billing_mock.contracts.reports import report_of, terminal
from waldur_billing_mock.contracts.run import run

SCREEN: Final = 50
"""The lines of a terminal."""
SLOW: Final = frozenset({"slow-answers", "pages-of-100", "connections-closed", "bad-gateway-once"})
"""What only takes time; `make healthy` has it on."""
FEW: Final = Peculiarity(
    "few-roles",
    "There are tokens of staff and of two owners.",
    tokens=lambda tokens: {role: tokens[role] for role in ("staff", "owner", "owner2")},
    group="tokens",
)


@contextmanager
def everything(*defects: Make) -> Iterator[Deployment]:
    """A server with all peculiarities at once."""
    chosen = [one for one in all_at_once() if one.identifier not in SLOW]
    with deployed(mock_with([*chosen, FEW]), *defects) as deployment:
        yield deployment


def judged(deployment: Deployment, *only: str, wire: bool = False) -> Verdict:
    """What the suite says of a server."""
    return run(
        replace(of_deployment(deployment, "quick"), only=only, timeout=120.0, wire=wire),
        TODAY,
        lambda result, number, of_all: None,
    )


def broken(verdict: Verdict) -> list[str]:
    """What is said to be broken, and by which check."""
    found = [(result.check.id, one) for result in verdict.results for one in result.findings]
    return [f"{check}: {one.complaint.what}" for check, one in found if one.outcome == "broken"]


@pytest.mark.xdist_group("all-peculiarities")
def test_with_all_peculiarities_at_once_the_contract_is_kept_and_the_report_fits_one_screen() -> None:
    with everything() as deployment:
        verdict = judged(deployment)

    assert broken(verdict) == []
    assert (verdict.stopped, verdict.of("error"), verdict.exit_code) == ("", [], 0)
    summary = terminal.summary(report_of(verdict)).splitlines()
    assert len(summary) <= SCREEN
    assert summary[-1].startswith("Contract kept")


@pytest.mark.xdist_group("all-peculiarities")
@pytest.mark.parametrize(
    ("defect", "only", "what"),
    [
        ("due-date-off-by-a-day", ("invariants/", "conventions/answers_fit"), "the due date and 30 days after"),
        ("foreign-invoices-listed", ("roles/", "conventions/page"), "owner must not see all invoices"),
    ],
)
def test_a_defect_on_top_of_all_peculiarities_is_all_that_is_broken(
    defect: str, only: tuple[str, ...], what: str
) -> None:
    with everything(DEFECTS[defect].make) as deployment:
        found = broken(judged(deployment, *only))

    assert found
    assert any(what in one for one in found)
    assert all("due date" in one or "owner" in one for one in found), found


def test_what_an_older_release_lacks_or_refuses_is_a_note() -> None:
    with deployed(mock_with([PECULIARITIES["older-release"], FEW])) as deployment:
        verdict = judged(deployment, "survey/", "invariants/invoices_stats_list", "roles/owner/invoices_growth")
    growth = next(result for result in verdict.results if result.check.id == "roles/owner/invoices_growth_retrieve")

    lacking = {
        one.complaint.what for result in verdict.results for one in result.findings if "parameter" in one.complaint.what
    }
    start = "this server lacks the parameter "
    assert broken(verdict) == []
    assert lacking >= {
        f"{start}provider_uuid of GET /api/invoices/{{uuid}}/stats/",
        *(f"{start}{name} of GET /api/invoice-items/" for name in ("offering_uuid", "start_month", "start_year")),
    }
    assert not [what for what in lacking if "/costs/" in what]
    assert [one.complaint.what for one in growth.findings] == [
        "growth is shown to staff and support alone, as in releases before 2025"
    ]


@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
def test_an_older_release_takes_any_text_for_the_project_of_costs_and_a_described_one_does_not(wire: bool) -> None:
    name = "conventions/faulty_filters_are_named/invoice_items_costs_list/project_uuid"
    what = "costs of a project_uuid that is no identifier are an empty list instead of 400, as in releases before 2025"
    unrefused = response_changed([COSTS], lambda response: response.saying([], 200), statuses=(400,))
    with deployed(mock_with([PECULIARITIES["older-release"], FEW])) as deployment:
        old = judged(deployment, name, wire=wire)
    with deployed(mock_with([FEW]), unrefused) as deployment:
        new = judged(deployment, name, wire=wire)

    assert [(one.outcome, one.complaint.what) for one in _of(old, name).findings] == [("note", what)]
    assert broken(new) == [f"{name}: the status must be 400, not 200"]


def _of(verdict: Verdict, name: str) -> Result:
    return next(one for one in verdict.results if one.check.id == name)


def test_statistics_that_are_not_found_by_a_filter_are_no_filter_without_effect() -> None:
    name = "invariants/invoices_stats_list/statistics_obey_the_filters_of_invoices"
    with deployed(mock_with([PECULIARITIES["older-release"], FEW])) as deployment:
        found = _of(judged(deployment, name), name).findings

    what = "statistics of an invoice that does not match a filter are not found, as in releases before 2025"
    assert [(one.outcome, one.complaint.what) for one in found] == [("note", what)]


def test_every_reading_operation_of_an_older_deployment_is_fuzzed_to_the_end() -> None:
    """Identifiers with control characters, which the guard refuses, must not end the run of Schemathesis."""
    with deployed(mock_with([PECULIARITIES["older-release"], FEW])) as deployment:
        settings = replace(of_deployment(deployment, "full"), only=("shapes/",), wire=True)
        verdict = run(settings, TODAY, lambda result, number, of_all: None)

    shapes = {one.check.id: one for one in verdict.results if one.check.id.startswith("shapes/")}
    reasons = {one.reason for one in shapes.values() if one.outcome == "not exercised"}
    assert broken(verdict) == []
    assert {one.outcome for one in shapes.values()} == {"kept", "not exercised"}
    assert len([one for one in shapes.values() if one.outcome == "kept"]) == 9
    assert all(one.startswith(("only reading operations", "this server lacks")) for one in reasons), reasons


def test_schemathesis_waits_as_long_as_the_guard_does(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow_growth(request: Request, server: Server) -> Response:
        await asyncio.sleep(0.5 if matches(request, [GROWTH]) else 0)
        return await server.ask(request)

    monkeypatch.setattr("schemathesis.transport.requests.DEFAULT_RESPONSE_TIMEOUT", 0.2)
    with deployed(mock_with([PECULIARITIES["older-release"], FEW]), always(slow_growth)) as deployment:
        verdict = judged(deployment, "shapes/invoices_growth_retrieve")

    (growth,) = (one for one in verdict.results if one.check.kind == "shapes")
    assert growth.outcome in ("kept", "known deviation"), growth.reason


def test_costs_are_judged_where_no_item_shows_its_credit() -> None:
    name = "invariants/invoice_items_costs_list/a_month_costs_what_its_items_cost"
    old = mock_with([PECULIARITIES["older-release"], FEW])
    with deployed(old) as healthy:
        (sound,) = (one for one in judged(healthy, name).results if one.check.id == name)
    with deployed(old, DEFECTS["costs-ignore-compensation"].make) as faulty:
        found = broken(judged(faulty, name))

    assert sound.outcome in ("kept", "known deviation"), sound.reason
    assert found


def test_stories_write_to_an_older_release_without_errors(tmp_path: Path) -> None:
    with deployed(mock_with([PECULIARITIES["older-release"]])) as deployment:
        settings = of_deployment(deployment, "quick", writes=True)
        verdict = run(
            replace(settings, only=("stories/",), timeout=120.0, ledger=tmp_path / "ledger"),
            TODAY,
            lambda result, number, of_all: None,
        )

    outcomes = {result.check.id: (result.outcome, result.reason) for result in verdict.results}
    assert "error" not in {outcome for outcome, _ in outcomes.values()}, outcomes
    assert broken(verdict) == []
    assert outcomes["stories/a_compensation_lowers_every_figure"][0] in ("kept", "known deviation"), outcomes


def test_what_the_server_lacks_is_found_out_whichever_checks_are_chosen() -> None:
    with deployed(mock_with([PECULIARITIES["no-growth"], FEW])) as deployment:
        verdict = judged(deployment, "roles/owner/invoices_growth_retrieve", "roles/owner/invoices_list")

    outcomes = {result.check.id: (result.outcome, result.reason) for result in verdict.results}
    lacks = "this server lacks GET /api/invoices/growth/"
    assert outcomes["roles/owner/invoices_growth_retrieve"] == ("not exercised", lacks)
    assert outcomes["roles/owner/invoices_list"][0] == "kept"
    assert outcomes["survey/the_server_has_the_operation/invoices_growth_retrieve"][0] == "note"
