"""`python -m tests.mutants.run`: runs the contract suite on every planted defect, and tells which check caught which.

Every server is run over HTTP on loopback, but for those whose defect a deployment may have or cannot show
(`Defect.lawful`): these are judged in process. Defects that reading can show are judged read-only; for the others the
suite may write. A defect counts as caught as soon as one check finds a broken contract, or notes what the server lacks
or has besides, unless the same check says so of the same server without the defect. The checks that are most likely to
catch it come first; that changes the time it takes, not the outcome. Without names, the healthy server is judged as
well: nothing may be broken there.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import ceil
from multiprocessing import get_context
from typing import Final, Literal, NamedTuple

from tests.mutants.combined import COMBINED, EVERYTHING
from tests.mutants.defects import CHAPTERS, DEFECTS
from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.deployment import deployed
from tests.peculiarities.switch import Peculiarity, mock_with
from tests.peculiarities.verdicts import Finding, Said, of_deployment, said_of
from waldur_billing_mock.contracts.settings import PROFILES, ProfileName, Settings

Fate = Literal["caught", "survived", "not judged", "hidden"]

APPS: Final = "tests.mutants.apps"
MOCK: Final = "waldur_billing_mock.mock_server.app:create_default_app"
ALL: Final = ("",)
"""The beginning of every identifier."""
HEALTHY: Final = "healthy"
"""What the server without a defect is called in the table."""
COMBINATIONS: Final = "combined"
"""The chapter of defects on servers with peculiarities."""
SHARES: Final = {"quick": 1.0, "full": 1.0, "night": 1.0}
"""The share of the defects that a profile must catch."""
LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    "forms": ("conventions/answers_fit/", "invariants/"),
    "money": ("invariants/",),
    "months": ("invariants/",),
    "lists": ("conventions/",),
    "refusals": ("conventions/",),
    "acceptance": ("conventions/strangers", "conventions/bodies", "conventions/faulty", "stories/"),
    "roles": ("roles/",),
    "leaks": ("roles/",),
    "permissions": ("roles/",),
    "writes": ("stories/", "invariants/"),
    "effects": ("stories/", "invariants/"),
}
"""The checks that are made first for a chapter of defects, by the beginnings of their identifiers."""
TIMING: Final = "conventions/answers_come_in_time"
SLOW: Final = "slow-answer"
TASKS: Final = 20
"""How many servers a process runs before another takes its place, so that memory does not grow."""
USUAL: Final = (
    *("staff", "support", "owner", "owner2", "customer_manager", "customer_support"),
    *("project_admin", "project_manager", "project_member", "provider_owner", "provider_manager", "nobody"),
)


class Task(NamedTuple):
    """One server to be judged: a defect or none, and peculiarities. `deployed` says over HTTP, else in process."""

    defect: str
    chapter: str
    profile: ProfileName = "quick"
    peculiarities: tuple[str, ...] = ()
    writes: bool = False
    deployed: bool = True

    @property
    def identifier(self) -> str:
        """What the server is called in the table."""
        found = (one.identifier for one in COMBINED.values() if one == (self.defect, self.peculiarities))
        return next(found, self.defect) if self.peculiarities else self.defect


class Outcome(NamedTuple):
    """What became of a defect: the check that caught it, or why there is none."""

    identifier: str
    chapter: str
    fate: Fate
    check: str
    what: str
    seconds: float


def judge(task: Task) -> Outcome:
    """Run the suite on one server, the likeliest checks first; goes on after a false alarm."""
    started = time.perf_counter()
    if task.peculiarities == EVERYTHING:
        return _judge_alone(task, started)
    fate: Fate = "survived"
    what = ""
    for only in filter(None, (LIKELY.get(task.chapter), ALL)):
        for stops in (True, False):
            said = _said(task, only, stops=stops)
            for finding in said.broken:
                if task.defect == HEALTHY or not is_false_alarm(finding.check, task):
                    return _outcome(task, "caught", finding, started)
            if not said.missing and not said.unusable:
                if told := _noted(said, task):
                    return _outcome(task, "caught", told, started)
                fate, what = "survived", ""
                break
            fate, what = "not judged", said.unusable or f"{said.missing} checks have no result"
    return Outcome(task.identifier, task.chapter, fate, "", what, time.perf_counter() - started)


def _judge_alone(task: Task, started: float) -> Outcome:
    """With all peculiarities at once, the defect is found, and nothing else is."""
    said = _said(task, ALL, stops=False)
    alarms = {finding.what for finding in _said(task._replace(defect=HEALTHY), ALL, stops=False).broken}
    if alarms:
        return Outcome(
            task.identifier, task.chapter, "hidden", "", f"{len(alarms)} findings without it", _since(started)
        )
    if not said.broken:
        return Outcome(task.identifier, task.chapter, "survived", "", said.unusable, _since(started))
    return _outcome(task, "caught", said.broken[0], started)


def is_false_alarm(check: str, task: Task) -> bool:
    """Whether a check complains about the healthy mock, or about time where only the machine is slow."""
    if check == TIMING:
        return task.defect != SLOW
    return check in _alarms(check, task._replace(defect=HEALTHY, chapter=""))


def _noted(said: Said, task: Task) -> Finding | None:
    """What is noted of a defect and not of the healthy server."""
    if task.defect == HEALTHY or not said.notes:
        return None
    return next((one for one in said.notes if one not in _notes(task._replace(defect=HEALTHY, chapter=""))), None)


@cache
def _notes(healthy: Task) -> frozenset[Finding]:
    return frozenset(_said(healthy, ALL, stops=False).notes)


@cache
def _alarms(check: str, healthy: Task) -> frozenset[str]:
    return frozenset(finding.check for finding in _said(healthy, (check,), stops=False).broken)


def _said(task: Task, only: tuple[str, ...], *, stops: bool) -> Said:
    """What the suite says of a server."""
    if not task.deployed:
        name = MOCK if task.defect == HEALTHY else f"{APPS}:{task.defect}"
        settings = Settings(profile=PROFILES[task.profile], application=name)
        return said_of(replace(settings, only=only, stop_at_first=stops))
    defect = DEFECTS.get(task.defect)
    chosen = [PECULIARITIES[name] for name in task.peculiarities]
    if not any(one.group == "tokens" for one in chosen):
        chosen.append(_EVERY_ROLE)
    if defect is not None and "wire" not in defect.dialects:
        chosen.append(PECULIARITIES["documented-dialect"])
    with deployed(mock_with(chosen), *([defect.make] if defect is not None else [])) as deployment:
        settings = of_deployment(deployment, task.profile, writes=task.writes)
        return said_of(replace(settings, only=only, stop_at_first=stops))


_EVERY_ROLE: Final = Peculiarity(
    "every-role",
    "There is a token of every role.",
    tokens=lambda tokens: {role: tokens[role] for role in USUAL},
    group="tokens",
)


def _since(started: float) -> float:
    return time.perf_counter() - started


def _outcome(task: Task, fate: Fate, finding: Finding, started: float) -> Outcome:
    return Outcome(task.identifier, task.chapter, fate, finding.check, finding.what, _since(started))


def chosen(only: Sequence[str], profile: ProfileName, *, deployed: bool, read_only: bool) -> Iterator[Task]:
    """The servers that a run is about: named by identifier or chapter, or all without names."""
    if not only:
        yield Task(HEALTHY, "", profile, deployed=deployed)
    for chapter, defects in CHAPTERS.items():
        for defect in defects:
            if (not only or defect.identifier in only or chapter in only) and (defect.by_reading or not read_only):
                by_http = deployed and not defect.lawful
                yield Task(defect.identifier, chapter, profile, (), not defect.by_reading, by_http)
    for combined in COMBINED.values():
        defect = DEFECTS[combined.defect]
        named = not only or combined.identifier in only or COMBINATIONS in only
        if deployed and named and (defect.by_reading or not read_only):
            yield Task(defect.identifier, COMBINATIONS, profile, combined.peculiarities, not defect.by_reading)


def line(outcome: Outcome) -> str:
    """A row of the table."""
    said = f"{outcome.check}: {outcome.what}" if outcome.check else outcome.what
    return f"{outcome.fate:<10}  {outcome.identifier:<44}  {outcome.seconds:5.1f} s  {said}"


def totals(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """How many defects of each chapter were caught."""
    for chapter, number in Counter(outcome.chapter for outcome in outcomes).items():
        caught = sum(outcome.chapter == chapter and outcome.fate == "caught" for outcome in outcomes)
        yield f"{chapter:<12}  {caught:3} of {number:3}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when enough defects were caught and the healthy mock was not; 1 otherwise; 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Runs the contract suite on planted defects.")
    parser.add_argument("--profile", choices=tuple(SHARES), default="quick")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a defect or a chapter, repeatable")
    parser.add_argument("--read-only", action="store_true", help="only defects that reading alone can show")
    parser.add_argument("--in-process", action="store_true", help="without HTTP; the suite may write to every mock")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="processes")
    given = parser.parse_args(arguments)
    names = (*CHAPTERS, COMBINATIONS, *DEFECTS, *COMBINED)
    if unknown := [name for name in given.only if name not in names]:
        print(
            f"No defect is named {' or '.join(unknown)}; chapters are {', '.join((*CHAPTERS, COMBINATIONS))}.",
            file=sys.stderr,
        )
        return 2
    tasks = list(chosen(given.only, given.profile, deployed=not given.in_process, read_only=given.read_only))
    started = time.perf_counter()
    outcomes: list[Outcome] = []
    with get_context("spawn").Pool(given.workers, maxtasksperchild=TASKS) as pool:
        for outcome in pool.imap_unordered(judge, tasks):
            print(line(outcome), flush=True)
            outcomes.append(outcome)
    of_defects = [outcome for outcome in outcomes if outcome.identifier != HEALTHY]
    caught = sum(outcome.fate == "caught" for outcome in of_defects)
    wanted = ceil(SHARES[given.profile] * len(of_defects))
    false_alarm = any(outcome.identifier == HEALTHY and outcome.fate != "survived" for outcome in outcomes)
    print("", *totals(of_defects), sep="\n")
    if false_alarm:
        print("Something is broken on the healthy server, or it could not be judged.")
    took = f"profile {given.profile}, {_since(started):.0f} s"
    print(f"{caught} of {len(of_defects)} defects caught, {wanted} wanted; {took}.")
    return 0 if caught >= wanted and not false_alarm else 1


if __name__ == "__main__":
    sys.exit(main())
