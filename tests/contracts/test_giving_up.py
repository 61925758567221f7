"""A check that gives up is an error of the suite: it neither vanishes nor counts as kept or broken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.findings import Result
from waldur_billing_mock.contracts.ledger import Change, Undo
from waldur_billing_mock.contracts.run import carry_out, prepare
from waldur_billing_mock.contracts.runner import Runner
from waldur_billing_mock.contracts.settings import PROFILES, Settings, Unusable

TODAY = date(2026, 11, 22)
LIST = "invariants/invoices_list"
COMPLAINT = Complaint("an object after undoing and what it was before must agree", "/paths")
UNDO = Undo("write", "POST", "/api/invoices/x/set_backend_id/", {}, "/api/invoices/x/")


def settings(*only: str, stop_at_first: bool = False) -> Settings:
    """A quick run over a few checks of the mock in this process, which is only read."""
    return Settings(profile=PROFILES["quick"], only=only, stop_at_first=stop_at_first, read_only=True)


def quiet(result: Result, number: int, of_all: int) -> None:
    """No progress is shown."""


def check(run: Callable[[Context], None], id: str = "invariants/one") -> Check:
    """A check that does what it is given."""
    return Check(id, "invariants", "It is kept.", "", run)


def fail(change: Change) -> None:
    """Undoing that finds the object otherwise than it was."""
    raise Broken(COMPLAINT)


@pytest.fixture
def runner() -> Runner:
    return prepare(replace(settings(LIST), read_only=False), TODAY)


@pytest.mark.parametrize("error", [TypeError("'str' and 'int'"), KeyError("uuid"), OSError("no such file")])
def test_a_check_that_gives_up_is_an_error_of_the_suite_and_the_others_go_on(error: Exception, runner: Runner) -> None:
    def give_up(context: Context) -> None:
        raise error

    runner.checks = [check(give_up), check(lambda context: None, "invariants/other")]

    verdict = carry_out(runner, quiet)

    assert [result.outcome for result in verdict.results] == ["error", "kept"]
    assert type(error).__name__ in verdict.results[0].reason
    assert "test_giving_up" in verdict.results[0].reason
    assert verdict.exit_code == 2


def test_a_broken_contract_counts_more_than_an_error_of_the_suite(runner: Runner) -> None:
    def give_up(context: Context) -> None:
        raise OSError("no such file")

    def breach(context: Context) -> None:
        raise Broken(COMPLAINT)

    runner.checks = [check(give_up), check(breach, "invariants/other")]

    assert carry_out(runner, quiet).exit_code == 1


def test_a_run_that_stops_at_the_first_breach_makes_no_further_check() -> None:
    runner = prepare(settings(LIST, stop_at_first=True), TODAY)

    def breach(context: Context) -> None:
        raise Broken(COMPLAINT)

    runner.checks = [check(breach), check(breach, "invariants/other")]

    assert [result.outcome for result in carry_out(runner, quiet).results] == ["broken"]


def test_what_was_not_undone_breaks_the_check_that_changed_it(runner: Runner) -> None:
    def write(context: Context) -> None:
        context.ledger.note("an item is changed", UNDO)

    runner.ledger.perform = fail
    result = runner.judge(check(write))

    assert result.outcome == "broken"
    assert [finding.complaint for finding in result.findings] == [COMPLAINT]


def test_what_was_not_undone_breaks_a_check_that_could_not_go_on(runner: Runner) -> None:
    def write(context: Context) -> None:
        context.ledger.note("an item is changed", UNDO)
        raise NotExercised("there is nothing to look at")

    runner.ledger.perform = fail
    result = runner.judge(check(write))

    assert [finding.complaint for finding in result.findings] == [COMPLAINT]


def test_what_was_changed_before_an_error_of_the_suite_is_undone(runner: Runner) -> None:
    undone: list[str] = []

    def write(context: Context) -> None:
        context.ledger.note("an item is changed", UNDO)
        raise RuntimeError("a fault of the suite")

    runner.ledger.perform = lambda change: undone.append(change.what)
    result = runner.judge(check(write))

    assert (result.outcome, undone) == ("error", ["an item is changed"])


def test_an_application_that_does_not_tell_its_users_cannot_be_judged() -> None:
    silent = replace(settings(LIST), application="tests.contracts.test_giving_up:silent")

    with pytest.raises(Unusable, match="does not tell its users at /_mock/users"):
        prepare(silent, TODAY)


def silent(**settings: object) -> ASGIApp:
    """An application that answers with nothing."""
    return Response()
