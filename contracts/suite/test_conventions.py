"""Every operation keeps the conventions of its kind."""

from collections.abc import Callable

from waldur_billing_mock.contracts.checks import Check


def test_conventions(check: Check, judge_check: Callable[[Check], None]) -> None:
    judge_check(check)
