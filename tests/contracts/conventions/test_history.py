"""The history of an invoice: what a server may show, and what is reported, by answers that are altered one by one."""

from typing import Any, Final

import pytest

from tests.contracts.altered import UUID, Change, answered, judged, rows, setting, shown

CHECK: Final = "conventions/the_history_of_an_invoice_holds_together"
HISTORY: Final = f"/api/invoices/{UUID}/history/"
AT: Final = f"{HISTORY}at/"
DAYS: Final = tuple(f"2025-11-0{day}T00:00:00Z" for day in (3, 2, 1))
NEWEST: Final = "the versions of an invoice must come newest first"
ABSENT: Final = "not exercised: this server has no history of invoices"


def said(*changes: Change, revision: str = "8.1.3") -> str:
    return judged(CHECK, *changes, revision=revision).said


def versions(*days: str, ids: tuple[int, ...] = (3, 2, 1), query: str = "^$") -> Change:
    """The history has these versions."""
    made = [{"id": number, "revision_date": day} for number, day in zip(ids, days, strict=False)]
    return shown(HISTORY, lambda value: made, query)


def whole(*later: Change) -> tuple[Change, ...]:
    """A history of three versions that holds together, and further changes."""
    return versions(*DAYS), versions(*DAYS, query="created_before"), rows(AT, setting(revision_date=DAYS[0])), *later


def test_a_history_that_holds_together_is_kept() -> None:
    assert said() == said(*whole()) == "kept"
    assert said(versions()) == "kept"
    assert said(revision="documents") == "not exercised: revision documents has no history of invoices"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (answered(HISTORY, 404), ABSENT),
        (answered(HISTORY, 405), ABSENT),
        (answered(HISTORY, 406), "the status must be 200, not 406"),
        (versions(DAYS[1], DAYS[0]), NEWEST),
        (versions(*DAYS, ids=(1, 2, 1)), "each version must have a number of its own"),
        (answered(HISTORY, 400, query="created_before"), "the status must be 200, not 400"),
        (
            versions("2025-11-03T00:00:01Z", query="created_before"),
            "created_before must leave out later versions",
        ),
        (versions(DAYS[0], query="created_before"), "kept"),
        (rows(AT, setting(revision_date=DAYS[1])), "the version at its own instant must agree"),
        (answered(AT, 404, query="2025"), "the status must be 200, not 404"),
        (answered(AT, 200, query="1990"), "the status must be 404, not 200"),
    ],
)
def test_what_is_wrong_with_a_history_is_told(change: Change, what: str) -> None:
    assert said(*whole(change)) == what


def test_the_newest_version_is_asked_for_and_what_was_made_before_it_of_three_invoices() -> None:
    found = judged(CHECK, *whole(), revision="8.1.3")

    asked: Any = [one.target.partition("?")[2] for one in found.sent if "/history/" in one.path]
    newest = DAYS[0].replace(":", "%3A")
    assert asked == ["", f"created_before={newest}", f"timestamp={newest}", "timestamp=1990-01-01T00%3A00%3A00Z"] * 3
