"""Runs the tests of a module on each mutant of it, and tells which survive.

    python -m tests.mutation.run --only billing/money --sample 50

Each mutant is tried in a fork of this process, in which everything is loaded: the code of one function is replaced in
place, so that everybody who imported it runs the change. Exit codes: 0 at least 95 % were killed, 1 fewer.
"""

import argparse
import ast
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import _lru_cache_wrapper
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import pytest
import yaml

from tests.mutation.mutating import Mutant, mutants
from tests.serving import ROOT

ENOUGH: Final = 0.95
SECONDS_A_MUTANT: Final = 60
_NOT_TRIED: Final = 99
EQUIVALENT: Final = Path(__file__).with_name("equivalent.yaml")
TESTS: Final = {
    "mock_server/billing/money": ["tests/billing/test_money.py", "tests/billing/test_properties.py"],
    "mock_server/billing/period": ["tests/billing/test_period.py", "tests/billing/test_cycle.py"],
    "mock_server/billing/compensation": ["tests/billing/test_compensation.py", "tests/operations"],
    "mock_server/billing/invoice": [
        "tests/billing/test_invoice.py",
        "tests/billing/test_properties.py",
        "tests/operations",
    ],
    "mock_server/billing/item": ["tests/billing/test_item.py", "tests/billing/test_properties.py", "tests/operations"],
    "mock_server/billing/cycle": ["tests/billing/test_cycle.py", "tests/billing/test_clock.py"],
    "mock_server/billing/visibility": ["tests/billing/test_visibility.py", "tests/operations"],
    "contracts/values": ["tests/contracts/test_values.py"],
    "contracts/judging": ["tests/contracts/test_checks.py", "tests/contracts/test_context.py"],
}
"""Which tests judge a module, the quick ones first."""


def main(words: Sequence[str]) -> int:
    """Tries mutants and prints survivors and figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--only", default="", help="modules whose path holds this text")
    parser.add_argument("--sample", type=int, help="at most so many mutants of each module")
    parser.add_argument("--seed", type=int, default=1, help="which ones those are")
    options = parser.parse_args(words)
    explained = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}
    killed = tried = 0
    for module, tests in TESTS.items():
        if options.only in module:
            dead, all_of_it = _module(
                module, tests, options.sample, random.Random(options.seed), explained.get(module, {})
            )
            killed, tried = killed + dead, tried + all_of_it
    print(f"{killed} of {tried} mutants killed")
    return 0 if tried and killed >= ENOUGH * tried else 1


def _module(
    module: str, tests: list[str], sample: int | None, chance: random.Random, explained: Any
) -> tuple[int, int]:
    path = ROOT / f"{module}.py"
    made = [one for one in mutants(ast.parse(path.read_text(encoding="utf-8"))) if one.id not in explained]
    chosen = made if sample is None or sample >= len(made) else chance.sample(made, sample)
    loaded = import_module(f"waldur_billing_mock.{module.replace('/', '.')}")
    if _tested(tests) != 0:
        raise SystemExit(f"The tests of {module} fail without any change: {' '.join(tests)}")
    started, survivors = time.monotonic(), []
    for mutant in chosen:
        function = _function(loaded, mutant.function)
        if function is None or not _is_killed(mutant, function, tests):
            survivors.append(mutant)
    seconds = time.monotonic() - started
    print(f"{module}: {len(chosen) - len(survivors)} of {len(chosen)} killed, of {len(made)} possible, {seconds:.0f} s")
    for mutant in survivors:
        print(f"  survives: {mutant.id}")
    sys.stdout.flush()
    return len(chosen) - len(survivors), len(chosen)


def _function(module: Any, name: str) -> FunctionType | None:
    """The plain function behind a name: of a property, a method or a decorated function."""
    found = module
    for part in name.split("."):
        found = found.__dict__[part] if isinstance(found, type) else getattr(found, part)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    found = getattr(found, "func", found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


def _is_killed(mutant: Mutant, function: FunctionType, tests: list[str]) -> bool:
    child = os.fork()
    if child == 0:
        code = _NOT_TRIED
        try:
            code = _verdict(mutant, function, tests)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == _NOT_TRIED:
        raise RuntimeError(f"{mutant.id} could not be tried.")
    return code != 0


def _verdict(mutant: Mutant, function: FunctionType, tests: list[str]) -> int:
    """The exit code of the tests with the mutant in place; endless ones end by an alarm."""
    signal.alarm(SECONDS_A_MUTANT)
    definition = ast.Module([mutant.definition], [])
    code = next(one for one in compile(definition, "mutant", "exec").co_consts if isinstance(one, CodeType))
    if len(code.co_freevars) != len(function.__code__.co_freevars):
        return 0
    function.__code__ = code
    for cached in vars(sys.modules[function.__module__]).values():
        if isinstance(cached, _lru_cache_wrapper):
            cached.cache_clear()
    return _tested(tests)


def _tested(tests: list[str]) -> int:
    """The exit code of tests. What they import stays loaded, so that forks of this process are quick."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
