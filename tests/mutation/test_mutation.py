"""The driver changes what it says, and tells a change that is noticed from one that is not."""

import ast
import shlex
import subprocess
import sys
from functools import cache, cached_property, lru_cache
from types import ModuleType

import pytest
import yaml

from tests.mutation.modules import NOT_JUDGED, TESTS
from tests.mutation.mutating import mutants
from tests.mutation.replacing import drop_cached_properties, drop_results
from tests.mutation.run import EQUIVALENT
from tests.serving import ROOT

SOURCE = """
class Basket:
    @property
    def is_free(self):
        return self.total < 10 and not self.closed

def price(count):
    if count:
        return count * 2
    return 0 or 0
"""


def tree(module: str) -> ast.Module:
    """What a module of the project says."""
    return ast.parse((ROOT / f"{module}.py").read_text(encoding="utf-8"))


def ids(module: str) -> set[str]:
    """The identifiers of the mutants of a module."""
    return {one.id for one in mutants(tree(module))}


def modules(folder: str) -> set[str]:
    """The modules of a folder and of the folders in it that have functions to change."""
    paths = (ROOT / folder).rglob("*.py")
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in paths}
    return {name for name in names if any(True for _ in mutants(tree(name)))}


def test_every_operator_comparison_number_and_condition_is_changed_once() -> None:
    changes = [one.id for one in mutants(ast.parse(SOURCE))]

    assert changes == [
        "Basket.is_free: self.total < 10 and (not self.closed) -> self.total < 10 or not self.closed",
        "Basket.is_free: self.total < 10 -> self.total <= 10",
        "Basket.is_free: not self.closed -> not not self.closed",
        "Basket.is_free: 10 -> 11",
        "price: if count -> if not count",
        "price: count * 2 -> count + 2",
        "price: 2 -> 3",
        "price: 0 or 0 -> 0 and 0",
        "price: 0 -> 1",
        "price: 0 -> 1 (no. 2)",
    ]


def test_every_mutant_that_is_explained_exists() -> None:
    explained = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))

    unknown = {module: sorted(set(reasons) - ids(module)) for module, reasons in explained.items()}

    assert not {module: names for module, names in unknown.items() if names}
    assert set(explained) <= set(TESTS)


def test_every_rule_of_billing_and_every_module_of_the_judging_half_has_its_tests() -> None:
    assert {name for name in TESTS if name.startswith("mock_server/")} == modules("mock_server/billing")
    assert {name for name in TESTS if name.startswith("contracts/")} == modules("contracts") - set(NOT_JUDGED)
    assert all((ROOT / f"{name}.py").is_file() for name in NOT_JUDGED)


def test_every_path_that_judges_a_module_is_there() -> None:
    words = {word.removeprefix("--ignore=") for texts in TESTS.values() for text in texts for word in shlex.split(text)}

    assert [word for word in words if word.startswith("tests/") and not (ROOT / word).exists()] == []


@cache
def remembered(number: int) -> int:
    """What a module of tests keeps for all its tests."""
    return number


class Keeping:
    """An object that keeps what it computes."""

    @lru_cache(maxsize=8)  # noqa: B019
    def kept(self) -> int:
        return 1

    @cached_property
    def value(self) -> object:
        return object()


def test_what_tests_and_objects_keep_is_dropped_as_they_would_never_run_the_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    this = sys.modules[__name__]
    monkeypatch.setattr(sys, "modules", {"other": ModuleType("other"), __name__: this})
    keeping = Keeping()
    before, _, _ = keeping.value, remembered(1), keeping.kept()

    drop_results(ModuleType("waldur_billing_mock.changed"))

    assert remembered.cache_info().currsize == Keeping.kept.cache_info().currsize == 0
    assert keeping.value is before
    drop_cached_properties(this)
    assert keeping.value is not before


@pytest.mark.slow
def test_tests_that_keep_what_they_read_notice_a_change_of_it() -> None:
    """Those of the deviations read the catalogue once."""
    words = ["--only", "contracts/deviations", "--sample", "3", "--seed", "1"]

    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutation.run", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.stdout.endswith("3 of 3 mutants killed\n"), ended.stdout + ended.stderr
    assert ended.returncode == 0
