"""The driver changes what it says, and tells a change that is noticed from one that is not."""

import ast
import subprocess
import sys

import pytest

from tests.mutation.mutating import mutants
from tests.serving import ROOT

SOURCE = """
class Basket:
    @property
    def is_free(self):
        return self.total < 10 and not self.closed

def price(count):
    if count:
        return count * 2
    return 0
"""


def test_every_operator_comparison_number_and_condition_is_changed_once() -> None:
    changes = [f"{one.function} {one.change}" for one in mutants(ast.parse(SOURCE))]

    assert changes == [
        "Basket.is_free self.total < 10 and (not self.closed)  ->  self.total < 10 or not self.closed",
        "Basket.is_free self.total < 10  ->  self.total <= 10",
        "Basket.is_free not self.closed  ->  not not self.closed",
        "Basket.is_free 10  ->  11",
        "price if count:\n    return count * 2  ->  if not count:\n    return count * 2",
        "price count * 2  ->  count + 2",
        "price 2  ->  3",
        "price 0  ->  1",
    ]


@pytest.mark.slow
def test_the_tests_of_values_notice_a_change_of_them() -> None:
    words = ["--only", "contracts/values", "--sample", "3", "--seed", "2"]

    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutation.run", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.stdout.endswith("3 of 3 mutants killed\n"), ended.stdout + ended.stderr
    assert ended.returncode == 0
