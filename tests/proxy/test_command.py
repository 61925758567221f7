"""`waldur-mock proxy` as a user runs it: pages, recording, read-only, fallback, and what cannot be done."""

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.releases import RELEASES
from tests.proxy.running import proxying
from tests.serving import FROM_THE_CHECKOUT, Mock, serving, started
from tests.wrapping import serving_app
from tests.wrapping.changes import Defect
from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.__main__ import main
from waldur_billing_mock.mock_server.app import create_default_app

NO_TOTAL_PRICE: Final = next(one for one in RELEASES if one.identifier == "no-consumptions")
SIZE: Final = ("--customers", "4", "--months", "2")


@pytest.fixture(scope="module")
def wire() -> Iterator[Mock]:
    """A mock in the wire dialect."""
    with serving("--wire", "--revision", "8.1.3", "--quiet", *SIZE) as mock:
        yield mock


@pytest.mark.slow
def test_the_page_and_its_data_show_what_has_passed(wire: Mock) -> None:
    token = wire.token()

    with proxying(wire.url, "--revision", "8.1.3") as proxy:
        proxy.ask("/api/invoices/", token)
        proxy.ask("/api/customers/", token)
        proxy.ask("/nowhere/", token)
        found = proxy.found_when_judged()
        status, page = proxy.ask("/_mock/proxy")
        style = proxy.ask(page.decode().partition('rel="stylesheet" href="')[2].partition('"')[0])
        policy = proxy.headers["content-security-policy"]

    assert (found["target"], found["revision"], found["counts"]["judged"]) == (wire.url, "8.1.3", 2)
    assert found["counts"]["not_described"] == 1
    assert {one["outcome"] for one in found["deviations"]} == {"known"}
    assert {"uuid-hex"} in [set(one["explained_by"]) for one in found["deviations"]]
    assert status == 200
    assert "unsafe" not in policy
    assert "No new deviation in 2 answers." in page.decode()
    assert "GET /api/invoices/" in page.decode()
    assert style[0] == 200


@pytest.mark.slow
def test_a_recording_has_every_exchange_and_no_token(wire: Mock, tmp_path: Path) -> None:
    token, path = wire.token(), tmp_path / "traffic.har"

    with proxying(wire.url, "--record", str(path), "--read-only") as proxy:
        proxy.ask("/api/invoices/?page_size=2", token)
        refused = proxy.ask("/api/invoices/", token, "POST", b"{}")
        proxy.ask("/_mock/users")
        proxy.stop()

    text = path.read_text(encoding="utf-8")
    targets = [entry["request"]["url"].removeprefix(wire.url) for entry in json.loads(text)["log"]["entries"]]
    assert targets == ["/api/invoices/?page_size=2", "/_mock/users"]
    assert token not in text
    assert refused[0] == 403
    assert "not sent, as only reading is let through: 1" in proxy.said
    assert proxy.exit_code == 0


@pytest.mark.slow
def test_a_mock_answers_what_the_server_lacks(tmp_path: Path) -> None:
    assert NO_TOTAL_PRICE.make is not None
    lacking = Defect("lacking", NO_TOTAL_PRICE.sentence, NO_TOTAL_PRICE.make)
    app = lacking.wrap(create_default_app(revision="8.1.3", wire=True, size=Size(4, 2), seed=7))

    with serving_app.serving(app) as url, proxying(url, "--fallback", "mock") as proxy:
        users = json.loads(proxy.ask("/_mock/users")[1])
        token = next(user["token"] for user in users if user["role"] == "support")
        item = json.loads(proxy.ask("/api/invoice-items/", token)[1])[0]["uuid"]
        own = proxy.headers.get("waldur-mock-fallback")
        status, body = proxy.ask(f"/api/invoice-items/{item}/consumptions/", token)
        replaced = proxy.headers.get("waldur-mock-fallback")
        proxy.stop()

    assert own is None
    assert replaced == "invoice_items_consumptions_list"
    # The mock knows neither the token of the caller nor the item, and is asked with a token of its own.
    assert (status, body) == (404, b'{"detail":"No InvoiceItem matches the given query."}')
    assert "not judged: answered by the mock: 1" in proxy.said


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_without_traffic_nothing_was_judged_however_it_is_stopped(by: signal.Signals, wire: Mock) -> None:
    with proxying(wire.url, "--revision", "8.1.3") as proxy:
        proxy.stop(by)

    assert proxy.exit_code == 2
    assert "Nothing was judged." in proxy.said
    assert "Traceback" not in proxy.said


@contextmanager
def moved() -> Iterator[tuple[str, str]]:
    """A server whose every address leads to https, and what it leads to."""
    moved_to_https = PECULIARITIES["moved-to-https"].make
    assert moved_to_https is not None
    app = Defect("moved", "Every address leads to https.", moved_to_https).wrap(create_default_app(size=Size(4, 2)))
    with serving_app.serving(app) as url:
        yield url, url.replace("http://", "https://")


def test_a_server_that_has_moved_to_https_is_refused_with_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    with moved() as (url, there), pytest.raises(SystemExit) as ended:
        main(["proxy", "--port", "0", url])

    assert ended.value.code == 2
    assert f"leads elsewhere (301 to {there}/api/invoices/" in (said := capsys.readouterr().err)
    assert f"give the address {there}, if that is right." in said


def test_where_every_answer_leads_to_https_the_page_and_the_summary_say_which_address_to_give() -> None:
    with moved() as (url, there), proxying(url, "--revision", "8.1.3") as proxy:
        client = http.client.HTTPConnection(urlsplit(proxy.url).netloc)
        for path in ("/api/invoices/", "/api/invoice-items/?page=2"):
            client.request("GET", path)
            assert client.getresponse().read() == b""
        client.close()
        proxy.found_when_judged()
        page = proxy.ask("/_mock/proxy")[1].decode()
        proxy.stop()

    sentence = f"Nothing was judged: the server leads each request to {there} (301): give that address instead."
    assert sentence in page
    assert f"2 requests, 0 judged. {sentence}\n" in proxy.said
    assert proxy.exit_code == 2


@pytest.mark.parametrize(("by", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_proxy_that_is_stopped_while_it_starts_prints_no_traceback(
    by: signal.Signals, expected: int, tmp_path: Path
) -> None:
    """The server is silent, so that the proxy waits to be told which release it is."""
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        process = started([*FROM_THE_CHECKOUT, "proxy", f"http://127.0.0.1:{port}", "--port", "0"], log)
        silent.settimeout(60)
        connection, _ = silent.accept()
        process.send_signal(by)
        code = process.wait(60)
        connection.close()

    assert code == expected
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["https://waldur.example.com"], "name the environment variable that holds one with --token-env"),
        (["https://waldur.example.com/sub/"], "the address 'https://waldur.example.com/sub/' has a path"),
        (["http://127.0.0.1:1", "--revision", "1.0"], "--revision: There is no revision '1.0'"),
        (["http://127.0.0.1:1"], "cannot be asked"),
        (["http://127.0.0.1:1", "--record", "/nowhere/at/all.har"], "no file can be written there"),
        (["http://127.0.0.1:1", "--token-env", "NO_SUCH_VARIABLE"], "'NO_SUCH_VARIABLE' is not set"),
        (["http://127.0.0.1:1", "--ca", "/nowhere.pem", "--revision", "latest"], "certificates cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_way_out(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["proxy", "--port", "0", *words])

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
