"""What became of a check: kept, broken, an error of the suite, a known deviation, a note, accepted, not exercised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.ledger import Change

if TYPE_CHECKING:
    # Checks bring Schemathesis, which reports and the judging of traffic do without.
    from waldur_billing_mock.contracts.checks import Check

Outcome = Literal["kept", "broken", "error", "known deviation", "note", "accepted", "not exercised"]
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "kept",
    "broken",
    "error",
    "known deviation",
    "note",
    "accepted",
    "not exercised",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A complaint with its class. `explained_by` names deviations of the catalogue, or the reason of the baseline."""

    complaint: Complaint
    outcome: Outcome
    explained_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a check, with what was found. `reason` says why it was not exercised, or what the error was."""

    check: "Check"
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A whole run, as reports show it.

    `headline` says how the server relates to the described revisions, where it is none of them. `seen` counts known
    deviations, `unseen` were looked for and not seen, `unlooked` were not looked for.
    """

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
    unlooked: tuple[str, ...]
    stale: tuple[str, ...]
    left: tuple[Change, ...]
    undone: int
    statuses: Mapping[str, Mapping[int, int]]
    parameters: Mapping[str, tuple[str, ...]]
    shows_data: bool
    started: datetime
    suite_version: str
    server_version: str
    stopped: str = ""
    strict: bool = False
    headline: str = ""
    words: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, str] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> Sequence[Result]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome == outcome]

    def fails(self, result: Result) -> bool:
        """Whether a result makes the contract broken."""
        return result.outcome == "broken" or (self.strict and result.outcome in ("known deviation", "note"))

    @property
    def exit_code(self) -> int:
        """0 kept, 1 broken, 2 could not be judged."""
        if any(map(self.fails, self.results)):
            return 1
        judged = [one for one in self.results if one.outcome != "not exercised" and one.check.kind != "survey"]
        return 2 if self.stopped or self.of("error") or not judged else 0


def worst(findings: Sequence[Finding]) -> Outcome:
    """The outcome of a check by its findings: broken before known deviation, note and accepted."""
    outcomes = {finding.outcome for finding in findings}
    order: tuple[Outcome, ...] = ("broken", "known deviation", "note", "accepted")
    return next((outcome for outcome in order if outcome in outcomes), "kept")
