"""A check that gives up is a broken contract in every report: it neither vanishes nor counts as kept."""

from dataclasses import replace
from datetime import date

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from waldur_billing_mock.contracts.bench import Bench
from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.findings import Result
from waldur_billing_mock.contracts.invariants import invoices
from waldur_billing_mock.contracts.run import prepare, run
from waldur_billing_mock.contracts.settings import PROFILES, Settings, Unusable
from waldur_billing_mock.contracts.trial import Trial

TODAY = date(2026, 11, 22)
LIST, RETRIEVE = "invariants/invoices_list", "invariants/invoices_retrieve"


def settings(*only: str, stop_at_first: bool = False) -> Settings:
    """A quick run over a few checks of the mock in this process, which is only read."""
    return Settings(profile=PROFILES["quick"], only=only, stop_at_first=stop_at_first, read_only=True)


def quiet(result: Result, number: int, of_all: int) -> None:
    """No progress is shown."""


@pytest.fixture
def bench() -> Bench:
    return prepare(replace(settings(LIST), read_only=False), TODAY)


@pytest.mark.parametrize("error", [TypeError("'str' and 'int'"), KeyError("uuid"), OSError("no such file")])
def test_a_check_that_gives_up_is_broken_and_the_others_go_on(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(trial: Trial) -> None:
        raise error

    monkeypatch.setattr(invoices, "invoices_list", give_up)

    verdict = run(settings(LIST, RETRIEVE), TODAY, quiet)

    assert [(result.check.id, result.outcome) for result in verdict.results] == [(LIST, "broken"), (RETRIEVE, "kept")]
    complaint = verdict.results[0].findings[0].complaint
    assert complaint.what.startswith(f"the answer could not be judged: {type(error).__name__}")
    assert verdict.exit_code == 1


def test_a_check_that_gives_up_ends_a_run_that_stops_at_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(trial: Trial) -> None:
        raise OSError("no such file")

    monkeypatch.setattr(invoices, "invoices_list", give_up)

    verdict = run(settings(LIST, RETRIEVE, stop_at_first=True), TODAY, quiet)

    assert [result.outcome for result in verdict.results] == ["broken"]


def test_what_was_not_taken_back_breaks_the_check_that_changed_it(bench: Bench) -> None:
    complaint = Complaint("an item with its old values and what it was before must agree", "/paths")

    def forget() -> None:
        raise Broken(complaint)

    def write(trial: Trial) -> None:
        trial.ledger.note("an item is changed", forget)

    result = bench.judge(Check("stories/writing", "stories", "It is written.", "", write))

    assert result.outcome == "broken"
    assert [finding.complaint for finding in result.findings] == [complaint]


def test_what_was_not_taken_back_breaks_a_check_that_could_not_go_on(bench: Bench) -> None:
    complaint = Complaint("an item with its old values and what it was before must agree", "/paths")

    def forget() -> None:
        raise Broken(complaint)

    def write(trial: Trial) -> None:
        trial.ledger.note("an item is changed", forget)
        raise NotExercised("there is nothing to look at")

    result = bench.judge(Check("stories/writing", "stories", "It is written.", "", write))

    assert [finding.complaint for finding in result.findings] == [complaint]


def test_an_application_that_does_not_tell_its_users_cannot_be_judged() -> None:
    silent = replace(settings(LIST), application="tests.contracts.test_giving_up:silent")

    with pytest.raises(Unusable, match="does not tell its users at /_mock/users"):
        prepare(silent, TODAY)


def silent(**settings: object) -> ASGIApp:
    """An application that answers with nothing."""
    return Response()
