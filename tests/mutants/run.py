"""`python -m tests.mutants.run`: sets the contract suite on every planted defect, and tells which check caught which.

A defect counts as caught as soon as one check finds a broken contract, unless the same check complains about the
healthy mock, too. The checks that are most likely to catch it come first; that changes the time it takes, and not the
outcome. Without names, the healthy mock is judged as well: it must not be caught.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from math import ceil
from multiprocessing import get_context
from typing import Final, Literal, NamedTuple

from tests.mutants.craft import Defect, Dialect
from tests.mutants.defects import CHAPTERS, DEFECTS
from tests.mutants.deployment import deployed
from waldur_billing_mock.contracts.findings import Result, Verdict
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, ROLES, ProfileName, Settings, Unusable

Fate = Literal["caught", "survived", "not judged"]

APPS: Final = "tests.mutants.apps"
ALL: Final = ("",)
"""The beginning of every identifier."""
HEALTHY: Final = "healthy"
"""What the mock without a defect is called in the table."""
SHARES: Final = {"quick": 0.75, "full": 1.0, "night": 1.0}
"""The share of the defects that a profile must catch."""
LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    "forms": ("habits/answers_fit/", "invariants/"),
    "money": ("invariants/",),
    "months": ("invariants/",),
    "lists": ("habits/",),
    "refusals": ("habits/",),
    "acceptance": ("habits/strangers", "habits/bodies", "habits/faulty", "stories/"),
    "roles": ("roles/",),
    "writes": ("stories/", "invariants/"),
    "effects": ("stories/", "invariants/"),
}
"""The checks that are made first for a chapter of defects, by the beginnings of their identifiers."""
DAY: Final = date(2025, 11, 22)
"""The day of the run, which matters to baselines alone."""
TIMING: Final = "habits/answers_come_in_time"
SLOW: Final = "slow-answer"
TASKS: Final = 20
"""How many applications a process judges; then its worlds are given up with it."""


class Task(NamedTuple):
    """One application to be judged."""

    identifier: str
    chapter: str
    profile: ProfileName
    read_only: bool
    wire: bool
    deployed: bool = False


class Outcome(NamedTuple):
    """What became of a defect: the check that caught it, or why there is none."""

    identifier: str
    chapter: str
    fate: Fate
    check: str
    what: str
    seconds: float


def judge(task: Task) -> Outcome:
    """Sets the suite on one application, the likeliest checks first; goes on after a false alarm."""
    started = time.perf_counter()
    fate: Fate = "survived"
    what = ""
    for only in filter(None, (LIKELY.get(task.chapter), ALL)):
        for stops in (True, False):
            try:
                verdict, left = _verdict(task, only, stops=stops)
            except Unusable as error:
                return Outcome(task.identifier, task.chapter, "not judged", "", str(error), _since(started))
            for result in verdict.of("broken"):
                if task.identifier == HEALTHY or not is_false_alarm(result.check.id, task):
                    return _caught(task, result, _since(started))
            if not left:
                break
            fate, what = "not judged", verdict.stopped or f"{left} checks gave up"
    return Outcome(task.identifier, task.chapter, fate, "", what, _since(started))


def is_false_alarm(check: str, task: Task) -> bool:
    """Whether a check complains about the healthy mock, or about time where only the machine is slow."""
    if check == TIMING:
        return task.identifier != SLOW
    return check in _alarms(check, task._replace(identifier=HEALTHY, chapter=""))


@cache
def _alarms(check: str, healthy: Task) -> frozenset[str]:
    verdict, _ = _verdict(healthy, (check,), stops=False)
    return frozenset(result.check.id for result in verdict.of("broken"))


def _verdict(task: Task, only: tuple[str, ...], *, stops: bool) -> tuple[Verdict, int]:
    """The verdict on an application, and how many of the wanted checks have no result."""
    wanted = 0

    def count(result: Result, number: int, of_all: int) -> None:
        nonlocal wanted
        wanted = of_all

    settings = Settings(profile=PROFILES[task.profile], only=only, stop_at_first=stops)
    name = (
        "waldur_billing_mock.mock_server.app:create_default_app"
        if task.identifier == HEALTHY
        else f"{APPS}:{task.identifier}"
    )
    if task.deployed:
        with deployed(name) as (url, tokens):
            settings = replace(
                settings, target=url, token=tokens["staff"], role_tokens={role: tokens[role] for role in ROLES}, rate=0
            )
            verdict = run(replace(settings, revision="documents"), DAY, count)
    else:
        verdict = run(replace(settings, application=name, wire=task.wire, read_only=task.read_only), DAY, count)
    return verdict, max(1, wanted) - len(verdict.results)


def _since(started: float) -> float:
    return time.perf_counter() - started


def _caught(task: Task, result: Result, seconds: float) -> Outcome:
    what = next(finding.complaint.what for finding in result.findings if finding.outcome == "broken")
    return Outcome(task.identifier, task.chapter, "caught", result.check.id, what, seconds)


def chosen(only: Sequence[str], *, read_only: bool, dialect: Dialect) -> Iterator[tuple[str, Defect]]:
    """The defects, by chapter, that a run is about: named by identifier or chapter, or all without names."""
    for chapter, defects in CHAPTERS.items():
        for defect in defects:
            named = not only or defect.identifier in only or chapter in only
            if named and dialect in defect.dialects and (defect.by_reading or not read_only):
                yield chapter, defect


def judged(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    """The outcomes in the order in which they come."""
    with get_context("spawn").Pool(workers, maxtasksperchild=TASKS) as pool:
        yield from pool.imap_unordered(judge, tasks)


def line(outcome: Outcome) -> str:
    """An outcome for the terminal."""
    said = f"{outcome.check}: {outcome.what}" if outcome.check else outcome.what
    return f"{outcome.fate:<10}  {outcome.identifier:<34}  {outcome.seconds:5.1f} s  {said}"


def totals(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """How many defects of each chapter were caught."""
    for chapter in CHAPTERS:
        of_chapter = [outcome for outcome in outcomes if outcome.chapter == chapter]
        if of_chapter:
            caught = sum(outcome.fate == "caught" for outcome in of_chapter)
            yield f"{chapter:<12}  {caught:3} of {len(of_chapter):3}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when enough defects were caught and the healthy mock was not; 1 otherwise; 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Sets the contract suite on planted defects.")
    parser.add_argument("--profile", choices=tuple(SHARES), default="quick")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a defect or a chapter, repeatable")
    parser.add_argument("--read-only", action="store_true", help="what reading alone can show")
    parser.add_argument("--wire", action="store_true", help="the mock speaks the wire dialect")
    parser.add_argument("--deployed", action="store_true", help="over HTTP, judged like a real server by the documents")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="processes")
    given = parser.parse_args(arguments)
    read_only, wire = given.read_only or given.deployed, given.wire or given.deployed
    if unknown := [name for name in given.only if name not in CHAPTERS and name not in DEFECTS]:
        print(f"No defect is named {' or '.join(unknown)}; chapters are {', '.join(CHAPTERS)}.", file=sys.stderr)
        return 2
    defects = list(chosen(given.only, read_only=read_only, dialect="wire" if wire else "documented"))
    names = [(defect.identifier, chapter) for chapter, defect in defects]
    if not given.only:
        names = [(HEALTHY, ""), *names]
    tasks = [Task(name, chapter, given.profile, read_only, wire, given.deployed) for name, chapter in names]
    started = time.perf_counter()
    outcomes = []
    for outcome in judged(tasks, given.workers):
        print(line(outcome), flush=True)
        outcomes.append(outcome)
    of_defects = [outcome for outcome in outcomes if outcome.identifier != HEALTHY]
    caught = sum(outcome.fate == "caught" for outcome in of_defects)
    wanted = ceil(SHARES[given.profile] * len(of_defects))
    false_alarm = any(outcome.identifier == HEALTHY and outcome.fate != "survived" for outcome in outcomes)
    print("", *totals(of_defects), sep="\n")
    if false_alarm:
        print("The healthy mock was not judged to keep the contract.")
    how = "".join(f", {word}" for word, said in (("read-only", read_only), ("deployed", given.deployed)) if said)
    print(
        f"{caught} of {len(of_defects)} defects caught, {wanted} wanted; profile {given.profile}"
        f"{how}, {time.perf_counter() - started:.0f} s."
    )
    return 0 if caught >= wanted and not false_alarm else 1


if __name__ == "__main__":
    sys.exit(main())
