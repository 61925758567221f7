"""What was found in traffic, counted by operation and place, and the report of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.deviations import Catalogue
from waldur_billing_mock.contracts.findings import Outcome
from waldur_billing_mock.contracts.reports.report import Report, ReportedFinding, ReportedResult
from waldur_billing_mock.openapi.operation import Operation

REQUIREMENT: Final = "Every answer has a described status, its headers, a body that fits, and sums that are right."
_UNSEEN: Final = "no answer of this operation was judged"


@dataclass
class Counted:
    """One deviation or note of an operation: the first example, and how often it was seen."""

    operation_id: str
    finding: ReportedFinding
    count: int = 0


@dataclass
class JudgedTraffic:
    """What traffic has shown so far.

    `statuses` counts the answers that were judged by operation and status, `unjudged` the others by the reason.
    """

    found: list[Counted] = field(default_factory=list)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    unjudged: Counter[str] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        """How many answers were judged."""
        return sum(counts.total() for counts in self.statuses.values())

    def of(self, *outcomes: Outcome) -> list[Counted]:
        """What was found of some outcomes, the most frequent first."""
        chosen = [one for one in self.found if one.finding.outcome in outcomes and one.count]
        return sorted(chosen, key=lambda one: -one.count)

    def count(self, operation_id: str, status: int, found: list[int]) -> None:
        """Counts an answer that was judged; `found` are positions in the list of what was found."""
        self.statuses.setdefault(operation_id, Counter())[status] += 1
        for position in found:
            self.found[position].count += 1


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose traffic it is, and since when. `seconds` is how long it was watched; `stopped` why judging has ended."""

    target: str
    revision: str
    revision_found: str
    server_version: str
    started: str
    suite_version: str
    requests: int
    seconds: float
    stopped: str = ""


def report_of_traffic(
    traffic: JudgedTraffic,
    watched: Watched,
    description: Description,
    neighbours: Mapping[str, str],
    catalogue: Catalogue,
) -> Report:
    """The report: one result for each described operation, and for each of the neighbours that was judged.

    `neighbours` are methods and paths by names.
    """
    seen = {name: route for name, route in neighbours.items() if name in traffic.statuses}
    known: Counter[str] = Counter()
    for one in traffic.of("known deviation"):
        known.update(dict.fromkeys(one.finding.explained_by, one.count))
    return Report(
        target=watched.target,
        revision=watched.revision,
        revision_found=watched.revision_found,
        dialect=description.dialect,
        profile="traffic",
        seed=0,
        started=watched.started,
        suite_version=watched.suite_version,
        server_version=watched.server_version,
        requests=watched.requests,
        seconds=round(watched.seconds, 2),
        results=tuple(_result(name, traffic) for name in (*description.operations, *seen)),
        stopped=watched.stopped,
        seen=dict(sorted(known.items())),
        statuses={
            name: {str(status): count for status, count in sorted(counts.items())}
            for name, counts in sorted(traffic.statuses.items())
        },
        places={name: description.place(one) for name, one in description.operations.items()},
        routes={**routes_of(description.operations), **seen},
        catalogue={one.id: one.description for one in catalogue.entries},
    )


def routes_of(operations: Mapping[str, Operation]) -> dict[str, str]:
    """Method and path of each operation."""
    return {name: f"{one.method} {one.path}" for name, one in operations.items()}


def _result(name: str, traffic: JudgedTraffic) -> ReportedResult:
    found = [one for one in traffic.of("broken", "known deviation", "note") if one.operation_id == name]
    counted = name in traffic.statuses
    outcome: Outcome = _worst(found) if counted else "not exercised"
    return ReportedResult(
        f"traffic/{name}",
        "traffic",
        REQUIREMENT,
        name,
        outcome,
        "" if counted else _UNSEEN,
        findings=tuple(_with_count(one) for one in found),
    )


def _worst(found: list[Counted]) -> Outcome:
    outcomes = {one.finding.outcome for one in found}
    order: tuple[Outcome, ...] = ("broken", "known deviation", "note")
    return next((outcome for outcome in order if outcome in outcomes), "kept")


def _with_count(one: Counted) -> ReportedFinding:
    times = "once" if one.count == 1 else f"{one.count} times"
    return replace(one.finding, detail=", ".join(filter(None, (one.finding.detail, times))))
