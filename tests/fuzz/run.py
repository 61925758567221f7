"""`python -m tests.fuzz.run`: fuzzes the mock for so many seconds, and prints how many inputs were tried."""

import argparse
import itertools
import sys
import time
import traceback
from collections.abc import Sequence

from tests.fuzz.campaigns import NAMES, run
from tests.fuzz.sockets import ATTACKS, attack

_EXAMPLES = 200
"""Inputs of a campaign before it is the turn of the next one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all inputs were handled, 1 where one was not, 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Sends the mock what it need not understand.")
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed gives the same inputs (default: %(default)s)"
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a campaign, repeatable")
    given = parser.parse_args(arguments)
    known = (*NAMES, *ATTACKS)
    if unknown := [name for name in given.only if name not in known]:
        print(f"No campaign is named {' or '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    names = given.only or known
    end = time.monotonic() + given.seconds
    tried, failed = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for round_number in itertools.count():
        for name in names:
            if time.monotonic() > end:
                return _report(tried, failed)
            if failed[name]:
                continue  # One report of a defect is enough.
            number = given.seed + round_number
            try:
                tried[name] += attack(name, number) if name in ATTACKS else run(name, number, _EXAMPLES)
            except Exception:  # noqa: BLE001  # Whatever it is, it is what is looked for.
                failed[name] += 1
                print(f"FAULT {name}, seed {number}:\n{traceback.format_exc(limit=-6)}", flush=True)
    return 0


def _report(tried: dict[str, int], failed: dict[str, int]) -> int:
    for name, number in tried.items():
        print(f"{name:16} {number:>10,} inputs  {'FAULT' if failed[name] else 'sound'}")
    print(f"{'together':16} {sum(tried.values()):>10,} inputs, {sum(failed.values())} campaigns with a fault")
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
