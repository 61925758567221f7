"""`make bench`: measures the mock against a bare server in the same run, and prints a table with targets."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.answers import answers
from benchmarks.control import control
from benchmarks.instructions import instructions
from benchmarks.measuring import Line
from benchmarks.peers import peers
from benchmarks.proxy import proxy
from benchmarks.scale import scale
from benchmarks.start import start
from benchmarks.suite import suite

PARTS: Mapping[str, Callable[[], Iterator[Line]]] = {
    "answers": answers,
    "control": control,
    "instructions": instructions,
    "proxy": proxy,
    "start": start,
    "suite": suite,
    "peers": peers,
    "scale": scale,
}


def main() -> int:
    """Runs the parts that are asked for, all by default. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)} (default: all)")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := [part for part in chosen if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; choose of {', '.join(PARTS)}")
    print(_machine(), flush=True)
    print(Line.head(), flush=True)
    missed = 0
    for part in chosen:
        for line in PARTS[part]():
            print(line, flush=True)
            missed += line.met is False
    return 1 if missed else 0


def _machine() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model, load = models[0].partition(": ")[2], os.getloadavg()[0]
    return f"{len(models)} × {model}, Python {platform.python_version()}, load before the run {load:.1f}\n"


if __name__ == "__main__":
    sys.exit(main())
