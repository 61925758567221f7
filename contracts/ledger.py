"""What a run has changed at the target, and how to take it back. Kept before each change, undone last first."""

from collections.abc import Callable
from dataclasses import dataclass, field

from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.transport import CannotAsk
from waldur_billing_mock.contracts.values import Malformed


@dataclass(slots=True)
class Change:
    """One change: what was done in words, and how to undo it; without `undo` it stays, for the given reason.

    `complaints` are what the server did otherwise than it must when the change was to be undone.
    """

    what: str
    undo: Callable[[], None] | None
    reason: str = ""
    undone: bool = False
    trouble: str = ""
    complaints: tuple[Complaint, ...] = ()


@dataclass
class Ledger:
    """All changes of a run, in their order."""

    changes: list[Change] = field(default_factory=list)

    def note(self, what: str, undo: Callable[[], None] | None, reason: str = "") -> Change:
        """Writes a change down; to be called before it is made, so that an interrupted run can take it back."""
        change = Change(what, undo, reason)
        self.changes.append(change)
        return change

    def undo(self, since: int = 0) -> None:
        """Takes back what was changed since there were `since` changes, the last one first."""
        for change in reversed(self.changes[since:]):
            if change.undo is None or change.undone:
                continue
            try:
                change.undo()
            except Broken as error:
                change.trouble, change.complaints = str(error), error.complaints
            except (CannotAsk, NotExercised, Malformed) as error:
                change.trouble = str(error)
            else:
                change.undone, change.trouble = True, ""

    @property
    def left(self) -> list[Change]:
        """The changes that are still there."""
        return [change for change in self.changes if not change.undone]
