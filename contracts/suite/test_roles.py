"""Every role sees and does what it should."""

from collections.abc import Callable

from waldur_billing_mock.contracts.checks import Check


def test_roles(check: Check, judge_check: Callable[[Check], None]) -> None:
    judge_check(check)
