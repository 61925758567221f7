"""The pages in headless Chromium: what a visitor sees, in both themes, on a desk and on a telephone."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Final
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import Findings, inspect, visiting
from tests.serving import Mock, serving

LISTS: Final = ("customers", "projects", "resources", "invoices", "items")
"""Lists whose first row leads to a page of its own."""
OTHERS: Final = (
    *("payments", "money", "month-end", "credits", "make", "time", "traffic", "verify", "faults", "outbox", "webhooks"),
    *("differences", "history", "deviations", "contracts"),
)
MOST_BYTES: Final = 200_000

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with serving("--scenario", "one-invoice", "--quiet") as served:
        yield served


@pytest.fixture(scope="module")
def inspected(browser: Browser, mock: Mock) -> dict[str, Findings]:
    """What was found on each page. Every page is loaded once."""
    with visiting(browser, mock.url) as visit:
        return {path: inspect(visit, path) for path in every_page(mock)}


def every_page(mock: Mock) -> list[str]:
    """The addresses of all pages; of rows, those of the first one in each list."""
    mock.ask("GET", "/api/invoices/", mock.token("owner"))
    paths = ["/_mock/", *(f"/_mock/ui/{name}" for name in OTHERS)]
    for name in LISTS:
        first = re.search(rf"/_mock/ui/{name}/[0-9a-f]{{32}}", mock.ask("GET", f"/_mock/ui/{name}").body.decode())
        assert first is not None, name
        paths += [f"/_mock/ui/{name}", first[0]]
    paths.append(f"/_mock/ui/json?of={paths[-1].removeprefix('/_mock/ui/')}")
    return [*paths, re.findall(r"/_mock/ui/traffic/\d+", mock.ask("GET", "/_mock/ui/traffic").body.decode())[0]]


def test_every_page_opens_without_an_error_of_its_own_or_of_the_console(inspected: dict[str, Findings]) -> None:
    assert {path: found.status for path, found in inspected.items() if found.status != 200} == {}
    assert {path: found.complaints for path, found in inspected.items() if found.complaints} == {}


def test_no_page_scrolls_sideways_on_a_desk_or_on_a_telephone(inspected: dict[str, Findings]) -> None:
    assert {path: found.too_wide for path, found in inspected.items() if found.too_wide} == {}


def test_axe_finds_no_fault_of_level_a_or_aa_in_either_theme(inspected: dict[str, Findings]) -> None:
    assert {path: found.faults for path, found in inspected.items() if found.faults} == {}


def test_no_page_asks_another_machine(inspected: dict[str, Findings]) -> None:
    assert {path: found.elsewhere for path, found in inspected.items() if found.elsewhere} == {}


def test_no_page_weighs_much(inspected: dict[str, Findings]) -> None:
    assert {path: found.bytes for path, found in inspected.items() if not 5_000 < found.bytes < MOST_BYTES} == {}


def test_the_reference_has_no_fault_but_what_its_library_does(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        found = inspect(visit, "/_mock/ui/reference", ready=".opblock-summary")

    assert (found.status, found.complaints, found.elsewhere, found.too_wide) == (200, [], [], [])
    # Swagger UI puts a button for copying into the button that unfolds an operation.
    assert [fault for fault in found.faults if not fault.startswith("light nested-interactive")] == []


def test_the_login_has_no_fault(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALDUR_MOCK_ADMIN_TOKEN", "3f7c1d0a9b8e4c2d")
    with serving("--scenario", "one-invoice", "--quiet") as guarded, visiting(browser, guarded.url) as visit:
        # As a proxy says whom it forwards for: somebody on another machine.
        visit.page.set_extra_http_headers({"X-Forwarded-For": "10.0.0.1"})
        found = inspect(visit, "/_mock/login")

    assert found == Findings(200, [], [], [], [], found.bytes)


def test_a_copied_line_runs(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto("/_mock/?as=owner")
        visit.page.get_by_role("button", name="Copy the call of invoices_list").first.click()
        line = visit.page.evaluate("navigator.clipboard.readText()")

    ran = subprocess.run([*shlex.split(line), "-s"], capture_output=True, text=True, check=True)

    request = Request(f"{mock.url}/api/invoices/", headers={"Authorization": f"Token {mock.token('owner')}"})
    with urlopen(request) as answer:
        assert json.loads(ran.stdout) == json.load(answer)


def test_choosing_a_language_changes_the_lines_without_loading_the_page_anew(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto("/_mock/")
        visit.page.evaluate("window.same = true")

        visit.page.locator("select[name=in]").select_option("python")
        visit.page.locator("pre", has_text="httpx.request").wait_for()

        assert visit.page.evaluate("window.same")
        assert visit.page.get_by_role("button", name="Copy the call of invoices_paid").is_visible()


def test_a_search_narrows_the_list_while_one_types(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto("/_mock/ui/items")
        rows = visit.page.locator("tbody tr").count()
        visit.page.get_by_label("Name, uuid or article code").press_sequentially("backup")

        visit.page.wait_for_url("**q=backup**")

        assert visit.page.locator("tbody tr").count() < rows


def test_an_invoice_is_printed_on_one_sheet(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto(invoice_page(mock))
        printed = visit.page.pdf(format="A4")

    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_an_invoice_that_is_paid_on_its_page_is_paid_in_the_api(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        visit.page.goto(invoice_page(mock))
        visit.page.get_by_role("button", name="Mark as paid").click()
        visit.page.get_by_text("The invoice is paid.").wait_for()

        assert visit.complaints == []

    (invoice,) = json.loads(mock.ask("GET", "/api/invoices/", mock.token()).body)
    assert invoice["state"] == "paid"


def invoice_page(mock: Mock) -> str:
    """Where the world's one invoice is shown, as it was in the beginning."""
    mock.reset()
    (invoice,) = json.loads(mock.ask("GET", "/api/invoices/", mock.token()).body)
    return f"/_mock/ui/invoices/{invoice['uuid'].replace('-', '')}"


