"""`python -m tests.peculiarities.run`: the suite on healthy servers with peculiarities; any broken finding is false."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from multiprocessing import get_context
from random import Random
from typing import Final, NamedTuple

from tests.peculiarities.catalogue import NAMED_ALONE, PECULIARITIES, all_at_once
from tests.peculiarities.deployment import deployed
from tests.peculiarities.switch import compatible, mock_with
from tests.peculiarities.verdicts import Said, of_deployment, said_of
from tests.peculiarities.worlds_in_process import World, worlds
from tests.peculiarities.worlds_in_process import judge as judge_world
from waldur_billing_mock.contracts.settings import PROFILES, ProfileName

TASKS: Final = 20
"""How many servers a process runs before another takes its place, so that memory does not grow."""
MOST_REQUESTS: Final = 1_000
"""What the profile quick must stay below, with tokens of six roles."""
MOST_REQUESTS_OF_SEVERAL: Final = 1_400
"""The same where several peculiarities are on: lists without a stable order are read again and again, page by page."""
EVERY: Final = {**PECULIARITIES, **NAMED_ALONE}
PLAIN: Final = "none"
EVERYTHING: Final = "all at once"


class Task(NamedTuple):
    """One server: its name in the table and the peculiarities that are on."""

    name: str
    peculiarities: tuple[str, ...]
    profile: ProfileName = "quick"


class Outcome(NamedTuple):
    """What the suite said of a server, and what of that is false."""

    name: str
    said: Said
    false: tuple[str, ...]


def judge(task: Task | World) -> Outcome:
    """Run the suite on one server."""
    if isinstance(task, World):
        name, said = judge_world(task)
        return Outcome(name, said, tuple(_false(said, judged=True)))  # it may write, and takes what it takes
    chosen = [EVERY[name] for name in task.peculiarities]
    with deployed(mock_with(chosen)) as deployment:
        said = said_of(of_deployment(deployment, task.profile))
    judged = not any(one.unusable or one.group == "tokens" for one in chosen)
    most = MOST_REQUESTS if len(chosen) < 2 else MOST_REQUESTS_OF_SEVERAL
    return Outcome(task.name, said, tuple(_false(said, judged=judged, most=most if task.profile == "quick" else None)))


def _false(said: Said, *, judged: bool, most: int | None = None) -> Iterator[str]:
    """What is false in a verdict on a healthy server. `judged` says whether there was something to judge.

    There have to be fewer requests than `most`.
    """
    yield from map(str, said.broken)
    if most is not None and said.requests >= most:
        yield f"{said.requests} requests, where there must be fewer than {most}"
    if judged and said.unusable:
        yield f"could not be judged: {said.unusable}"
    elif judged and said.exit_code == 2:
        yield "nothing was judged"


def tasks(only: Sequence[str], pairs: int, seed: int, profile: ProfileName) -> Iterator[Task]:
    """The servers of a run: each peculiarity, random pairs and all at once, or one server with the named ones."""
    if only:
        yield Task(" + ".join(only), tuple(name for name in EVERY if name in only), profile)
        return
    yield Task(EVERYTHING, tuple(one.identifier for one in all_at_once()), profile)
    yield Task(PLAIN, (), profile)
    for name in PECULIARITIES:
        yield Task(name, (name,), profile)
    several = [one for one in PECULIARITIES.values() if not one.alone]
    possible = [pair for pair in combinations(several, 2) if compatible(pair)]
    for one, other in Random(seed).sample(possible, min(pairs, len(possible))):
        yield Task(f"{one.identifier} + {other.identifier}", (one.identifier, other.identifier), profile)


def line(outcome: Outcome) -> str:
    """A row of the table."""
    said = outcome.said
    judged = f"{said.kept:4} kept  {said.not_exercised:4} not exercised"
    asked = f"{said.requests:5} requests  {said.seconds:5.1f} s"
    return f"{'FALSE' if outcome.false else 'clean'}  {outcome.name:<52}  {judged}  {asked}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where the suite found nothing broken, 1 otherwise, 2 for names that are unknown or do not go together."""
    parser = argparse.ArgumentParser(
        prog="make healthy", description="Runs the contract suite on healthy servers with peculiarities."
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a peculiarity, repeatable")
    parser.add_argument("--pairs", type=int, default=20, metavar="N", help="random pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="chooses the pairs (default: %(default)s)")
    parser.add_argument("--worlds", type=int, default=0, metavar="N", help="plain mocks in process: so many worlds")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many seeds of the suite for each world")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="quick")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="processes")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.only if name not in EVERY]:
        print(f"No peculiarity is named {' or '.join(unknown)}; there are {', '.join(EVERY)}.", file=sys.stderr)
        return 2
    if not compatible([EVERY[name] for name in given.only]):
        print(f"{' and '.join(given.only)} cannot be on together.", file=sys.stderr)
        return 2
    chosen: list[Task | World] = list(worlds(given.worlds, given.seeds, given.profile))
    if not chosen:
        chosen.extend(tasks(given.only, given.pairs, given.seed, given.profile))
    started, false = time.perf_counter(), 0
    with get_context("spawn").Pool(given.workers, maxtasksperchild=TASKS) as pool:
        for outcome in pool.imap_unordered(judge, chosen):
            false += len(outcome.false)
            print(line(outcome), *outcome.false, sep="\n        ", flush=True)
    print(f"{len(chosen)} healthy servers, {false} false findings; {time.perf_counter() - started:.0f} s.")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
