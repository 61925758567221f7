"""The report as one page that needs nothing else: no scripts, fonts or pictures from anywhere."""

from collections import Counter
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from waldur_billing_mock.contracts.declare import KINDS
from waldur_billing_mock.contracts.findings import OUTCOMES, Outcome
from waldur_billing_mock.contracts.reports.groups import groups
from waldur_billing_mock.contracts.reports.report import Report, ReportedResult
from waldur_billing_mock.contracts.reports.terminal import verdict

CLASSES: Final[dict[Outcome, str]] = {
    "kept": "kept",
    "broken": "broken",
    "error": "error",
    "known deviation": "deviation",
    "note": "note",
    "accepted": "accepted",
    "not exercised": "missing",
}
_SIGNS: Final[dict[Outcome, str]] = {
    "kept": "✓",
    "broken": "✗",
    "error": "!",
    "known deviation": "≈",
    "note": "·",
    "accepted": "○",
    "not exercised": "–",
}
_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("waldur_billing_mock.contracts.reports", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(report: Report) -> str:
    """The page. Everything that comes from a server is escaped by the template engine."""
    style = files("waldur_billing_mock.contracts.reports").joinpath("report.css").read_text(encoding="utf-8")
    return _ENVIRONMENT.get_template("report.html").render(
        report=report,
        verdict=verdict(report),
        tone=("kept", "broken", "error")[report.exit_code],
        style=style,
        failing=groups(report, "broken", *(("known deviation", "note") if report.strict else ())),
        notes=[] if report.strict else groups(report, "note"),
        accepted=groups(report, "accepted"),
        errors=report.of("error"),
        counts=_counts(report),
        outcomes=OUTCOMES,
        classes=CLASSES,
        signs=_SIGNS,
        roles=_roles(report),
        matrix=_matrix(report),
        kinds=[kind for kind, _ in _counts(report)],
        exercised={name for name, counts in report.statuses.items() if any(one.startswith("2") for one in counts)},
    )


def _counts(report: Report) -> list[tuple[str, Counter[str]]]:
    """The number of results of each outcome, by kind."""
    found: list[tuple[str, Counter[str]]] = []
    for kind in KINDS:
        counts = Counter[str](result.outcome for result in report.results if result.kind == kind)
        if counts:
            found.append((kind, counts))
    return found


def _by_role(report: Report) -> dict[tuple[str, str], ReportedResult]:
    cells = [result for result in report.results if result.kind == "roles" and result.id.count("/") == 2]
    return {(result.id.split("/")[1], result.operation): result for result in cells if result.operation}


def _roles(report: Report) -> list[str]:
    return list(dict.fromkeys(role for role, _ in _by_role(report)))


def _matrix(report: Report) -> list[tuple[str, list[ReportedResult | None]]]:
    """A row for each operation, with what became of each role."""
    cells, roles = _by_role(report), _roles(report)
    return [(route, [cells.get((role, name)) for role in roles]) for name, route in report.routes.items()]
