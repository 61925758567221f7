"""The page of `waldur-mock proxy` in headless Chromium: it renews itself, and has no fault."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browser import inspect, visiting
from tests.proxy.running import Running, proxying
from tests.serving import Mock, serving

pytestmark = [pytest.mark.xdist_group("browser of the proxy"), pytest.mark.slow]


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with serving("--scenario", "one-invoice", "--wire", "--revision", "8.1.3", "--quiet") as served:
        yield served


@pytest.fixture(scope="module")
def proxy(mock: Mock) -> Iterator[Running]:
    with proxying(mock.url, "--revision", "8.1.3") as running:
        running.ask("/api/invoices/", mock.token("staff"))
        running.found_when_judged()
        yield running


def test_the_page_has_no_fault_in_either_theme_or_width(browser: Browser, proxy: Running) -> None:
    with visiting(browser, proxy.url) as visit:
        found = inspect(visit, "/_mock/proxy")

    assert found.status == 200
    assert (found.complaints, found.elsewhere, found.too_wide, found.faults) == ([], [], [], [])


def test_what_passes_appears_without_loading_the_page_again(browser: Browser, proxy: Running, mock: Mock) -> None:
    with visiting(browser, proxy.url) as visit:
        visit.page.goto("/_mock/proxy")
        verdict = visit.page.locator("#verdict")
        expect(verdict).to_contain_text("in 1 answer.")
        proxy.ask("/api/invoice-items/", mock.token("staff"))

        expect(verdict).to_contain_text(re.compile("in 2 answers"), timeout=60_000)
        expect(visit.page.get_by_text("GET /api/invoice-items/", exact=True).first).to_be_visible()
        assert visit.complaints == []


def test_a_call_that_was_unfolded_stays_so(browser: Browser, proxy: Running, mock: Mock) -> None:
    with visiting(browser, proxy.url) as visit:
        visit.page.goto("/_mock/proxy")
        call = visit.page.locator("details").first
        call.locator("summary").click()
        with visit.page.expect_response("/_mock/proxy"):
            """The page renews itself."""

        expect(call).to_have_attribute("open", "")
        expect(call.locator("code")).to_contain_text("curl -i")


def test_a_page_of_another_host_name_is_not_shown(proxy: Running) -> None:
    """Else a page elsewhere could read, by a name of its own, what a mock behind the proxy shows to this machine."""
    for path in ("/_mock/proxy", "/_mock/proxy.json", "/_mock/users"):
        assert proxy.ask(path, headers={"Host": "evil.example.com"})[0] == 400
