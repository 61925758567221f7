"""Undoes what a ledger file holds, after the run that wrote it is gone."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from waldur_billing_mock.contracts.changes import undo_change
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.ledger import Ledger, LedgerFile, read_ledger
from waldur_billing_mock.contracts.redaction import Redactor, SafeStream
from waldur_billing_mock.contracts.settings import PROFILES, Settings
from waldur_billing_mock.contracts.target import open_target


def undo_ledger(path: Path, token: str, timeout: float, authority: Path | None, out: SafeStream) -> int:
    """0 where everything that can be undone is undone, 2 where something is left. Raises `Unusable`."""
    head, changes = read_ledger(path)
    base = str(head.get("target", ""))
    role = str(head.get("role", "staff"))
    settings = Settings(
        target=base,
        token=token,
        role_tokens={role: token} if role != "reader" else {},
        profile=PROFILES["full"],
        allow_writes=urlsplit(base).hostname or "",
        write_invoices=("any",),
        write_items=("any",),
        timeout=timeout,
        authority=authority,
    )
    out.redact = Redactor([token])
    target = open_target(settings)
    journal = _Marks(path)
    ledger = Ledger(journal=journal, changes=changes)
    context = Context(describe("documents"), None, None, target, settings.profile, 1, ledger, 10.0)
    ledger.perform = lambda change: undo_change(context, change)
    open_before = sum(change.undo is not None and not change.undone for change in changes)
    with target.guard.undoing():
        ledger.undo()
    target.close()
    for change in ledger.left:
        out.write(f"left behind: {change.what} ({change.trouble or change.reason})\n")
    left = sum(change.undo is not None for change in ledger.left)
    out.write(f"{open_before - left} of {open_before} changes were undone at {base}.\n")
    if not left:
        path.rename(path.with_name(f"{path.name}.undone-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    return 2 if left else 0


class _Marks(LedgerFile):
    """The file that is being undone: what is undone is marked in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, {})
        self._begun = True
