"""What several folders of tests share: a served mock, and the description that it publishes."""

from collections.abc import Iterator

import pytest

from tests.serving import Mock, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Mock]:
    """One mock for a module of tests, in a process of its own, with whatever the tests before left in it."""
    with serving() as mock:
        yield mock


@pytest.fixture
def mock(served: Mock) -> Mock:
    """The module's mock, with its seeded world brought back."""
    served.reset()
    return served