def test_a_call_appears_on_the_page_of_traffic_by_itself(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        with visit.page.expect_response("**/traffic/stream"):
            visit.page.goto("/_mock/ui/traffic")
        mock.ask("GET", "/api/invoice-items/?page_size=7", mock.token("owner"))

        visit.page.get_by_text("page_size=7").wait_for()

        assert visit.complaints == []


def test_a_customer_made_and_billed_by_pages_has_a_paid_invoice_in_the_api(browser: Browser, mock: Mock) -> None:
    mock.reset()
    with visiting(browser, mock.url) as visit:
        page = visit.page
        page.goto("/_mock/ui/make")
        page.get_by_label("Name *").fill("Acme")
        page.get_by_label("Name of a project").fill("web")
        page.get_by_label("Name of the resource").fill("archive")
        page.get_by_label("a price of its own").fill("12.50")
        page.get_by_role("button", name="Make it").click()
        page.get_by_text("Customer Acme is made.").wait_for()
        page.goto("/_mock/ui/time")
        page.get_by_role("button", name="One month", exact=True).click()
        page.get_by_role("heading", name="What changed").wait_for()
        page.goto("/_mock/ui/invoices?state=created&q=Acme")
        page.locator("tbody th a").first.click()
        page.get_by_role("button", name="Mark as paid").wait_for()
        page.get_by_label("Date of payment").fill("")
        page.get_by_role("button", name="Mark as paid").click()
        page.get_by_text("The invoice is paid.").wait_for()

        assert visit.complaints == []

    token = mock.token()
    (customer,) = json.loads(mock.ask("GET", "/api/customers/?name=Acme", token).body)
    paid = json.loads(mock.ask("GET", f"/api/invoices/?customer_uuid={customer['uuid']}&state=paid", token).body)
    assert [item["name"] for item in paid[0]["items"]] != []
    mock.reset()


def test_an_operation_is_tried_in_the_reference_with_one_click(browser: Browser, mock: Mock) -> None:
    with visiting(browser, mock.url) as visit:
        page = visit.page
        page.goto("/_mock/ui/reference?as=owner")
        operation = page.locator("#operations-invoices-invoices_list")
        operation.locator(".opblock-summary-control").click()
        with page.expect_response("**/api/invoices/**") as answered:
            operation.get_by_role("button", name="Execute").click()

        assert answered.value.status == 200
        assert answered.value.request.headers["authorization"] == f"Token {mock.token('owner')}"
        assert visit.complaints == []
        assert visit.elsewhere == []
