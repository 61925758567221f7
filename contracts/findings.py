"""What became of a check: kept, broken, a known deviation, accepted for now, or not exercised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from waldur_billing_mock.contracts.checks import Check
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.ledger import Change

Outcome = Literal["kept", "broken", "known deviation", "accepted", "not exercised"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("kept", "broken", "known deviation", "accepted", "not exercised")


@dataclass(frozen=True, slots=True)
class Finding:
    """A complaint with its class. `explained_by` names deviations of the catalogue, or the reason of the baseline."""

    complaint: Complaint
    outcome: Outcome
    explained_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a check, with what was found. `reason` says why it was not exercised."""

    check: Check
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A whole run, as reports show it."""

    target: str
    base: str
    revision: str
    dialect: str
    how_revision_was_found: str
    profile: str
    seed: int
    results: tuple[Result, ...]
    requests: int
    seconds: float
    seen: Mapping[str, int]
    unseen: tuple[str, ...]
    stale: tuple[str, ...]
    left: tuple[Change, ...]
    undone: int
    statuses: Mapping[str, Mapping[int, int]]
    parameters: Mapping[str, tuple[str, ...]]
    shows_data: bool
    stopped: str = ""
    strict: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, str] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> Sequence[Result]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome == outcome]

    @property
    def exit_code(self) -> int:
        """0 kept, 1 broken, 2 could not judge."""
        if self.of("broken") or (self.strict and self.of("known deviation")):
            return 1
        judged = len(self.results) - len(self.of("not exercised"))
        return 2 if self.stopped or not judged else 0


def worst(findings: Sequence[Finding]) -> Outcome:
    """The outcome of a check by its findings: broken before known deviation before accepted."""
    outcomes = {finding.outcome for finding in findings}
    order: tuple[Outcome, ...] = ("broken", "known deviation", "accepted")
    return next((outcome for outcome in order if outcome in outcomes), "kept")
