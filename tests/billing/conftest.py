"""The small world, fresh for each test of billing."""

from __future__ import annotations

import pytest

from tests.billing.builders import Builder


@pytest.fixture
def build() -> Builder:
    return Builder()
