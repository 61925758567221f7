"""The verdict as one page that needs nothing else: no scripts, no fonts, no pictures from anywhere."""

from collections import Counter
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Final

from waldur_billing_mock.contracts.checks import KINDS
from waldur_billing_mock.contracts.findings import OUTCOMES, Result, Verdict
from waldur_billing_mock.contracts.reports.terminal import headline
from waldur_billing_mock.contracts.reports.words import lines

_CLASSES: Final = {
    "kept": "kept",
    "broken": "broken",
    "known deviation": "deviation",
    "accepted": "accepted",
    "not exercised": "missing",
}
_SIGNS: Final = {"kept": "✓", "broken": "✗", "known deviation": "≈", "accepted": "○", "not exercised": "–"}


def page(verdict: Verdict) -> str:
    """The page. Everything that comes from a server is escaped."""
    style = files("waldur_billing_mock.contracts.reports").joinpath("report.css").read_text(encoding="utf-8")
    tone = ("kept", "broken", "missing")[verdict.exit_code]
    body = [
        f"<h1>Contracts</h1><p class='{tone}'>{escape(headline(verdict))}</p>",
        _counts(verdict),
        "".join(_failure(result, verdict) for result in verdict.of("broken")),
        _deviations(verdict),
        _roles(verdict),
        _coverage(verdict),
        _requirements(verdict),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Contracts</title><style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(row) + "</tr>" for row in rows)
    return f"<div class='wide'><table><tr>{top}</tr>{body}</table></div>"


def _cell(text: object) -> str:
    return f"<td>{escape(str(text))}</td>"


def _mark(result: Result | None) -> str:
    if result is None:
        return "<td></td>"
    title = escape(result.reason or result.outcome, quote=True)
    return f"<td class='{_CLASSES[result.outcome]}' title='{title}'>{_SIGNS[result.outcome]}</td>"


def _counts(verdict: Verdict) -> str:
    rows = []
    for kind in KINDS:
        counts = Counter(result.outcome for result in verdict.results if result.check.kind == kind)
        rows.append([_cell(kind), *(_cell(counts[outcome] or "") for outcome in OUTCOMES)])
    return _table(["", *OUTCOMES], rows)


def _failure(result: Result, verdict: Verdict) -> str:
    told = "\n\n".join("\n".join(lines(finding.complaint, verdict)) for finding in result.findings)
    return (
        f"<details open class='broken'><summary>{escape(result.check.id)}</summary>"
        f"<p>{escape(result.check.requirement)}</p><pre>{escape(told)}</pre></details>"
    )


def _deviations(verdict: Verdict) -> str:
    if not verdict.seen and not verdict.unseen:
        return ""
    rows = [
        [_cell(id), _cell(count), _cell(verdict.catalogue.get(id, ""))] for id, count in sorted(verdict.seen.items())
    ]
    rows += [[_cell(id), _cell("not seen"), _cell(verdict.catalogue.get(id, ""))] for id in verdict.unseen]
    return "<h2>Known deviations</h2>" + _table(["deviation", "findings", "what real servers do"], rows)


def _roles(verdict: Verdict) -> str:
    """Operations × roles."""
    results = {result.check.id: result for result in verdict.results if result.check.kind == "roles"}
    roles = list(dict.fromkeys(id.split("/")[1] for id in results if id.count("/") == 2))
    if not roles:
        return ""
    rows = [
        [_cell(operation), *(_mark(results.get(f"roles/{role}/{operation}")) for role in roles)]
        for operation in verdict.places
    ]
    return "<h2>Operations and roles</h2>" + _table(["operation", *roles], rows)


def _coverage(verdict: Verdict) -> str:
    """What was asked of each operation, and what it answered."""
    rows = []
    for operation in verdict.places:
        counts = verdict.statuses.get(operation, {})
        told = ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
        exercised = any(200 <= status < 300 for status in counts)
        mark = "<td class='kept'>✓</td>" if exercised else "<td class='missing'>never succeeded</td>"
        rows.append([_cell(operation), mark, _cell(told), _cell(", ".join(verdict.parameters.get(operation, ())))])
    return "<h2>Coverage</h2>" + _table(["operation", "exercised", "answers by status", "parameters sent"], rows)


def _requirements(verdict: Verdict) -> str:
    rows = [
        [_mark(result), _cell(result.check.id), _cell(result.check.requirement), _cell(result.reason)]
        for result in verdict.results
    ]
    return "<h2>Requirements</h2>" + _table(["", "check", "requirement", "why not"], rows)
