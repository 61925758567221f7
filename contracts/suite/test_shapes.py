"""Every answer has its shape."""

from collections.abc import Callable

from waldur_billing_mock.contracts.checks import Check


def test_shapes(check: Check, judge_check: Callable[[Check], None]) -> None:
    judge_check(check)
