"""The verdict as SARIF 2.1.0, for forges that show findings beside the code: here, beside the description."""

import json
from typing import Any

from waldur_billing_mock.contracts.reports.report import Report, ReportedFinding, ReportedResult

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"broken": "error", "known deviation": "note", "note": "note", "accepted": "warning"}


def text(report: Report) -> str:
    """One run with a rule for each check that found something."""
    found = [(result, finding) for result in report.results for finding in result.findings]
    rules = {result.id: result for result, _ in found}
    content = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "waldur-contracts",
                        "version": report.suite_version,
                        "rules": [
                            {"id": id, "shortDescription": {"text": result.requirement}}
                            for id, result in sorted(rules.items())
                        ],
                    }
                },
                "results": [_result(result, finding) for result, finding in found],
            }
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _result(result: ReportedResult, finding: ReportedFinding) -> dict[str, Any]:
    place = finding.place
    made: dict[str, Any] = {
        "ruleId": result.id,
        "level": _LEVELS[finding.outcome],
        "message": {"text": "\n".join(finding.lines())},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _file(place)}},
                "logicalLocations": [{"fullyQualifiedName": place}],
            }
        ],
    }
    if finding.outcome != "broken":
        made["suppressions"] = [{"kind": "external", "justification": ", ".join(finding.explained_by)}]
    return made


def _file(place: str) -> str:
    """The page of the description that contains a place."""
    steps = place.split("/")
    match steps[1:4]:
        case ["components", "schemas", name] if name:
            return f"openapi/components/schemas/{name}.yaml"
        case ["components", kind, _]:
            return f"openapi/components/{kind}.yaml"
        case ["paths", path, *_]:
            return f"openapi/{path.split('~1')[2]}.yaml" if path.count("~1") > 2 else "openapi/openapi.yaml"
    return "openapi/openapi.yaml"
