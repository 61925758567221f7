"""A browser for the tests that drive pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.asgi import application
from tests.pages.browser import browser_or_skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread as long as it lives, which other tests cannot do with."""
    yield from browser_or_skip()


@pytest.fixture(autouse=True)
def _a_world_for_the_next() -> Iterator[None]:
    """Other tests share the application whose world tests of pages change."""
    yield
    application("one-invoice").stage.reset()
