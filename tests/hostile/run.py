"""`python -m tests.hostile.run`: runs the contract suite on every hostile target, and prints a table."""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.targets import TARGETS, Attacked, attacked


def judge(name: str) -> tuple[str, Attacked]:
    """One run, in a folder of its own. The suite runs in a process of its own, so that threads are enough here."""
    with TemporaryDirectory() as folder:
        return name, attacked(name, Path(folder))


def line(name: str, outcome: Attacked) -> str:
    """A row of the table."""
    run = outcome.run
    said = "; ".join(outcome.faults) or "sound"
    return f"{'FAULT' if outcome.faults else 'sound'}  {name:<36}  exit {run.exit_code:2}  {run.seconds:5.1f} s  {said}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every run was sound, 1 otherwise, 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="make hostile", description="Runs the contract suite on hostile targets.")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a target, repeatable")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="targets at the same time")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.only if name not in TARGETS]:
        print(f"No target is named {' or '.join(unknown)}; there are {', '.join(TARGETS)}.", file=sys.stderr)
        return 2
    started, faulty, names = time.perf_counter(), 0, given.only or TARGETS
    with ThreadPoolExecutor(given.workers) as pool:
        for name, outcome in pool.map(judge, names):
            faulty += bool(outcome.faults)
            print(line(name, outcome), flush=True)
    print(f"{len(names)} hostile targets, {faulty} runs with faults; {time.perf_counter() - started:.0f} s.")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
