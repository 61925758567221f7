"""Every story goes as told."""

from collections.abc import Callable

from waldur_billing_mock.contracts.checks import Check


def test_stories(check: Check, judge_check: Callable[[Check], None]) -> None:
    judge_check(check)
