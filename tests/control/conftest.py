"""A mock in this process, with a client of its control plane and clients of its API."""

from collections.abc import Iterator

import pytest

from waldur_billing_mock.mock_server.testing.mock import Mock


@pytest.fixture
def mock() -> Iterator[Mock]:
    """A mock of its own for each test, with the single invoice of November 2025."""
    with Mock(scenario="one-invoice") as made:
        yield made
