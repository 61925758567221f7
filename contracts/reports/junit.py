"""The report as JUnit XML: a suite for each kind of check."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405

from waldur_billing_mock.contracts.declare import KINDS
from waldur_billing_mock.contracts.reports.report import Report, ReportedResult

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(report: Report) -> str:
    """Broken contracts are failures, what was not exercised is skipped, deviations are properties of what passed."""
    root = Element("testsuites", name=_clean(f"contracts of {report.target}"), time=f"{report.seconds:.3f}")
    for kind in KINDS:
        results = [result for result in report.results if result.kind == kind]
        if results:
            _suite(root, kind, results, report)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, kind: str, results: list[ReportedResult], report: Report) -> None:
    failing = [result for result in results if report.fails(result)]
    skipped = [result for result in results if result.outcome == "not exercised"]
    errors = [result for result in results if result.outcome == "error"]
    suite = SubElement(
        root,
        "testsuite",
        name=kind,
        tests=str(len(results)),
        failures=str(len(failing)),
        skipped=str(len(skipped)),
        errors=str(len(errors)),
        time=f"{sum(result.seconds for result in results):.3f}",
        timestamp=report.started,
    )
    for result in results:
        case = SubElement(
            suite, "testcase", classname=f"contracts.{kind}", name=result.id, time=f"{result.seconds:.3f}"
        )
        properties = SubElement(case, "properties")
        SubElement(properties, "property", name="requirement", value=_clean(result.requirement))
        SubElement(properties, "property", name="outcome", value=result.outcome)
        for finding in result.findings:
            for name in finding.explained_by:
                SubElement(properties, "property", name=finding.outcome, value=_clean(name))
        if result in failing:
            text = "\n\n".join("\n".join(finding.lines()) for finding in result.findings)
            failure = SubElement(case, "failure", message=_clean(result.findings[0].what), type=result.outcome)
            failure.text = _clean(text)
        elif result in errors:
            error = SubElement(case, "error", message="an error of the suite", type="error")
            error.text = _clean(result.reason)
        elif result in skipped:
            SubElement(case, "skipped", message=_clean(result.reason))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
