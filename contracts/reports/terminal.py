"""What is seen in a terminal: progress while judging, and a summary of the report on one screen."""

import re
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from waldur_billing_mock.contracts.declare import KINDS
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.findings import OUTCOMES, Outcome, Result
from waldur_billing_mock.contracts.guard import Guard
from waldur_billing_mock.contracts.redaction import SafeStream
from waldur_billing_mock.contracts.reports.groups import Group, groups
from waldur_billing_mock.contracts.reports.report import Report
from waldur_billing_mock.contracts.settings import ProfileName

if TYPE_CHECKING:
    from waldur_billing_mock.contracts.checks import Check

_MOST: Final = 6
"""How many notes, deviations or reasons of a kind are shown; reports show all."""
_WIDTH: Final = 110
_SECONDS_BETWEEN_LINES: Final = 10.0
_BAR: Final = 24
_READING: Final = {"survey": 0.5, "invariants": 1.1, "conventions": 1.4, "roles": 1.6, "stories": 0.0, "shapes": 2.2}
_WRITING: Final = {"survey": 0.5, "invariants": 4.8, "conventions": 2.0, "roles": 5.5, "stories": 30.0, "shapes": 8.5}
"""The requests of a check by its folder in the profile quick, without writes and with them; measured, rounded up."""
_TIMES: Final[dict[ProfileName, float]] = {"quick": 1.0, "full": 4.0, "night": 25.0}
_FULL_READING: Final = {**dict.fromkeys(_READING, 1.5), "shapes": 26.0}
"""How many times as many requests a profile makes; measured."""
_TOGETHER: Final = {
    r"this server lacks the field (.+)": "fields that this server lacks ({number}): ",
    r"this server lacks the parameter (.+)": "parameters that this server lacks ({number}): ",
    r"this server lacks (.+)": "operations that this server lacks ({number}): ",
    r"the field (.+) is not described": "fields that are not described ({number}): ",
    r"refusals with (\d+) are pages instead of JSON": "refusals that are pages instead of JSON: ",
}
"""Notes that are shown as one, each with what it names."""
_SIGNS: Final[dict[Outcome, str]] = {
    "broken": "✗",
    "error": "!",
    "note": "·",
    "known deviation": "≈",
    "accepted": "○",
}


def expected_requests(
    checks: Iterable["Check"], *, writes: bool, profile: ProfileName = "quick", lacking: Container[str] = ()
) -> int:
    """About how many requests checks take; those of operations that are known to be `lacking` take none."""
    costs = _WRITING if writes else _READING
    # A full run reads little more than a quick one, but fuzzes much more.
    factors = _FULL_READING if profile == "full" and not writes else dict.fromkeys(costs, _TIMES[profile])
    asked = [check.kind for check in checks if check.operation_id not in lacking]
    return round(sum(costs[kind] * factors[kind] for kind in asked))


class Progress:
    """Says what is judged, how many requests were made of how many, and the time left.

    In one line that changes where somebody looks, else in a line every ten seconds. `expected` estimates the requests
    of checks by what is known of the server when it is called.
    """

    def __init__(
        self,
        stream: SafeStream,
        guard: Guard,
        checks: Sequence["Check"],
        expected: Callable[[Sequence["Check"]], int],
        rate: float,
    ) -> None:
        self._stream: Final = stream
        self._guard: Final = guard
        self._checks: Final = checks
        self._expected: Final = expected
        self._rate: Final = rate
        self._started: Final = time.monotonic()
        self._told = self._started
        guard.waiting = self._wait

    def announce(self) -> None:
        """The estimate before the start."""
        expected = max(1, self._expected(self._checks))
        how = f", {_duration(expected / self._rate)} at {self._rate:g} a second" if self._rate else ""
        self._stream.write(f"{len(self._checks)} checks, about {expected} requests{how}\n")
        self._stream.flush()

    def __call__(self, result: Result, number: int, of_all: int) -> None:
        """Called with each result."""
        looked_at = self._stream.isatty()
        if result.outcome in ("broken", "error"):
            clear = "\r\x1b[K" if looked_at else ""
            self._stream.write_raw(clear)
            self._stream.write(f"{result.outcome}: {result.check.id}\n")
        line = self._line(number, of_all)
        if looked_at:
            self._stream.write_raw(f"\r\x1b[K{line}"[:_WIDTH] if number < of_all else "\r\x1b[K")
        elif time.monotonic() - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def _line(self, number: int, of_all: int) -> str:
        done = number / of_all
        sent = self._guard.sent
        expected = sent + self._expected(self._checks[number:])
        bar = "█" * round(done * _BAR) + "·" * (_BAR - round(done * _BAR))
        passed = time.monotonic() - self._started
        left = (expected - sent) * (passed / sent) if sent else 0.0
        return f"{bar} {number}/{of_all} checks, {sent} of about {expected} requests, {_duration(left)} left"

    def _wait(self, seconds: float) -> None:
        if seconds >= 1:
            self._stream.write(f"the target asks to wait for {seconds:.0f} seconds\n")
            self._stream.flush()


