"""One report of several: the shards of a run, each with its part of the checks."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from waldur_billing_mock.contracts.findings import OUTCOMES
from waldur_billing_mock.contracts.reports.report import Report, ReportedResult
from waldur_billing_mock.contracts.settings import Unusable


def merged(reports: Sequence[Report]) -> Report:
    """The whole of several reports. Raises `Unusable` where they are not of the same target and revision."""
    first = reports[0]
    for other in reports[1:]:
        for name in ("target", "revision", "dialect", "profile"):
            if getattr(other, name) != getattr(first, name):
                values = f"{getattr(first, name)} and {getattr(other, name)}"
                raise Unusable(f"The reports are not of one run: their {name} is {values}.")
    results: dict[str, ReportedResult] = {}
    for result in (result for report in reports for result in report.results):
        known = results.get(result.id)
        if known is None or _weight(result) > _weight(known):
            results[result.id] = result
    seen = Counter[str]()
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    parameters: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        seen.update(report.seen)
        for name, counts in report.statuses.items():
            statuses[name].update(counts)
        for name, names in report.parameters.items():
            parameters[name].update(names)
    looked_for = {id for report in reports for id in report.unseen} - set(seen)
    return replace(
        first,
        results=tuple(results.values()),
        requests=sum(report.requests for report in reports),
        seconds=sum(report.seconds for report in reports),
        started=min(report.started for report in reports),
        stopped="; ".join(dict.fromkeys(report.stopped for report in reports if report.stopped)),
        headline=next((report.headline for report in reports if report.headline), ""),
        seen=dict(sorted(seen.items())),
        unseen=tuple(sorted(looked_for)),
        unlooked=tuple(sorted({id for report in reports for id in report.unlooked} - looked_for - set(seen))),
        left=tuple(line for report in reports for line in report.left),
        undone=sum(report.undone for report in reports),
        statuses={name: dict(counts) for name, counts in sorted(statuses.items())},
        parameters={name: sorted(names) for name, names in sorted(parameters.items())},
    )


def _weight(result: ReportedResult) -> int:
    """What of two results of one check counts: the one that says more."""
    order = ("not exercised", "kept", "accepted", "note", "known deviation", "error", "broken")
    assert set(order) == set(OUTCOMES)
    return order.index(result.outcome)
