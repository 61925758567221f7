"""Tests depend on no order, day, time zone or locale. `make shuffled` and `make calendar` try more of them."""

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.serving import ROOT

TRIED: Final = ("tests/billing/test_period.py", "tests/billing/test_cycle.py", "tests/contracts/test_options.py")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "zone"),
    [("2026-02-28T23:59:55+00:00", "Pacific/Kiritimati"), ("2028-02-29T12:00:00+00:00", "America/Adak")],
)
def test_tests_pass_in_another_order_on_awkward_days_and_elsewhere(at: str, zone: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--random-order-bucket=global", *TRIED],
        cwd=ROOT,
        env={**os.environ, "WALDUR_TESTS_AT": at, "TZ": zone, "LC_ALL": "tr_TR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout
