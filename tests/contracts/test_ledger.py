"""The ledger: what was changed is undone, the last first; what is left is reported; and a file survives the run."""

import json
from pathlib import Path

import pytest

from waldur_billing_mock.contracts.exchange import Broken, Complaint
from waldur_billing_mock.contracts.guard import Refused
from waldur_billing_mock.contracts.ledger import Change, Ledger, LedgerFile, Undo, read_ledger
from waldur_billing_mock.contracts.settings import Unusable

UNDO = Undo("write", "POST", "/api/invoices/x/set_backend_id/", {"backend_id": "old"}, "/api/invoices/x/")


def recording(undone: list[str], failing: str = "", error: Exception | None = None) -> Ledger:
    """A ledger that undoes by writing down what it was to undo."""

    def perform(change: Change) -> None:
        if change.what == failing and error is not None:
            raise error
        undone.append(change.what)

    return Ledger(perform)


def test_changes_are_undone_the_last_one_first() -> None:
    undone = list[str]()
    ledger = recording(undone)
    ledger.note("first", UNDO)
    ledger.note("second", UNDO)

    ledger.undo()
    ledger.undo()

    assert undone == ["second", "first"]
    assert ledger.left == []


def test_only_the_changes_of_one_check_are_undone() -> None:
    undone = list[str]()
    ledger = recording(undone)
    ledger.note("before", UNDO)
    since = len(ledger.changes)
    ledger.note("now", UNDO)

    ledger.undo(since)

    assert undone == ["now"]


def test_what_cannot_be_undone_is_told_with_its_reason() -> None:
    ledger = recording([], "moved", Refused("not allowed"))
    ledger.note("paid", None, "nothing makes it unpaid")
    ledger.note("moved", UNDO)

    ledger.undo()

    assert [(change.what, change.reason or change.trouble) for change in ledger.left] == [
        ("paid", "nothing makes it unpaid"),
        ("moved", "not allowed"),
    ]


def test_what_is_not_there_again_after_it_was_undone_is_complained_about() -> None:
    complaint = Complaint("an object after undoing and what it was before must agree", "/paths")
    ledger = recording([], "an item is changed", Broken(complaint))
    change = ledger.note("an item is changed", UNDO)

    ledger.undo()

    assert ledger.left == [change]
    assert change.complaints == (complaint,)


def test_one_failure_does_not_keep_the_others_from_being_undone() -> None:
    undone = list[str]()
    ledger = recording(undone, "second", Refused("not allowed"))
    ledger.note("first", UNDO)
    ledger.note("second", UNDO)

    ledger.undo()

    assert undone == ["first"]


def test_a_change_is_in_the_file_before_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "run.ledger"
    ledger = Ledger(journal=LedgerFile(path, {"target": "https://waldur.example.com"}))

    ledger.note("an item is changed", UNDO)

    head, line = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert head["target"] == "https://waldur.example.com"
    assert line["what"] == "an item is changed"
    assert path.stat().st_mode & 0o077 == 0


def test_a_ledger_file_tells_what_was_not_undone(tmp_path: Path) -> None:
    path = tmp_path / "run.ledger"
    ledger = recording([], "second", Refused("not allowed"))
    ledger.journal = LedgerFile(path, {"target": "https://waldur.example.com"})
    ledger.note("first", UNDO)
    ledger.note("second", UNDO)
    ledger.undo()

    _, changes = read_ledger(path)

    assert [(change.what, change.undone, change.undo) for change in changes] == [
        ("first", True, UNDO),
        ("second", False, UNDO),
    ]


def test_the_file_is_removed_where_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "run.ledger"
    file = LedgerFile(path, {})
    ledger = Ledger(journal=file)
    ledger.note("first", UNDO)

    file.close(0)

    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run.ledger"
    path.write_text("of another run", encoding="utf-8")

    with pytest.raises(Unusable, match="exists"):
        Ledger(journal=LedgerFile(path, {})).note("first", UNDO)

    assert path.read_text(encoding="utf-8") == "of another run"


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"format": 99}', '{"format": 1}\n{"undone": 3}'])
def test_what_is_no_ledger_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.ledger"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(Unusable, match="ledger"):
        read_ledger(path)
