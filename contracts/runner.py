"""Makes one check after the other, and classes what it finds."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from traceback import format_exception
from typing import Final

from waldur_billing_mock import __version__
from waldur_billing_mock.contracts.baseline import Baseline
from waldur_billing_mock.contracts.changes import undo_change
from waldur_billing_mock.contracts.checks import Check, checks
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.description import Dialect, describe
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.exchange import Broken, Complaint, NotExercised
from waldur_billing_mock.contracts.findings import Finding, Outcome, Result, Verdict, worst
from waldur_billing_mock.contracts.guard import BudgetSpent, CannotAsk, Stopped, Unreachable
from waldur_billing_mock.contracts.ledger import Journal, Ledger
from waldur_billing_mock.contracts.redaction import Caught
from waldur_billing_mock.contracts.revision import Revision, place_in_history
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed

_FATAL: Final = (BudgetSpent, Stopped, Unreachable)
Progress = Callable[[Result, int, int], None]
"""Called with each result, its number, and the number of all checks."""


class Runner:
    """Everything that one run needs, made once. Every change is undone before the verdict."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        revision: Revision,
        baseline: Baseline,
        started: datetime,
        journal: Journal | None = None,
    ) -> None:
        self.settings: Final = settings
        self.target: Final = target
        self.stopped = ""
        self.results: Final[list[Result]] = []
        self._started: Final = started
        self._since: Final = time.perf_counter()
        self._revision: Final = revision
        self._baseline: Final = baseline
        self._seen: Final[Counter[str]] = Counter()
        other: Dialect = "documented" if settings.wire else "wire"
        documented = describe(revision.name)
        forgives = settings.forgives
        self._catalogue: Final = catalogue(documented) if forgives else None
        self.description: Final = describe(revision.name, "wire") if settings.wire else documented
        self.context: Final = Context(
            self.description,
            describe(revision.name, other) if forgives else None,
            self._catalogue,
            target,
            settings.profile,
            settings.seed,
            Ledger(journal=journal),
            slow_from=1.0 if target.in_process else 10.0,
        )
        self.context.survey.outdated = bool(revision.outdated)
        self.ledger: Final = self.context.ledger
        self.ledger.perform = lambda change: undo_change(self.context, change)
        self._all: Final = checks(self.description, target.identities, settings.profile)
        self.checks: Sequence[Check] = self._chosen()
        # What the server lacks is found out in any case, as other checks rest on it.
        self._surveys: Final = [one for one in self._all if one.kind == "survey" and one not in self.checks]

    def run(self, progress: Progress) -> Verdict:
        """Makes all checks; then undoes what is still changed."""
        for check in self._surveys:
            result = self.judge(check)
            if result.findings or result.outcome == "error":
                self.results.append(result)
        for number, check in enumerate(self.checks, 1):
            result = self.judge(check)
            self.results.append(result)
            progress(result, number, len(self.checks))
            if self.settings.stop_at_first and result.outcome == "broken":
                break
        return self.verdict()

    def judge(self, check: Check) -> Result:
        """The result of a check; what it changed is undone before this returns."""
        started = time.perf_counter()

        def result(findings: Sequence[Finding] = (), reason: str = "", *, failed: bool = False) -> Result:
            outcome: Outcome = worst(findings) if findings or not reason else "not exercised"
            outcome = "error" if failed else outcome
            return Result(check, outcome, tuple(findings), reason, time.perf_counter() - started)

        if self.stopped:
            return result(reason=self.stopped)
        self.context.noted.clear()
        complaints, reason, error = self._made(check)
        findings = [Finding(one.complaint, one.outcome, one.explained_by) for one in self.context.noted]
        for finding in findings:
            self._seen.update(finding.explained_by)
        findings += [self._classed(check, complaint) for complaint in {one.key: one for one in complaints}.values()]
        if error is not None and not any(finding.outcome == "broken" for finding in findings):
            return result(findings, trace(error), failed=True)
        return result(findings, reason)

    def undo_all(self) -> None:
        """Undoes what is still changed; may be called again and again."""
        with self.target.guard.undoing():
            self.ledger.undo()

    def verdict(self) -> Verdict:
        """The whole run. Undoes what is still changed."""
        self.undo_all()
        survey, description = self.context.survey, self.description
        lacking = [name for name in description.operations if name in survey.operations]
        ids = sorted(self._catalogue.ids) if self._catalogue is not None else []
        looked_for = survey.looked_for | self._looked_at()
        return Verdict(
            target=self.target.name,
            base=self.target.base,
            revision=self._revision.name,
            dialect=description.dialect,
            how_revision_was_found=self._revision.how,
            profile=self.settings.profile.name,
            seed=self.settings.seed,
            results=tuple(self.results),
            requests=self.target.guard.sent,
            seconds=time.perf_counter() - self._since,
            seen=dict(self._seen),
            unseen=tuple(id for id in ids if id in looked_for and id not in self._seen),
            unlooked=tuple(id for id in ids if id not in looked_for and id not in self._seen),
            stale=self._baseline.stale(whole=not self.settings.only),
            left=tuple(change for change in self.ledger.left if not self.target.in_process),
            undone=sum(change.undone for change in self.ledger.changes),
            statuses={name: dict(counts) for name, counts in self.context.coverage.statuses.items()},
            parameters={name: tuple(sorted(names)) for name, names in self.context.coverage.parameters.items()},
            shows_data=self.settings.shows_data,
            started=self._started,
            suite_version=__version__,
            server_version=self._revision.reported,
            stopped=self.stopped,
            strict=self.settings.strict,
            headline=place_in_history(self._revision, lacking, len(description.operations)),
            words=description.words,
            catalogue={one.id: one.description for one in self._catalogue.entries} if self._catalogue else {},
            places={name: description.place(op) for name, op in description.operations.items()},
            routes={name: f"{op.method} {op.path}" for name, op in description.operations.items()},
        )

    def _chosen(self) -> Sequence[Check]:
        made = self._all
        if self.settings.only:
            wanted = tuple(self.settings.only)
            chosen = [check for check in made if check.id.startswith(wanted)]
            if not chosen:
                raise Unusable(f"--only {' '.join(wanted)}: no check's id begins so; `explain` lists them all.")
            made = chosen
        shard = self.settings.shard
        surveyed = [check for check in made if check.kind == "survey"]
        others = [check for check in made if check.kind != "survey"]
        return [*surveyed, *(check for position, check in enumerate(others) if shard.holds(position))]

    def _made(self, check: Check) -> tuple[Sequence[Complaint], str, Exception | None]:
        """What a check complains about, why it was not exercised, and the error that ended it.

        Undoes what it changed, and renews a world that cannot be undone.
        """
        since = len(self.ledger.changes)
        found: tuple[Complaint, ...] = ()
        reason = ""
        with Caught(Unusable) as caught:
            try:
                check.run(self.context)
            except Broken as error:
                found, reason = self._excused(check, error)
            except Malformed as error:
                found = (Complaint(f"a value must be {error}", self._place(check)),)
            except NotExercised as error:
                reason = str(error)
            except CannotAsk as error:
                reason = str(error)
                if isinstance(error, _FATAL) or self.target.main.role in self.target.guard.rejected:
                    self.stopped = reason
        self._undo(since)
        complaints = [complaint for change in self.ledger.changes[since:] for complaint in change.complaints]
        return (*found, *complaints), reason, caught.error

    def _undo(self, since: int) -> None:
        with self.target.guard.undoing():
            self.ledger.undo(since)
        changes = self.ledger.changes[since:]
        if self.target.in_process and any(not change.undone for change in changes):
            self.target.renew()
            self.context.drop_cache()

    def _excused(self, check: Check, error: Broken) -> tuple[tuple[Complaint, ...], str]:
        """The complaints of a check, and why they say nothing: servers are known to fail at this operation."""
        crashed = all(one.exchange is not None and one.exchange.status == 500 for one in error.complaints)
        entries = self.context.failing(check.operation_id) if crashed else ()
        if entries and self.context.explaining(*entries):
            for complaint in error.complaints:
                self.context.deviate(complaint, self.context.explaining(*entries))
            return (), "" if self.description.dialect == "documented" else "servers of this dialect fail here"
        if crashed and self.description.may_fail(check.operation_id):
            return (), "servers of this dialect fail here"
        return error.complaints, ""

    def _classed(self, check: Check, complaint: Complaint) -> Finding:
        """Broken, unless the baseline accepts it."""
        reason = self._baseline.reason(check.id, complaint, check.operation_id)
        return Finding(complaint, "accepted", (reason,)) if reason else Finding(complaint, "broken")

    def _looked_at(self) -> frozenset[str]:
        """The entries that change a form of answers, of the operations whose answers were judged."""
        if self._catalogue is None:
            return frozenset()
        found: frozenset[str] = frozenset()
        for name in self.description.operations:
            if self.context.coverage.succeeded(name):
                found |= self._catalogue.looked_at(self.description.place(self.description.operations[name]))
        return found

    def _place(self, check: Check) -> str:
        operation = self.description.operations.get(check.operation_id)
        return self.description.place(operation) if operation else ""


def trace(error: Exception) -> str:
    """An error of the suite, as its authors need it."""
    return "".join(format_exception(error)).strip()
