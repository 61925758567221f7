"""The verdict as JSON, for other programs."""

import json

from waldur_billing_mock.contracts.findings import OUTCOMES, Verdict
from waldur_billing_mock.contracts.reports.words import lines


def text(verdict: Verdict) -> str:
    """The whole verdict."""
    content = {
        "target": verdict.target,
        "revision": verdict.revision,
        "revision_found": verdict.how_revision_was_found,
        "dialect": verdict.dialect,
        "profile": verdict.profile,
        "seed": verdict.seed,
        "exit_code": verdict.exit_code,
        "stopped": verdict.stopped,
        "requests": verdict.requests,
        "seconds": round(verdict.seconds, 2),
        "counts": {outcome: len(verdict.of(outcome)) for outcome in OUTCOMES},
        "deviations_seen": dict(sorted(verdict.seen.items())),
        "deviations_not_seen": list(verdict.unseen),
        "baseline_stale": list(verdict.stale),
        "left_behind": [f"{change.what}: {change.trouble or change.reason}" for change in verdict.left],
        "statuses": {name: dict(sorted(counts.items())) for name, counts in sorted(verdict.statuses.items())},
        "parameters": dict(sorted(verdict.parameters.items())),
        "results": [
            {
                "id": result.check.id,
                "requirement": result.check.requirement,
                "operation": result.check.operation_id,
                "outcome": result.outcome,
                "seconds": round(result.seconds, 3),
                "reason": result.reason,
                "findings": [
                    {
                        "outcome": finding.outcome,
                        "what": finding.complaint.what,
                        "place": finding.complaint.place,
                        "explained_by": list(finding.explained_by),
                        "lines": lines(finding.complaint, verdict),
                    }
                    for finding in result.findings
                ],
            }
            for result in verdict.results
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
