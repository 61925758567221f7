"""Headless Chromium for tests and screenshots. It may call this machine only, and what it complains of is collected."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

Scheme = Literal["light", "dark"]

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED: Final = "WALDUR_MOCK_REQUIRE_CHROMIUM"
"""An environment variable: where it is set, tests fail without Chromium instead of being skipped."""

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Visit:
    """A tab, what its console and its scripts complained of, and what it asked of other machines."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser. Raises `LookupError` where Chromium is not installed."""
    if CHROMIUM is None:
        raise LookupError("Chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


@contextmanager
def visiting(
    browser: Browser, base: str, scheme: Scheme = "light", width: int = 1280, height: int = 900
) -> Iterator[Visit]:
    """A tab of its own, without cookies of others; `base` stands before paths."""
    context = browser.new_context(
        base_url=base,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    visit = Visit(context.new_page())
    page = visit.page
    page.set_default_timeout(30_000)
    page.on("console", lambda message: _complain(visit, message.type, message.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("request", lambda request: _note(visit, request))
    try:
        yield visit
    finally:
        context.close()


def _complain(visit: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        visit.complaints.append(f"{kind}: {text}")


def _note(visit: Visit, request: Request) -> None:
    host = urlsplit(request.url).hostname
    if host not in ("127.0.0.1", "localhost", None):
        visit.elsewhere.append(request.url)


def browser_or_skip() -> Iterator[Browser]:
    """For a fixture: the browser; without Chromium the test is skipped, or fails where it is required."""
    if CHROMIUM is None and not os.environ.get(REQUIRED):
        pytest.skip("Chromium is not installed, so pages are not driven; on Debian: apt-get install chromium")
    with launched() as browser:
        yield browser
