"""The baseline accepts what its entries name, until their day, and says which of them are of no use any more."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from waldur_billing_mock.contracts.baseline import Baseline, load, write_baseline
from waldur_billing_mock.contracts.exchange import Complaint
from waldur_billing_mock.contracts.reports.report import Report, ReportedFinding, ReportedResult
from waldur_billing_mock.contracts.settings import Unusable

TODAY: Final = date(2026, 11, 22)
LATER: Final = date(2026, 12, 31)
PLACE: Final = "/components/schemas/Invoice/properties/price"
COMPLAINT: Final = Complaint("the price must agree", PLACE)


def accepted(entry: dict[str, Any], check: str = "invariants/a", operation: str = "invoices_list") -> bool:
    """Whether a baseline of one entry accepts the complaint."""
    baseline = Baseline([{"reason": "known", "expires": LATER, **entry}], TODAY)
    return baseline.reason(check, COMPLAINT, operation) != ""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "baseline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_baseline_accepts_until_its_day_and_tells_what_is_stale(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "- {check: 'invariants/a', reason: known, expires: 2026-12-31}\n"
        "- {check: 'invariants/b', reason: past, expires: 2026-01-01}\n"
        "- {check: 'invariants/c', reason: gone, expires: 2026-12-31}\n",
    )
    baseline = load(path, TODAY)

    found = [baseline.reason(f"invariants/{name}", COMPLAINT) for name in "ab"]

    assert found == ["known (until 2026-12-31)", ""]
    assert baseline.stale() == (
        "invariants/b: expired on 2026-01-01",
        "invariants/c: nothing matches it any more",
    )


def test_the_day_on_which_an_entry_expires_is_the_last_on_which_it_accepts() -> None:
    entry = {"check": "invariants/a", "reason": "known", "expires": TODAY}

    baseline = Baseline([entry], TODAY)

    assert baseline.reason("invariants/a", COMPLAINT) == "known (until 2026-11-22)"
    assert baseline.stale() == ()


def test_a_part_of_a_run_does_not_say_that_nothing_matches_an_entry() -> None:
    baseline = Baseline([{"check": "invariants/a", "reason": "known", "expires": LATER}], TODAY)

    assert baseline.stale(whole=False) == ()
    assert baseline.stale(whole=True) == ("invariants/a: nothing matches it any more",)


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ({"check": "invariants/a"}, True),
        ({"check": "invariants/*"}, True),
        ({"check": "invariants/b"}, False),
        ({"operation": "invoices_*"}, True),
        ({"operation": "invoice_items_*"}, False),
        ({"place": PLACE}, True),
        ({"place": "/components/schemas/Invoice/properties/tax"}, False),
        ({"check": "*", "what": "the price *"}, True),
        ({"check": "*", "what": "the tax *"}, False),
        ({"check": "invariants/a", "operation": "invoice_items_*"}, False),
    ],
)
def test_all_that_an_entry_names_has_to_fit(entry: dict[str, Any], fits: bool) -> None:
    assert accepted(entry) is fits


def test_a_sentence_with_brackets_fits_itself() -> None:
    baseline = Baseline([{"check": "*", "what": "a [list]", "reason": "known", "expires": LATER}], TODAY)

    assert baseline.reason("invariants/a", Complaint("a [list]", PLACE)) != ""


@pytest.mark.parametrize("name", ["check", "operation", "place"])
def test_a_stale_entry_is_called_by_what_it_names(name: str) -> None:
    baseline = Baseline([{name: "one", "reason": "known", "expires": LATER}], TODAY)

    assert baseline.stale() == ("one: nothing matches it any more",)


def test_without_a_file_and_of_an_empty_one_nothing_is_accepted(tmp_path: Path) -> None:
    for path in (None, written(tmp_path, "")):
        baseline = load(path, TODAY)

        assert baseline.reason("invariants/a", COMPLAINT) == ""
        assert baseline.stale() == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: invariants/a\n", "must be a list"),
        ("[broken\n", "cannot be read"),
        ("- only words\n", "entry 1: write check"),
        ("- {check: 'invariants/a', expires: 2026-12-31}\n", "with reason and expires"),
        ("- {reason: known, expires: 2026-12-31}\n", "entry 1: write check, operation or place"),
        ("- {what: all, reason: known, expires: 2026-12-31}\n", "entry 1: write check, operation or place"),
        ("- {check: a, reason: known, expires: soon}\n", "entry 1: expires must be a date"),
        (
            "- {check: a, reason: known, expires: 2026-12-31}\n- {check: b, reason: known, expires: soon}\n",
            "entry 2: expires must be a date",
        ),
    ],
)
def test_a_baseline_that_is_not_complete_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Unusable, match=message):
        load(written(tmp_path, text), TODAY)


def test_a_baseline_that_is_written_accepts_for_ninety_days_what_is_broken(tmp_path: Path) -> None:
    both, alone = ReportedFinding("broken", "größer [1]", PLACE), ReportedFinding("broken", "one " * 60, PLACE)
    results = (
        ReportedResult("invariants/a", "invariants", "A.", "invoices_list", "broken", findings=(both, alone)),
        ReportedResult("invariants/b", "invariants", "B.", "invoices_list", "broken", findings=(both,)),
    )
    report = Report("http://a.example", "8.1.3", "", "documented", "quick", 1, "", "1", "", 1, 1.0, results)
    path = tmp_path / "baseline.yaml"

    write_baseline(path, report, TODAY)

    reason = "accepted when this baseline was written; say why"
    assert path.read_text(encoding="utf-8").splitlines() == [
        "- check: '*'",
        f"  place: {PLACE}",
        "  what: größer [[]1]",
        f"  reason: {reason}",
        "  expires: 2027-02-20",
        "- check: invariants/a",
        f"  place: {PLACE}",
        f"  what: '{'one ' * 60}'",
        f"  reason: {reason}",
        "  expires: 2027-02-20",
    ]
    baseline = load(path, TODAY)
    assert [baseline.reason(f"invariants/{name}", Complaint(both.what, PLACE)) != "" for name in "ab"] == [True, True]
    assert baseline.reason("invariants/b", Complaint(alone.what, PLACE)) == ""
