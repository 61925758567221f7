"""The local baseline: findings that are accepted for now, each with a reason and a day on which that ends.

A YAML file with a list of entries such as

    - check: invariants/invoices_growth_retrieve
      what: the figures and the invoices of each month must agree
      reason: the nightly task refreshes the figures
      expires: 2026-12-31

`what` may be left out, which accepts all that the check finds.
"""

from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import yaml

from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.settings import Unusable


class Baseline:
    """Accepted findings on a given day; entries that have expired accept nothing."""

    def __init__(self, entries: list[dict[str, Any]], today: date) -> None:
        self._entries: Final = entries
        self._today: Final = today
        self._used: Final[set[int]] = set()

    def reason(self, check_id: str, complaint: Complaint) -> str:
        """Why a complaint is accepted, blank where it is not."""
        for number, entry in enumerate(self._entries):
            if not fnmatch(check_id, entry["check"]) or entry.get("what", complaint.what) != complaint.what:
                continue
            self._used.add(number)
            if entry["expires"] >= self._today:
                return f"{entry['reason']} (until {entry['expires']})"
        return ""

    def stale(self) -> tuple[str, ...]:
        """Entries that have expired, or that matched nothing."""
        found = []
        for number, entry in enumerate(self._entries):
            if entry["expires"] < self._today:
                found.append(f"{entry['check']}: expired on {entry['expires']}")
            elif number not in self._used:
                found.append(f"{entry['check']}: nothing matches it any more")
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
        if not isinstance(entry, dict) or not {"check", "reason", "expires"} <= set(entry):
            raise Unusable(f"{path}, entry {number}: write check, reason and expires (a date), and what if you like.")
        if not isinstance(entry["expires"], date):
            raise Unusable(f"{path}, entry {number}: expires must be a date like 2026-12-31.")
    return Baseline(entries, today)
