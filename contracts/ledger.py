"""What a run changes at the target, and how to undo it: noted in a file before each change, undone last first.

The file has one JSON object in each line, flushed before the request leaves, so that a run which was killed can be
undone later. It holds addresses and old values of the objects that were written to, and no token.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.settings import Unusable
from waldur_billing_mock.contracts.values import Malformed, Row

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoes a change.

    `write` sends `body` by `method` to `path`, unless the object at `reading` shows the values in `shows` already.
    `delete` removes the items that compensate the item `original`, whose details say `sign`, and that are not among
    `known`. Afterwards the object at `reading` must show the values in `shows`.
    """

    kind: Literal["write", "delete"]
    method: str = ""
    path: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    reading: str = ""
    shows: Mapping[str, Any] = field(default_factory=dict)
    original: str = ""
    sign: str = ""
    known: tuple[str, ...] = ()


@dataclass(slots=True)
class Change:
    """One change: what was done in words, and how to undo it; without `undo` it stays, for the given reason.

    `before` is the whole object as it was. `complaints` are what the server did otherwise than it must when the change
    was to be undone.
    """

    what: str
    undo: Undo | None
    reason: str = ""
    before: Row | None = None
    undone: bool = False
    trouble: str = ""
    complaints: tuple[Complaint, ...] = ()


class Journal(Protocol):
    """Where the lines of a ledger are kept."""

    def write(self, line: Mapping[str, Any]) -> None:
        """Keeps one line, for good."""


class LedgerFile:
    """A ledger in a file that only its owner may read. It is made at the first change, and removed if nothing is left.

    Raises `Unusable` where the file cannot be written: then nothing may be changed.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path: Final = path
        self._head: Final = head
        self._begun = False

    def write(self, line: Mapping[str, Any]) -> None:
        """Appends a line and makes sure that it is on the disk."""
        lines = [line] if self._begun else [{"format": _FORMAT, **self._head}, line]
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT if self._begun else os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(os.open(self.path, flags, 0o600), "w", encoding="utf-8") as file:
                file.writelines(json.dumps(one, default=str) + "\n" for one in lines)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            raise Unusable(
                f"The ledger {self.path} exists; undo what it holds, or name another with --ledger."
            ) from None
        except OSError as error:
            raise Unusable(f"The ledger {self.path} cannot be written: {error}; nothing more is changed.") from None
        self._begun = True

    def close(self, left: int) -> None:
        """Removes the file if nothing is left that could be undone."""
        if self._begun and not left:
            self.path.unlink(missing_ok=True)


@dataclass
class Ledger:
    """All changes of a run, in their order. `perform` undoes one; raises what a check raises where it cannot."""

    perform: Callable[[Change], None] | None = None
    journal: Journal | None = None
    changes: list[Change] = field(default_factory=list)

    def note(self, what: str, undo: Undo | None, reason: str = "", before: Row | None = None) -> Change:
        """Writes a change down; to be called before it is made, so that an interrupted run can undo it."""
        change = Change(what, undo, reason, before)
        if self.journal is not None:
            self.journal.write(
                {"change": len(self.changes), "what": what, "reason": reason, "undo": asdict(undo) if undo else None}
            )
        self.changes.append(change)
        return change

    def undo(self, since: int = 0) -> None:
        """Undoes what was changed since there were `since` changes, the last one first."""
        for number in range(len(self.changes) - 1, since - 1, -1):
            change = self.changes[number]
            if change.undo is None or change.undone or self.perform is None:
                continue
            try:
                self.perform(change)
            except Broken as error:
                change.trouble, change.complaints = str(error), error.complaints
            except (CannotAsk, NotExercised, Malformed) as error:
                change.trouble = str(error)
            else:
                change.undone, change.trouble = True, ""
                if self.journal is not None:
                    self.journal.write({"undone": number})

    @property
    def left(self) -> list[Change]:
        """The changes that are still there."""
        return [change for change in self.changes if not change.undone]


def read_ledger(path: Path) -> tuple[Mapping[str, Any], list[Change]]:
    """The head of a ledger file and the changes in it, those that were undone marked. Raises `Unusable`."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise Unusable(f"The ledger {path} cannot be read: {error}.") from None
    except ValueError:
        raise Unusable(f"{path} is not a ledger: every line of one is a JSON object.") from None
    if not lines or not isinstance(lines[0], dict) or lines[0].get("format") != _FORMAT:
        raise Unusable(f"{path} is not a ledger of this suite: its first line does not say so.")
    changes: list[Change] = []
    try:
        for line in lines[1:]:
            if "undone" in line:
                changes[line["undone"]].undone = True
                continue
            undo = line["undo"]
            made = Undo(**{**undo, "known": tuple(undo["known"])}) if undo else None
            changes.append(Change(line["what"], made, line["reason"]))
    except (LookupError, TypeError) as error:
        raise Unusable(f"{path} is not a whole ledger: {type(error).__name__} in one of its lines.") from None
    return lines[0], changes
