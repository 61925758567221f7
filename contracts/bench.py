"""Judges one check after the other, and classes what it finds."""

import time
from collections import Counter
from collections.abc import Sequence
from traceback import walk_tb
from types import FrameType
from typing import Final

from waldur_billing_mock.contracts.baseline import Baseline
from waldur_billing_mock.contracts.checks import Check, checks
from waldur_billing_mock.contracts.description import Description, Dialect, describe
from waldur_billing_mock.contracts.deviations import Catalogue
from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.findings import Finding, Result, Verdict, worst
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.revision import Revision
from waldur_billing_mock.contracts.settings import Settings
from waldur_billing_mock.contracts.tally import Tally
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.transport import BudgetSpent, CannotAsk, Stopped, Unreachable
from waldur_billing_mock.contracts.trial import Remembered, Trial
from waldur_billing_mock.contracts.values import Malformed

_FATAL: Final = (BudgetSpent, Stopped, Unreachable)
_PUZZLING: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a check runs into where an answer is of a kind that nobody thought of."""


class Bench:
    """Everything that one run needs, made once."""

    def __init__(self, settings: Settings, target: Target, revision: Revision, baseline: Baseline) -> None:
        self.settings: Final = settings
        self.target: Final = target
        self.ledger: Final = Ledger()
        self._remembered: Final = Remembered()
        self.tally: Final = Tally(slow_from=1.0 if target.in_process else 10.0)
        self.stopped = ""
        self._revision: Final = revision
        self._baseline: Final = baseline
        dialect: Dialect = "wire" if settings.wire else "documented"
        self.description: Final = describe(revision.name, dialect)
        self._catalogue: Final = Catalogue(self.description) if settings.forgives else None
        self._trial: Final = self._make_trial(self.description)
        self._wire: Final = self._make_trial(describe(revision.name, "wire")) if settings.forgives else None
        self.checks: Final[Sequence[Check]] = self._chosen()
        self._seen: Final[Counter[str]] = Counter()
        self._started: Final = time.perf_counter()

    def judge(self, check: Check) -> Result:
        """The result of a check; what it changed is taken back before this returns."""
        started = time.perf_counter()
        if self.stopped:
            return self._not_exercised(check, self.stopped, started)
        try:
            complaints = self._complaints(check, self._trial)
        except NotExercised as error:
            return self._not_exercised(check, str(error), started)
        except CannotAsk as error:
            if isinstance(error, _FATAL) or self.target.main.role in self.target.guard.rejected:
                self.stopped = str(error)
            return self._not_exercised(check, str(error), started)
        findings = self._classed(check, complaints) if complaints else ()
        return Result(check, worst(findings), tuple(findings), seconds=time.perf_counter() - started)

    def not_judged(self, check: Check, error: BaseException) -> Result:
        """The result of a check that gave up: broken, as nobody can say that the contract is kept."""
        return Result(check, "broken", (Finding(puzzle(error, self._place(check)), "broken"),))

    def verdict(self, results: Sequence[Result]) -> Verdict:
        """The whole run. Takes back what is still changed."""
        self._take_back()
        unseen: tuple[str, ...] = ()
        if self._catalogue is not None and not self.settings.only:
            unseen = tuple(entry.id for entry in self._catalogue.entries if entry.id not in self._seen)
        return Verdict(
            target=self.target.name,
            base=self.target.base,
            revision=self._revision.name,
            dialect=self.description.dialect,
            how_revision_was_found=self._revision.how,
            profile=self.settings.profile.name,
            seed=self.settings.seed,
            results=tuple(results),
            requests=self.target.guard.sent,
            seconds=time.perf_counter() - self._started,
            seen=dict(self._seen),
            unseen=unseen,
            stale=self._baseline.stale() if not self.settings.only else (),
            left=tuple(change for change in self.ledger.left if not self.target.in_process),
            undone=sum(change.undone for change in self.ledger.changes),
            statuses={name: dict(counts) for name, counts in self.tally.statuses.items()},
            parameters={name: tuple(sorted(names)) for name, names in self.tally.parameters.items()},
            shows_data=self.settings.shows_data,
            stopped=self.stopped,
            strict=self.settings.strict,
            catalogue={e.id: e.description for e in self._catalogue.entries} if self._catalogue else {},
            places={name: self.description.place(op) for name, op in self.description.operations.items()},
        )

    def _make_trial(self, description: Description) -> Trial:
        settings = self.settings
        return Trial(
            description, self.target, settings.profile, settings.seed, self.tally, self.ledger, self._remembered
        )

    def _chosen(self) -> Sequence[Check]:
        made = checks(self.description, self.target.identities, self.settings.profile)
        if not self.settings.only:
            return made
        wanted = tuple(self.settings.only)
        return [check for check in made if any(check.id == one or check.id.startswith(one) for one in wanted)]

    def _complaints(self, check: Check, trial: Trial) -> tuple[Complaint, ...]:
        """What a check complains about. Undoes what it changed; renews a world that cannot be undone."""
        since = len(self.ledger.changes)
        found: tuple[Complaint, ...] = ()
        gave_up: NotExercised | CannotAsk | None = None
        try:
            found = self._found(check, trial)
        except (NotExercised, CannotAsk) as error:
            gave_up = error
        finally:
            self._take_back(since)
            changes = self.ledger.changes[since:]
            if self.target.in_process and any(not change.undone for change in changes):
                self.target.renew()
                trial.forget()
        found = (*found, *(complaint for change in changes for complaint in change.complaints))
        if gave_up is not None and not found:
            raise gave_up
        return found

    def _take_back(self, since: int = 0) -> None:
        with self.target.guard.taking_back():
            self.ledger.undo(since)

    def _found(self, check: Check, trial: Trial) -> tuple[Complaint, ...]:
        """What a check complains about while it runs, or why its answers could not be judged."""
        try:
            check.run(trial)
        except Broken as error:
            if trial.description.may_fail(check.operation_id) and all(_is_a_crash(one) for one in error.complaints):
                raise NotExercised("servers of this dialect fail here") from None
            return error.complaints
        except Malformed as error:
            return (Complaint(f"a value must be {error}", self._place(check)),)
        except _PUZZLING as error:
            return (puzzle(error, self._place(check)),)
        return ()

    def _classed(self, check: Check, complaints: Sequence[Complaint]) -> Sequence[Finding]:
        """Broken, unless the catalogue or the baseline explains it."""
        still = self._still_broken(check)
        found = []
        for complaint in {one.key: one for one in complaints}.values():
            explained: tuple[str, ...] = ()
            if self._catalogue is not None and (still is None or complaint.key not in still):
                explained = self._catalogue.explain(self._place(check), complaint)
            if explained:
                self._seen.update(explained)
                found.append(Finding(complaint, "known deviation", explained))
            else:
                found.append(self._unexplained(check, complaint))
        if still:
            known = {complaint.key for complaint in complaints}
            new = [complaint for key, complaint in still.items() if key not in known]
            found += [self._unexplained(check, complaint) for complaint in new]
        return found

    def _unexplained(self, check: Check, complaint: Complaint) -> Finding:
        """Broken, unless it is a deviation that no description can express, or the baseline accepts it."""
        observed = self._catalogue.observed(check.id, complaint) if self._catalogue else ()
        if observed:
            self._seen.update(observed)
            return Finding(complaint, "known deviation", observed)
        reason = self._baseline.reason(check.id, complaint)
        return Finding(complaint, "accepted", (reason,)) if reason else Finding(complaint, "broken")

    def _still_broken(self, check: Check) -> dict[tuple[str, str], Complaint] | None:
        """What is left to complain about once the description says what real servers do; None if it cannot be told."""
        if self._wire is None:
            return None
        try:
            return {complaint.key: complaint for complaint in self._complaints(check, self._wire)}
        except (NotExercised, CannotAsk):
            return None

    def _place(self, check: Check) -> str:
        operation = self.description.operations.get(check.operation_id)
        return self.description.place(operation) if operation else ""

    def _not_exercised(self, check: Check, reason: str, started: float) -> Result:
        return Result(check, "not exercised", reason=reason, seconds=time.perf_counter() - started)


def puzzle(error: BaseException, place: str) -> Complaint:
    """The complaint about an answer that made a check give up; only `got` tells the words of the error, as data."""
    frames = [frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__) if _is_ours(frame)]
    where = f" in {frames[-1]}" if frames else ""
    return Complaint(f"the answer could not be judged: {type(error).__name__}{where}", place, None, str(error))


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("contracts.")


def _is_a_crash(complaint: Complaint) -> bool:
    return complaint.exchange is not None and complaint.exchange.status == 500
