"""The contract suite, run from a page on this server."""

import json
import re
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.asgi import Api
from tests.pages.forms import follow, page, send_form
from tests.serving import Mock
from waldur_billing_mock.mock_server.control.client import MockClient
from waldur_billing_mock.mock_server.world_file import load

SECONDS: float = 120.0


def text(mock: Mock, path: str) -> str:
    return mock.ask("GET", path).body.decode()


def send(mock: Mock, path: str, **fields: str) -> str:
    """The page that a form leads to."""
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', text(mock, "/_mock/ui/contracts"))[0]
    with urlopen(Request(mock.url + path, urlencode({"form_token": token, **fields}).encode())) as answer:
        found: str = answer.read().decode()
        return found


def judged(mock: Mock, **fields: str) -> str:
    """The page of a quick run that has ended."""
    shown = send(mock, "/_mock/ui/contracts", profile="quick", **fields)
    (path,) = set(re.findall(r'hx-get="(/_mock/ui/contracts/\d+)"', shown))
    deadline = time.monotonic() + SECONDS
    while "Running" in shown and time.monotonic() < deadline:
        time.sleep(0.2)
        shown = text(mock, path)
    return shown


@pytest.mark.slow
def test_a_run_judges_this_server_in_a_session_of_its_own(mock: Mock) -> None:
    before = text(mock, "/_mock/world")

    shown = judged(mock, only="conventions/pages", writes="on")

    assert "The contract is kept" in shown, shown
    assert "conventions/pages" in shown
    assert text(mock, "/_mock/world") == before
    sessions = {one["id"]: one["requests"] for one in json.loads(text(mock, "/_mock/sessions"))}
    assert sessions["contracts"] > 20


@pytest.mark.slow
def test_a_finding_stands_beside_the_exchange_that_shows_it(mock: Mock) -> None:
    faults = MockClient(mock.url).faults
    (rule,) = faults.add(operation="invoice_items_total_price_retrieve", status=418, session="*")

    shown = judged(mock, only="conventions/answers_fit/invoice_items_total_price_retrieve")
    faults.remove(rule["id"])

    assert "The contract is broken" in shown, shown
    finding, exchange = shown.split(">The exchange</h2>")
    assert "conventions/answers_fit/invoice_items_total_price_retrieve" in finding
    assert '<span class="badge status-4">418</span>' in exchange
    (link,) = set(re.findall(r'href="(/_mock/ui/traffic/\d+\?mock_session=contracts)"', exchange))
    assert "/api/invoice-items/total_price/" in text(mock, link)


def test_without_staff_there_is_no_run(november: Api) -> None:
    november.stage.put_back(load("{}"), 0)

    assert "no staff user" in follow(november, send_form(november, "/_mock/ui/contracts"))


def test_a_run_that_there_is_not_is_not_found(november: Api) -> None:
    assert november.send("GET", "/_mock/ui/contracts/77", None, {}).status == 404
    assert "No run yet." in page(november, "/_mock/ui/contracts")
