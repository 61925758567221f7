"""The report for a merge request, and a ticket for each cause, ready for an issue tracker."""

import re
from collections.abc import Mapping

from waldur_billing_mock.contracts.findings import OUTCOMES
from waldur_billing_mock.contracts.reports.groups import Group, groups
from waldur_billing_mock.contracts.reports.report import Report
from waldur_billing_mock.contracts.reports.terminal import about, verdict


def text(report: Report) -> str:
    """Markdown that any forge shows: the verdict, what fails, and tables that fold away."""
    counts = " | ".join(str(report.counts[outcome]) for outcome in OUTCOMES)
    found = [
        "## Contracts",
        "",
        _safe(verdict(report)),
        "",
        "| " + " | ".join(OUTCOMES) + " |",
        "|" + "---|" * len(OUTCOMES),
        f"| {counts} |",
    ]
    for group in groups(report, "broken", *(("known deviation", "note") if report.strict else ())):
        found += ["", f"### {_safe(about(group))}", "", _safe(group.results[0].requirement), "", *_fenced(group)]
    if report.seen:
        title = f"{len(report.seen)} known deviations"
        lines = [f"- `{id}` ({count}): {_safe(report.catalogue.get(id, ''))}" for id, count in report.seen.items()]
        found += _folded(title, lines)
    notes = groups(report, "note")
    if notes:
        found += _folded(
            f"{len(notes)} notes", [f"- {_safe(group.example.what)}: {_safe(about(group))}" for group in notes]
        )
    missing = [f"- `{result.id}`: {_safe(result.reason)}" for result in report.of("not exercised")]
    if missing:
        found += _folded(f"{len(missing)} checks not exercised", missing)
    return "\n".join(found) + "\n"


def tickets(report: Report) -> Mapping[str, str]:
    """A ticket for each cause of what is broken, by the name of its file."""
    found: dict[str, str] = {}
    for group in groups(report, "broken"):
        name = re.sub(r"[^a-z0-9]+", "-", f"{group.id} {group.example.what}".lower()).strip("-")[:100]
        found[f"{name}.md"] = ticket(group, report)
    return found


def tickets_of(report: Report, id: str) -> str:
    """The tickets of what a check found, or checks whose identifiers begin so."""
    found = [group for group in groups(report, "broken") if any(one.id.startswith(id) for one in group.results)]
    return "\n\n".join(ticket(group, report) for group in found) or f"{id} found nothing broken.\n"


def ticket(group: Group, report: Report) -> str:
    """One cause: what is required, what was found, how to see it again, and on what."""
    shown = [f"- `{result.id}`" for result in group.results[:20]]
    more = [f"- and {len(group.results) - 20} more"] if len(group.results) > 20 else []
    version = report.server_version or "unknown"
    return "\n".join(
        [
            f"# {_safe(group.example.what)}",
            "",
            f"**Where:** {_safe(', '.join(group.routes) or 'several operations')}",
            "",
            f"**Required:** {_safe(group.results[0].requirement)}",
            "",
            "**Found:**",
            "",
            *_fenced(group),
            "",
            f"**Server:** version {_safe(version)}, judged as revision {report.revision}",
            f"on {report.started} by waldur-contracts {report.suite_version} (seed {report.seed}).",
            "",
            f"**Found by** {len(group.results)} checks:",
            "",
            *shown,
            *more,
            "",
            f"Again: `waldur-contracts --target {_safe(report.target)} --only {group.id} …`",
            "",
        ]
    )


def _fenced(group: Group) -> list[str]:
    return ["```text", *(line.replace("```", "'''") for line in group.example.lines()), "```"]


def _folded(title: str, body: list[str]) -> list[str]:
    return ["", f"<details><summary>{title}</summary>", "", *body, "", "</details>"]


def _safe(text: str) -> str:
    """Text in which Markdown and HTML mean nothing, on one line."""
    text = re.sub(r"\s+", " ", text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return re.sub(r"([\[\]`*])", r"\\\1", text)
