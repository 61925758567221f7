"""Headless Chromium for tests and screenshots. It may call this machine only, and what it complains of is collected."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Response, sync_playwright

Scheme = Literal["light", "dark"]

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED: Final = "WALDUR_MOCK_REQUIRE_CHROMIUM"
"""An environment variable: where it is set, tests fail without Chromium instead of being skipped."""

WIDE: Final = 1280
NARROW: Final = 390
"""A desk and a telephone, in pixels."""

LEVELS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_PAINTED: Final = """async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await Promise.allSettled(document.getAnimations().map(one => one.finished));
}"""
"""Waits until a change of the theme is seen whole."""
_RUN_AXE: Final = "async (options) => (await axe.run(document, options)).violations"


@cache
def _axe() -> str:
    """The script of axe-core, which the package `axe-playwright-python` brings."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


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
    page.set_default_timeout(150_000)
    page.on("console", lambda message: _complain(visit, message.type, message.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("request", lambda request: _note(visit, request))
    try:
        yield visit
    finally:
        context.close()


@dataclass(frozen=True)
class Findings:
    """What was found on one page: its status, complaints of the console, looks in which it is too wide, and so on."""

    status: int
    complaints: list[str]
    elsewhere: list[str]
    too_wide: list[str]
    faults: list[str]
    bytes: int


def inspect(visit: Visit, path: str, ready: str = "main") -> Findings:
    """Load a page once, wait for an element of it (a CSS selector), and look at it in both themes and widths."""
    page = visit.page
    visit.complaints.clear()
    visit.elsewhere.clear()
    responses: list[Response] = []

    def keep(response: Response) -> None:
        responses.append(response)

    page.on("response", keep)
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.emulate_media(color_scheme="light")
    answer = page.goto(path, wait_until="load")
    page.locator(ready).first.wait_for()
    page.remove_listener("response", keep)
    page.evaluate(_axe())
    faults = [f"light {fault}" for fault in _faults(page, LEVELS)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(_PAINTED)
    faults += [f"dark {fault}" for fault in _faults(page, ["color-contrast"])]
    too_wide = []
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            too_wide.append(f"{needed} of {width}")
    return Findings(
        status=answer.status if answer is not None else 0,
        complaints=list(visit.complaints),
        elsewhere=list(visit.elsewhere),
        too_wide=too_wide,
        faults=faults,
        bytes=sum(len(response.body()) for response in responses if _ends(response)),
    )


def _ends(response: Response) -> bool:
    """Whether the answer has an end; a stream has none."""
    return "text/event-stream" not in response.headers.get("content-type", "")


def _faults(page: Page, rules: list[str]) -> list[str]:
    """The faults that axe finds, which has to be on the page."""
    found = page.evaluate(_RUN_AXE, {"runOnly": rules, "resultTypes": ["violations"]})
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


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
