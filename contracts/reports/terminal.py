"""What is seen in a terminal: progress while judging, and a summary of the verdict."""

from collections import Counter
from typing import Final, TextIO

from waldur_billing_mock.contracts.checks import KINDS, Check
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.findings import OUTCOMES, Result, Verdict
from waldur_billing_mock.contracts.reports.words import lines

_MOST: Final = 20


class Progress:
    """Says on a stream what is judged: in one line that changes where somebody looks, else a line for each kind."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream
        self._kind = ""

    def __call__(self, result: Result, number: int, all: int) -> None:
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[K{number}/{all} {result.check.id}"[:100])
            if number == all:
                self._stream.write("\r\x1b[K")
        elif result.check.kind != self._kind:
            self._stream.write(f"{number}/{all} {result.check.kind}\n")
            self._kind = result.check.kind
        if result.outcome == "broken":
            self._stream.write(f"{chr(13) if self._stream.isatty() else ''}broken: {result.check.id}\n")
        self._stream.flush()


def summary(verdict: Verdict) -> str:
    """The verdict: the failures in full, then deviations, what was not exercised, and the counts."""
    found = [""]
    shown = [*verdict.of("broken"), *(verdict.of("known deviation") if verdict.strict else ())]
    for result in shown:
        found += _failure(result, verdict)
    found += _deviations(verdict)
    found += _not_exercised(verdict)
    found += [f"baseline: {line}" for line in verdict.stale]
    for change in verdict.left:
        found.append(f"left behind: {change.what} ({change.trouble or change.reason})")
    if verdict.undone:
        found.append(f"{verdict.undone} changes were made and taken back.")
    found += ["", _table(verdict), "", headline(verdict)]
    return "\n".join(found)


def headline(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    who = f"{verdict.target}, revision {verdict.revision} ({verdict.how_revision_was_found}), {verdict.dialect} dialect"
    how = f"{len(verdict.results)} checks, {verdict.requests} requests, {verdict.seconds:.0f} s, seed {verdict.seed}"
    says = {0: "Contract kept", 1: "Contract broken", 2: "Could not be judged"}[verdict.exit_code]
    if verdict.stopped:
        says += f" (stopped: {verdict.stopped})"
    return f"{says}: {who}; profile {verdict.profile}, {how}."


def explanation(check: Check, description: Description) -> str:
    """What a check requires, and where that is described."""
    operation = description.operations.get(check.operation_id)
    where = f"{operation.method} {operation.path}" if operation else "several operations"
    place = f"\n  described at {description.place(operation)}" if operation else ""
    return f"{check.id}\n  {check.requirement}\n  {where}, from the profile {check.level} on{place}"


def _failure(result: Result, verdict: Verdict) -> list[str]:
    found = [f"✗ {result.check.id}", f"  {result.check.requirement}"]
    for finding in result.findings[:3]:
        found += [f"    {line}" for line in lines(finding.complaint, verdict)]
    if len(result.findings) > 3:
        found.append(f"    … and {len(result.findings) - 3} more")
    return [*found, ""]


def _deviations(verdict: Verdict) -> list[str]:
    found = [f"{len(verdict.seen)} known deviations were seen:"] if verdict.seen else []
    for id, count in sorted(verdict.seen.items()):
        found.append(f"  {id} ({count} ×): {verdict.catalogue.get(id, '')}")
    if verdict.unseen:
        found.append(f"{len(verdict.unseen)} deviations of the catalogue were not seen: {', '.join(verdict.unseen)}")
    return found


def _not_exercised(verdict: Verdict) -> list[str]:
    reasons = Counter(result.reason for result in verdict.of("not exercised"))
    return [f"not exercised ({count} ×): {reason}" for reason, count in reasons.most_common(_MOST)]


def _table(verdict: Verdict) -> str:
    width = max(map(len, KINDS))
    rows = [" " * width + "".join(f"{outcome:>17}" for outcome in OUTCOMES)]
    for kind in KINDS:
        counts = Counter(result.outcome for result in verdict.results if result.check.kind == kind)
        if counts:
            rows.append(f"{kind:<{width}}" + "".join(f"{counts[outcome]:>17}" for outcome in OUTCOMES))
    return "\n".join(rows)
