"""The outcome of checks and of a run: what is broken counts before what could not be judged."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.declare import Kind
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.findings import Finding, Outcome, Result, Verdict, worst

KEPT: Final = 0
BROKEN: Final = 1
NOT_JUDGED: Final = 2


def result(outcome: Outcome, kind: Kind = "invariants") -> Result:
    return Result(Check(f"{kind}/a", kind, "It is kept.", "", lambda context: None), outcome)


def verdict(results: Sequence[Result], *, stopped: str = "", strict: bool = False) -> Verdict:
    """The verdict of a run with these results."""
    return Verdict(
        target="site",
        base="http://site",
        revision="8.1.3",
        dialect="documented",
        how_revision_was_found="",
        profile="quick",
        seed=1,
        results=tuple(results),
        requests=0,
        seconds=0.0,
        seen={},
        unseen=(),
        unlooked=(),
        stale=(),
        left=(),
        undone=0,
        statuses={},
        parameters={},
        shows_data=False,
        started=datetime(2026, 11, 22, tzinfo=UTC),
        suite_version="1",
        server_version="",
        stopped=stopped,
        strict=strict,
    )


@pytest.mark.parametrize(
    ("outcomes", "code", "strictly"),
    [
        (["kept"], KEPT, KEPT),
        (["kept", "accepted"], KEPT, KEPT),
        (["kept", "not exercised"], KEPT, KEPT),
        (["kept", "note"], KEPT, BROKEN),
        (["kept", "known deviation"], KEPT, BROKEN),
        (["kept", "broken"], BROKEN, BROKEN),
        (["error", "broken"], BROKEN, BROKEN),
        (["kept", "error"], NOT_JUDGED, NOT_JUDGED),
        (["not exercised"], NOT_JUDGED, NOT_JUDGED),
        ([], NOT_JUDGED, NOT_JUDGED),
    ],
)
def test_the_exit_code_says_whether_the_contract_is_kept(outcomes: list[Outcome], code: int, strictly: int) -> None:
    results = [result(outcome) for outcome in outcomes]

    assert verdict(results).exit_code == code
    assert verdict(results, strict=True).exit_code == strictly


def test_a_run_that_was_stopped_or_that_looked_around_alone_has_judged_nothing() -> None:
    assert verdict([result("kept")], stopped="the limit of requests").exit_code == NOT_JUDGED
    assert verdict([result("broken")], stopped="the limit of requests").exit_code == BROKEN
    assert verdict([result("kept", "survey")]).exit_code == NOT_JUDGED
    assert verdict([result("kept", "survey"), result("kept")]).exit_code == KEPT


def test_results_are_found_by_their_outcome() -> None:
    kept, broken = result("kept"), result("broken")

    assert verdict([kept, broken]).of("broken") == [broken]


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        ([], "kept"),
        (["accepted"], "accepted"),
        (["accepted", "note"], "note"),
        (["note", "known deviation"], "known deviation"),
        (["known deviation", "broken", "note"], "broken"),
    ],
)
def test_the_worst_finding_is_the_outcome_of_a_check(outcomes: list[Outcome], outcome: Outcome) -> None:
    assert worst([Finding(Complaint("what", "/"), one) for one in outcomes]) == outcome