def summary(report: Report) -> str:
    """The verdict, the causes of what fails, notes and deviations in short, counts, and the verdict again."""
    found = ["", verdict(report), ""]
    failing = [group for group in groups(report) if group.outcome in _failing(report)]
    for group in failing:
        found += _group(group)
    found += _errors(report) + _notes(report) + _deviations(report) + _not_exercised(report)
    found += [f"baseline: {line}" for line in report.stale]
    found += [f"left behind: {line}" for line in report.left]
    if report.undone:
        found.append(f"{report.undone} changes were made and undone.")
    found += ["", _table(report), "", verdict(report)]
    return "\n".join(found)


def verdict(report: Report) -> str:
    """The verdict in one sentence."""
    says = {0: "Contract kept", 1: "Contract broken", 2: "Could not be judged"}[report.exit_code]
    if report.stopped:
        says += f" (stopped: {report.stopped})"
    if report.headline:
        says += f" (this server {report.headline})"
    who = f"{report.target}, revision {report.revision} ({report.revision_found}), {report.dialect} dialect"
    how = f"{len(report.results)} checks, {report.requests} requests, {report.seconds:.0f} s, seed {report.seed}"
    return f"{says}: {who}; profile {report.profile}, {how}."


def explanation(check: "Check", description: Description) -> str:
    """What a check requires, and where that is described."""
    operation = description.operations.get(check.operation_id)
    where = f"{operation.method} {operation.path}" if operation else "several operations"
    place = f"\n  described at {description.place(operation)}" if operation else ""
    return f"{check.id}\n  {check.requirement}\n  {where}, from the profile {check.level} on{place}"


def about(group: Group) -> str:
    """The checks and operations of a cause, in short."""
    routes = ", ".join(group.routes[:3]) + (f" and {len(group.routes) - 3} more" if len(group.routes) > 3 else "")
    count = f"{len(group.results)} checks" if len(group.results) > 1 else group.id
    return f"{routes} ({count})" if routes else count


def _failing(report: Report) -> tuple[Outcome, ...]:
    return ("broken", "known deviation", "note") if report.strict else ("broken",)


def _group(group: Group) -> list[str]:
    head = f"{_SIGNS[group.outcome]} {group.outcome}: {about(group)}"
    return [head, f"  {group.results[0].requirement}", *(f"    {line}" for line in group.example.lines()), ""]


def _errors(report: Report) -> list[str]:
    found = []
    for result in report.of("error"):
        found += [
            f"! error of the suite in {result.id}; please report this:",
            *textwrap.indent(result.reason, "    ").splitlines(),
        ]
    return found


def _notes(report: Report) -> list[str]:
    if report.strict:
        return []
    found: dict[str, list[str]] = {}
    for group in groups(report, "note"):
        for pattern, sentence in _TOGETHER.items():
            if match := re.fullmatch(pattern, group.example.what):
                found.setdefault(sentence, []).append(match[1])
                break
        else:
            found[f"{_short(group.example.what)} — {about(group)}"] = []
    lines = [
        line
        for sentence, names in list(found.items())[:_MOST]
        # The paths that a sentence names may have braces.
        for line in _wrapped(
            f"note: {sentence.replace('{number}', str(len(set(names))))}{_some(names) if names else ''}"
        )
    ]
    return lines + ([f"note: and {len(found) - _MOST} more, in the reports"] if len(found) > _MOST else [])


def _deviations(report: Report) -> list[str]:
    lines = []
    if report.seen and not report.strict:
        names = [f"{id} ({count})" for id, count in sorted(report.seen.items(), key=lambda pair: -pair[1])]
        lines += _wrapped(f"{len(report.seen)} known deviations were seen: {_some(names)}")
    if report.unseen:
        lines += _wrapped(f"{len(report.unseen)} were looked for and not seen: {_some(report.unseen)}")
    if report.unlooked:
        lines += _wrapped(f"{len(report.unlooked)} were not looked for: {_some(report.unlooked)}")
    return lines


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = list(dict.fromkeys(names))
    return ", ".join(shown[:_MOST]) + (f" and {len(shown) - _MOST} more" if len(shown) > _MOST else "")


def _not_exercised(report: Report) -> list[str]:
    reasons = Counter(result.reason for result in report.of("not exercised"))
    lines = [f"not exercised ({count}): {_short(reason)}" for reason, count in reasons.most_common(_MOST)]
    return lines + ([f"not exercised: {len(reasons) - _MOST} more reasons"] if len(reasons) > _MOST else [])


def _table(report: Report) -> str:
    width = max(map(len, KINDS))
    shown = [outcome for outcome in OUTCOMES if report.of(outcome) or outcome in ("kept", "broken")]
    rows = [" " * width + "".join(f"{outcome:>17}" for outcome in shown)]
    for kind in KINDS:
        counts = Counter(result.outcome for result in report.results if result.kind == kind)
        if counts:
            rows.append(f"{kind:<{width}}" + "".join(f"{counts[outcome]:>17}" for outcome in shown))
    return "\n".join(rows)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _short(text: str) -> str:
    return textwrap.shorten(text, _WIDTH - 20, placeholder=" …")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
