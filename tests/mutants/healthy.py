"""`python -m tests.mutants.healthy`: sets the contract suite on healthy mocks; any complaint is a false alarm.

Every revision in every dialect is judged on several worlds, each with several seeds of the suite.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import product
from multiprocessing import get_context
from typing import NamedTuple

from tests.mutants.run import DAY, TASKS
from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.findings import Result
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, ProfileName, Settings


class Task(NamedTuple):
    """One mock, and the seed and profile that it is judged with."""

    revision: str
    wire: bool
    world_seed: int
    seed: int
    profile: ProfileName
    read_only: bool

    def __str__(self) -> str:
        dialect = "wire" if self.wire else "documented"
        return f"{self.revision:<9}  {dialect:<10}  world {self.world_seed}  seed {self.seed}"


class Outcome(NamedTuple):
    """What was said of a healthy mock: the number of checks that were kept, and of which anything else was said."""

    task: Task
    kept: int
    complaints: tuple[str, ...]
    seconds: float


def judge(task: Task) -> Outcome:
    """Sets the suite on one mock."""
    started = time.perf_counter()
    verdict = run(
        Settings(
            revision=task.revision,
            wire=task.wire,
            world_seed=task.world_seed,
            seed=task.seed,
            profile=PROFILES[task.profile],
            read_only=task.read_only,
        ),
        DAY,
        _unheard,
    )
    broken = [f"{r.check.id}: {finding.complaint.what}" for r in verdict.of("broken") for finding in r.findings]
    stopped = [verdict.stopped] if verdict.stopped else []
    return Outcome(task, len(verdict.of("kept")), (*stopped, *broken), time.perf_counter() - started)


def _unheard(result: Result, number: int, of_all: int) -> None:
    """No progress is shown."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nobody complained, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="make healthy", description="Looks for false alarms of the contract suite.")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="quick")
    parser.add_argument("--worlds", type=int, default=5, metavar="N", help="how many worlds (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many seeds each (default: %(default)s)")
    parser.add_argument("--read-only", action="store_true", help="what is judged by reading alone")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="processes")
    given = parser.parse_args(arguments)
    tasks = [
        Task(revision, wire, world, seed, given.profile, given.read_only)
        for seed, world, revision, wire in product(
            range(1, given.seeds + 1), range(1, given.worlds + 1), REVISIONS, (False, True)
        )
    ]
    started, complaints = time.perf_counter(), 0
    with get_context("spawn").Pool(given.workers, maxtasksperchild=TASKS) as pool:
        for outcome in pool.imap_unordered(judge, tasks):
            complaints += len(outcome.complaints)
            print(f"{outcome.task}  {outcome.kept:4} kept  {outcome.seconds:5.1f} s", *outcome.complaints, sep="\n  ")
            sys.stdout.flush()
    print(f"{len(tasks)} healthy mocks, {complaints} false alarms; {time.perf_counter() - started:.0f} s.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
