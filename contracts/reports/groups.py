"""Findings by cause: what is the same complaint about the same place is reported once, with where and how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from waldur_billing_mock.contracts.findings import Outcome
from waldur_billing_mock.contracts.reports.report import Report, ReportedFinding, ReportedResult

ORDER: Final[tuple[Outcome, ...]] = ("broken", "error", "note", "known deviation", "accepted")


@dataclass(frozen=True, slots=True)
class Group:
    """One cause: its first example, the checks that found it, and the operations that it is about."""

    outcome: Outcome
    example: ReportedFinding
    results: tuple[ReportedResult, ...]
    routes: tuple[str, ...]

    @property
    def id(self) -> str:
        """The check that found it first, by which a ticket is asked for."""
        return self.results[0].id


def groups(report: Report, *outcomes: Outcome) -> list[Group]:
    """The causes of findings, broken before known, each reported once. Known deviations are one cause an entry."""
    wanted = outcomes or ORDER
    found: dict[tuple[str, ...], list[tuple[ReportedFinding, ReportedResult]]] = {}
    for result in report.results:
        for finding in result.findings:
            if finding.outcome in wanted:
                found.setdefault(_cause(finding), []).append((finding, result))
    made = [_group(report, pairs) for pairs in found.values()]
    return sorted(made, key=lambda group: (ORDER.index(group.outcome), -len(group.results)))


def _cause(finding: ReportedFinding) -> tuple[str, ...]:
    if finding.outcome == "known deviation" and finding.explained_by:
        return (finding.outcome, *finding.explained_by)
    return finding.outcome, *finding.key


def _group(report: Report, pairs: list[tuple[ReportedFinding, ReportedResult]]) -> Group:
    results = tuple(dict.fromkeys(result for _, result in pairs))
    return Group(pairs[0][0].outcome, pairs[0][0], results, tuple(_routes(report, results)))


def _routes(report: Report, results: Iterable[ReportedResult]) -> Iterable[str]:
    names = dict.fromkeys(result.operation for result in results)
    return [report.routes[name] for name in names if name in report.routes]
