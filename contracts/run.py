"""One run from settings to verdict: opens the target, finds the revision, makes check after check, undoes changes."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from waldur_billing_mock.contracts.baseline import load
from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.guard import CannotAsk
from waldur_billing_mock.contracts.ledger import LedgerFile
from waldur_billing_mock.contracts.revision import Revision, find_revision
from waldur_billing_mock.contracts.runner import Progress, Runner
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import Target, must_be_waldur, open_target

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")


def prepare(settings: Settings, now: datetime | date) -> Runner:
    """Everything that is needed before the first check. Raises `Unusable`."""
    moment = now if isinstance(now, datetime) else datetime(now.year, now.month, now.day, tzinfo=UTC)
    baseline = load(settings.baseline, moment.date())
    named = "documents" if settings.revision == "auto" else settings.revision
    target = open_target(settings, named)
    try:
        must_be_waldur(target)
        if settings.revision == "auto" and (settings.deployed or not settings.in_process):
            revision = find_revision(target)
        else:
            revision = Revision(named, "as asked for")
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    return Runner(settings, target, revision, baseline, moment, _ledger_file(settings, target, moment))


def run(settings: Settings, now: datetime | date, progress: Progress) -> Verdict:
    """The verdict on a target. What was changed is undone, also when the run is interrupted."""
    return carry_out(prepare(settings, now), progress)


def carry_out(runner: Runner, progress: Progress) -> Verdict:
    """Makes all checks of a runner. Ctrl-C, SIGTERM and SIGHUP end it; changes are undone in any case."""
    with _interruptible(runner.target):
        try:
            verdict = runner.run(progress)
        except KeyboardInterrupt as error:
            runner.stopped = str(error) or "interrupted"
            verdict = runner.verdict()
        finally:
            # An error of the suite is reported by the caller; the changes are undone before.
            runner.undo_all()
            if isinstance(runner.ledger.journal, LedgerFile):
                runner.ledger.journal.close(sum(change.undo is not None for change in runner.ledger.left))
            runner.target.close()
    return verdict


def _ledger_file(settings: Settings, target: Target, now: datetime) -> LedgerFile | None:
    """Where changes of a deployment are noted; a world in this process is brought back otherwise."""
    if not settings.allow_writes:
        return None
    path = settings.ledger or Path(f"waldur-contracts-{now:%Y%m%dT%H%M%S}-{os.getpid()}.ledger")
    return LedgerFile(path, {"target": target.base, "started": now.isoformat(), "role": target.main.role})


@contextmanager
def _interruptible(target: Target) -> Iterator[None]:
    """Turns signals into a `KeyboardInterrupt`, but not while a change is on its way or being undone."""

    def end(number: int, frame: FrameType | None) -> None:
        why = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
        if target.guard.interrupt(why):
            raise KeyboardInterrupt(why)

    before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
    try:
        for name in _SIGNALS:
            if hasattr(signal, name):
                number = signal.Signals[name]
                before[number] = signal.signal(number, end)
    except ValueError:
        before.clear()  # signals reach the main thread alone, and this is another one
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
