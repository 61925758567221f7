"""The pages in headless Chromium: what a visitor sees, in both themes, on a desk and on a telephone."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from typing import Final
from urllib.request import Request, urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Response

from tests.pages.browser import Scheme, visiting
from tests.serving import Mock, serving

PAGES: Final = ("/_mock/",)
LOOKS: Final[tuple[tuple[Scheme, int], ...]] = (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390))
MOST_BYTES: Final = 200_000
LEVELS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with serving("--quiet") as served:
        served.ask("GET", "/api/invoices/", served.token("owner"))
        yield served


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_opens_without_complaint_and_without_scrolling_sideways(
    browser: Browser, mock: Mock, scheme: Scheme, width: int
) -> None:
    with visiting(browser, mock.url, scheme, width) as visit:
        for path in PAGES:
            visit.page.goto(path)

            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert visit.complaints == [], path
        assert visit.elsewhere == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_of_level_a_or_aa(browser: Browser, mock: Mock, scheme: Scheme) -> None:
    with visiting(browser, mock.url, scheme) as visit:
        for path in PAGES:
            visit.page.goto(path)
            found = Axe().run(visit.page, options={"runOnly": LEVELS}).response["violations"]

            faults = [(one["id"], [node["html"] for node in one["nodes"][:3]]) for one in found]
            assert faults == [], path


def weight(browser: Browser, base: str, path: str) -> int:
    """The bytes of a page with all that it loads."""
    responses: list[Response] = []

    def keep(response: Response) -> None:
        responses.append(response)

    with visiting(browser, base) as visit:
        visit.page.on("response", keep)
        visit.page.goto(path, wait_until="load")
        return sum(len(response.body()) for response in responses)


def test_no_page_weighs_much(browser: Browser, mock: Mock) -> None:
    weights = {path: weight(browser, mock.url, path) for path in PAGES}

    assert {path: bytes for path, bytes in weights.items() if bytes > MOST_BYTES} == {}


def test_a_copied_line_runs(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto("/_mock/?as=owner")
        visit.page.get_by_role("button", name="Copy the call of invoices_list").first.click()
        line = visit.page.evaluate("navigator.clipboard.readText()")

    ran = subprocess.run([*shlex.split(line), "-s"], capture_output=True, text=True, check=True)

    request = Request(f"{mock.url}/api/invoices/", headers={"Authorization": f"Token {mock.token('owner')}"})
    with urlopen(request) as answer:
        assert json.loads(ran.stdout) == json.load(answer)


def test_choosing_a_user_changes_the_lines_without_loading_the_page_anew(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto("/_mock/")
        visit.page.evaluate("window.same = true")

        visit.page.locator("select[name=in]").select_option("python")
        visit.page.locator("pre", has_text="httpx.request").wait_for()

        assert visit.page.evaluate("window.same")
        assert visit.page.get_by_role("button", name="Copy the call of invoices_paid").is_visible()
