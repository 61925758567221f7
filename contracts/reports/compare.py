"""What is new, gone and the same between two reports: two deployments, or one before and after an upgrade."""

from typing import Final

from waldur_billing_mock.contracts.findings import Outcome
from waldur_billing_mock.contracts.reports.groups import Group, groups
from waldur_billing_mock.contracts.reports.report import Report
from waldur_billing_mock.contracts.reports.terminal import about

_TOLD: Final[tuple[Outcome, ...]] = ("broken", "note", "known deviation")


def differences(old: Report, new: Report) -> str:
    """The differences in words, one line a cause."""
    before, after = _causes(old), _causes(new)
    came = [group for key, group in after.items() if key not in before]
    gone = [group for key, group in before.items() if key not in after]
    same = len(before.keys() & after.keys())
    lines = [
        f"Compared with {old.target} on {old.started} (revision {old.revision}, {old.requests} requests):",
        *(f"  new:  {_line(group)}" for group in came),
        *(f"  gone: {_line(group)}" for group in gone),
        f"  {len(came)} new, {len(gone)} gone, {same} the same",
    ]
    judged = {result.id for result in new.results if result.outcome != "not exercised"}
    lost = [one.id for one in old.results if one.outcome != "not exercised" and one.id not in judged]
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        lines.append(f"  {len(lost)} checks were judged then and not now: {', '.join(lost[:3])}{more}")
    return "\n".join(lines)


def _causes(report: Report) -> dict[tuple[str, ...], Group]:
    return {_key(group): group for group in groups(report, *_TOLD)}


def _key(group: Group) -> tuple[str, ...]:
    if group.outcome == "known deviation":
        return group.outcome, *group.example.explained_by
    return group.outcome, *group.example.key


def _line(group: Group) -> str:
    return f"{group.outcome}: {group.example.what} — {about(group)}"
