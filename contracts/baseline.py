"""The local baseline: findings that are accepted for now, each with a reason and a day on which that ends.

A YAML file with a list of entries such as

    - check: invariants/invoices_growth_retrieve
      what: the figures and the invoices of each month must agree
      reason: the nightly task refreshes the figures
      expires: 2026-12-31

`check` and `what` may hold `*`. `what` may be left out, which accepts all that the check finds. `operation` (such as
`invoices_list`, or `invoices_*`) and `place` (a pointer into the description) narrow an entry; one of `check`,
`operation` and `place` is needed.
"""

from datetime import date, timedelta
from fnmatch import fnmatch
from math import inf
from pathlib import Path
from typing import Any, Final

import yaml

from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.reports.groups import groups
from waldur_billing_mock.contracts.reports.report import Report
from waldur_billing_mock.contracts.settings import Unusable

SCHEMA: Final = Path(__file__).with_name("baseline.schema.yaml")
"""What editors complete and check such a file by."""
_ACCEPTED_FOR: Final = timedelta(days=90)


class Baseline:
    """Accepted findings on a given day; entries that have expired accept nothing."""

    def __init__(self, entries: list[dict[str, Any]], today: date) -> None:
        self._entries: Final = entries
        self._today: Final = today
        self._used: Final[set[int]] = set()

    def reason(self, check_id: str, complaint: Complaint, operation_id: str = "") -> str:
        """Why a complaint is accepted, blank where it is not."""
        found = {"check": check_id, "operation": operation_id, "place": complaint.place, "what": complaint.what}
        for number, entry in enumerate(self._entries):
            if not all(_fits(found[name], entry[name]) for name in found if name in entry):
                continue
            self._used.add(number)
            if entry["expires"] >= self._today:
                return f"{entry['reason']} (until {entry['expires']})"
        return ""

    def stale(self, *, whole: bool = True) -> tuple[str, ...]:
        """Entries that have expired, and after a whole run those that matched nothing."""
        found = []
        for number, entry in enumerate(self._entries):
            if entry["expires"] < self._today:
                found.append(f"{_name(entry)}: expired on {entry['expires']}")
            elif whole and number not in self._used:
                found.append(f"{_name(entry)}: nothing matches it any more")
        return tuple(found)


def load(path: Path | None, today: date) -> Baseline:
    """The baseline of a file, empty without one. Raises `Unusable` where an entry is not complete."""
    if path is None:
        return Baseline([], today)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, yaml.YAMLError) as error:
        raise Unusable(f"The baseline {path} cannot be read: {error}.") from error
    if not isinstance(entries, list):
        raise Unusable(f"The baseline {path} must be a list of entries.")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not {"reason", "expires"} <= set(entry) or not _narrows(entry):
            raise Unusable(
                f"{path}, entry {number}: write check, operation or place, with reason and expires (a date), "
                "and what if you like."
            )
        if not isinstance(entry["expires"], date):
            raise Unusable(f"{path}, entry {number}: expires must be a date like 2026-12-31.")
    return Baseline(entries, today)


def write_baseline(path: Path, report: Report, today: date) -> None:
    """Writes a baseline that accepts what is broken in a report for ninety days. Raises `Unusable`."""
    entries = [
        {
            "check": group.id if len(group.results) == 1 else "*",
            "place": group.example.place,
            "what": group.example.what.replace("[", "[[]"),
            "reason": "accepted when this baseline was written; say why",
            "expires": today + _ACCEPTED_FOR,
        }
        for group in groups(report, "broken")
    ]
    text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=inf)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"The baseline {path} cannot be written: {error}.") from error


def _fits(text: str, wanted: object) -> bool:
    """Whether a text is the wanted one, or fits its pattern."""
    return text == wanted or fnmatch(text, str(wanted))


def _narrows(entry: dict[str, Any]) -> bool:
    return any(name in entry for name in ("check", "operation", "place"))


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("check") or entry.get("operation") or entry.get("place"))
