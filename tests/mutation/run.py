"""Runs the tests of a module on each mutant of it, and tells which survive.

    python -m tests.mutation.run --only billing/money --sample 50

Each mutant is tried in a fork of this process, in which everything is loaded: the code of one function is replaced in
place, so that everybody who imported it runs the change. The tests of a module are run one path after the other, and
only the mutants that survive a path are tried by the next. Exit codes: 0 at least 95 % were killed, 1 fewer.
"""

import argparse
import ast
import os
import random
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import Phase, settings

from tests.mutation.modules import TESTS
from tests.mutation.mutating import Mutant, mutants
from tests.mutation.replacing import code_in_place_of, drop_results, plain_function
from tests.serving import ROOT

ENOUGH: Final = 0.95
EQUIVALENT: Final = Path(__file__).with_name("equivalent.yaml")
_NOT_TRIED: Final = 99
_PATIENCE: Final = 5
"""How many times as long as without a change the tests may take, before the change counts as one that never ends."""


def main(words: Sequence[str]) -> int:
    """Tries mutants and prints survivors and figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--only", default="", help="modules whose path holds this text")
    parser.add_argument("--named", action="append", help="mutants whose name holds this text, repeatable")
    parser.add_argument("--sample", type=int, help="at most so many mutants of each module")
    parser.add_argument("--seed", type=int, default=1, help="which ones those are")
    options = parser.parse_args(words)
    # The same examples for each mutant, and none that a mutant before has left.
    without_shrinking = (Phase.explicit, Phase.generate)
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None, phases=without_shrinking)
    settings.load_profile("mutation")
    explained = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}
    killed = tried = 0
    for module, tests in TESTS.items():
        if options.only in module:
            chance = random.Random(options.seed)
            known = explained.get(module, {})
            made = [one for one in _mutants(module) if any(text in one.id for text in options.named or [""])]
            chosen = [one for one in made if one.id not in known]
            possible = f"{len(made)} possible, {len(made) - len(chosen)} explained"
            if options.sample is not None and options.sample < len(chosen):
                chosen = chance.sample(chosen, options.sample)
            dead, all_of_it = _module(module, tests, chosen, possible)
            killed, tried = killed + dead, tried + all_of_it
    print(f"{killed} of {tried} mutants killed")
    return 0 if tried and killed >= ENOUGH * tried else 1


def _mutants(module: str) -> Sequence[Mutant]:
    return list(mutants(ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))))


def _module(module: str, tests: Sequence[str], chosen: Sequence[Mutant], possible: str) -> tuple[int, int]:
    loaded = import_module(f"waldur_billing_mock.{module.replace('/', '.')}")
    started, survivors = time.monotonic(), chosen
    for test in tests:
        if survivors:
            survivors = _survivors(survivors, loaded, test)
            print(f"  {len(survivors)} of {len(chosen)} survive {test}", flush=True)
    seconds, killed = time.monotonic() - started, len(chosen) - len(survivors)
    print(f"{module}: {killed} of {len(chosen)} killed, of {possible}, {seconds:.0f} s")
    for mutant in survivors:
        print(f"  survives: {mutant.id}  (line {mutant.line})")
    sys.stdout.flush()
    return killed, len(chosen)


def _survivors(tried: Sequence[Mutant], module: Any, test: str) -> list[Mutant]:
    """The mutants that the tests of a path do not notice."""
    started = time.monotonic()
    if (code := _tested(test)) != 0:
        raise SystemExit(f"{test} ends with {code} without any change.")
    seconds = int(10 + _PATIENCE * (time.monotonic() - started))
    return [mutant for mutant in tried if not _is_killed(mutant, module, test, seconds)]


def _is_killed(mutant: Mutant, module: Any, test: str, seconds: int) -> bool:
    function = plain_function(module, mutant.function)
    code_of_it = code_in_place_of(function, mutant.definition)
    child = os.fork()
    if child == 0:
        code = _NOT_TRIED
        try:
            signal.alarm(seconds)  # ends the process of a change that never ends
            function.__code__ = code_of_it
            drop_results(module)
            code = _tested(test)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED) or code < 0:
        return code != pytest.ExitCode.OK
    raise RuntimeError(f"{mutant.id} could not be tried by {test}: exit code {code}.")


def _tested(test: str) -> int:
    """The exit code of tests. What they import stays loaded, so that forks of this process are quick."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return int(
            pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *shlex.split(test)])
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
