"""The verdict as JUnit XML: a suite for each kind of check."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from waldur_billing_mock.contracts.checks import KINDS
from waldur_billing_mock.contracts.findings import Result, Verdict
from waldur_billing_mock.contracts.reports.words import lines

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(verdict: Verdict) -> str:
    """Broken contracts are failures, what was not exercised is skipped, deviations are properties of what passed."""
    root = Element("testsuites", name=f"contracts of {verdict.target}")
    for kind in KINDS:
        results = [result for result in verdict.results if result.check.kind == kind]
        if results:
            _suite(root, kind, results, verdict)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, kind: str, results: list[Result], verdict: Verdict) -> None:
    failing = [result for result in results if _fails(result, verdict)]
    skipped = [result for result in results if result.outcome == "not exercised"]
    suite = SubElement(
        root,
        "testsuite",
        name=kind,
        tests=str(len(results)),
        failures=str(len(failing)),
        skipped=str(len(skipped)),
        errors="0",
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = SubElement(
            suite, "testcase", classname=f"contracts.{kind}", name=result.check.id, time=f"{result.seconds:.3f}"
        )
        properties = SubElement(case, "properties")
        SubElement(properties, "property", name="requirement", value=_clean(result.check.requirement))
        SubElement(properties, "property", name="outcome", value=result.outcome)
        for finding in result.findings:
            for name in finding.explained_by:
                SubElement(properties, "property", name=finding.outcome, value=_clean(name))
        if result in failing:
            told = "\n\n".join("\n".join(lines(finding.complaint, verdict)) for finding in result.findings)
            failure = SubElement(
                case, "failure", message=_clean(result.findings[0].complaint.what), type=result.outcome
            )
            failure.text = _clean(told)
        elif result in skipped:
            SubElement(case, "skipped", message=_clean(result.reason))


def _fails(result: Result, verdict: Verdict) -> bool:
    return result.outcome == "broken" or (verdict.strict and result.outcome == "known deviation")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
