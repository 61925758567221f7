"""The ledger: what was changed is taken back, the last first, and what is left is told."""

from waldur_billing_mock.contracts.exchange import Broken, Complaint
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.transport import Refused


def test_changes_are_taken_back_the_last_one_first() -> None:
    ledger, undone = Ledger(), list[str]()
    ledger.note("first", lambda: undone.append("first"))
    ledger.note("second", lambda: undone.append("second"))

    ledger.undo()
    ledger.undo()

    assert undone == ["second", "first"]
    assert ledger.left == []


def test_only_the_changes_of_one_check_are_taken_back() -> None:
    ledger, undone = Ledger(), list[str]()
    ledger.note("before", lambda: undone.append("before"))
    since = len(ledger.changes)
    ledger.note("now", lambda: undone.append("now"))

    ledger.undo(since)

    assert undone == ["now"]


def test_what_cannot_be_taken_back_is_told_with_its_reason() -> None:
    def fail() -> None:
        raise Refused("not allowed")

    ledger = Ledger()
    ledger.note("paid", None, "nothing makes it unpaid")
    ledger.note("moved", fail)

    ledger.undo()

    assert [(change.what, change.reason or change.trouble) for change in ledger.left] == [
        ("paid", "nothing makes it unpaid"),
        ("moved", "not allowed"),
    ]


def test_what_is_not_there_again_after_it_was_taken_back_is_complained_about() -> None:
    complaint = Complaint("an item with its old values and what it was before must agree", "/paths")

    def forget() -> None:
        raise Broken(complaint)

    ledger = Ledger()
    change = ledger.note("an item is changed", forget)

    ledger.undo()

    assert ledger.left == [change]
    assert change.complaints == (complaint,)


def test_one_failure_does_not_keep_the_others_from_being_taken_back() -> None:
    def fail() -> None:
        raise Refused("not allowed")

    ledger, undone = Ledger(), list[str]()
    ledger.note("first", lambda: undone.append("first"))
    ledger.note("second", fail)

    ledger.undo()

    assert undone == ["first"]
