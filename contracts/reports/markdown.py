"""The verdict for a merge request: the verdict, what is broken, and tables that fold away."""

from waldur_billing_mock.contracts.findings import OUTCOMES, Verdict
from waldur_billing_mock.contracts.reports.terminal import headline
from waldur_billing_mock.contracts.reports.words import lines


def text(verdict: Verdict) -> str:
    """Markdown that any forge shows."""
    counts = " | ".join(str(len(verdict.of(outcome))) for outcome in OUTCOMES)
    found = [
        "## Contracts",
        "",
        _safe(headline(verdict)),
        "",
        "| " + " | ".join(OUTCOMES) + " |",
        "|" + "---|" * len(OUTCOMES),
        f"| {counts} |",
    ]
    for result in verdict.of("broken"):
        found += ["", f"### `{result.check.id}`", "", _safe(result.check.requirement), "", "```text"]
        for finding in result.findings[:3]:
            found += [line.replace("```", "'''") for line in lines(finding.complaint, verdict)]
        found.append("```")
    if verdict.seen:
        found += _folded(
            f"{len(verdict.seen)} known deviations",
            [f"- `{id}` ({count} ×): {verdict.catalogue.get(id, '')}" for id, count in sorted(verdict.seen.items())],
        )
    missing = [f"- `{result.check.id}`: {_safe(result.reason)}" for result in verdict.of("not exercised")]
    if missing:
        found += _folded(f"{len(missing)} checks not exercised", missing)
    return "\n".join(found) + "\n"


def _folded(title: str, body: list[str]) -> list[str]:
    return ["", f"<details><summary>{title}</summary>", "", *body, "", "</details>"]


def _safe(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")
