"""What the proxy says of healthy servers, of lawful peculiarities, and of planted defects: through real sockets."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest
from starlette.types import ASGIApp

from tests.clients.lazily import LAZILY
from tests.clients.test_whole_worlds import WALK, plan
from tests.mutants.defects import DEFECTS
from tests.peculiarities.catalogue import PECULIARITIES
from tests.peculiarities.switch import mock_with
from tests.proxy.running import Running, proxying
from tests.serving import serving
from tests.wrapping import serving_app
from tests.wrapping.proxy import Proxy, chained
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.app import create_default_app

pytestmark = pytest.mark.slow

WORLD: Final = ("--customers", "4", "--months", "3")
READS: Final = (
    "/api/invoices/",
    "/api/invoices/?page_size=100&page=2",
    "/api/invoices/?field=uuid&field=total",
    "/api/invoices/?state=nonsense",
    "/api/invoices/growth/",
    "/api/invoices/00000000000000000000000000000000/",
    "/api/invoice-items/?page_size=100",
    "/api/invoice-items/costs/?year=2025&month=10",
    "/api/invoice-items/total_price/",
    "/api/provider-invoice-items/",
)
PLANTED: Final = {
    "number-as-text": ("/components/schemas/Invoice/properties/number/type", "the value does not fit its type"),
    "missing-key": ("/components/schemas/InvoiceItemDetail/required", "the field customer_name is missing"),
    "due-date-by-month": (
        "/components/schemas/Invoice/properties/due_date",
        "the due date and 30 days after the invoice date must agree",
    ),
}
LAWFUL: Final = (
    *("compressed", "proxy-headers", "charset-in-type", "extra-fields", "keys-reversed", "html-errors"),
    *("instants-in-z", "growth-as-numbers", "pages-of-100", "public-address", "no-stats", "decimals-as-numbers"),
)


def read(proxy: Running, token: str) -> None:
    """Asks for lists, sums, objects, and what is refused."""
    for path in READS:
        proxy.ask(path, token)
    proxy.ask("/api/invoices/")
    for listing in ("/api/invoices/", "/api/invoice-items/"):
        for row in json.loads(proxy.ask(f"{listing}?page_size=4", token)[1]):
            proxy.ask(f"{listing}{row['uuid']}/", token)
            proxy.ask(f"{listing}{row['uuid']}/", token, method="HEAD")


@pytest.mark.parametrize("dialect", [["--wire"], []], ids=["wire", "documented"])
def test_the_real_client_calls_every_operation_and_shows_no_new_deviation_of_a_healthy_server(
    dialect: list[str], tmp_path: Path
) -> None:
    """In the wire dialect the client cannot read every answer; its walk goes on with what was sent."""
    python = Path(sys.prefix, "clients", "8.1.3", "bin", "python")
    report = tmp_path / "report.xml"

    with (
        serving("--revision", "8.1.3", "--quiet", *WORLD, *dialect) as mock,
        proxying(mock.url, "--keep-host", "--junit", str(report)) as proxy,
    ):
        planned = {**plan(mock, build("default", size=Size(4, 3))), "base_url": proxy.url, "lenient": True}
        words = json.dumps({"each": {}, "worlds": [planned]})
        subprocess.run([python, LAZILY, WALK], input=words, capture_output=True, text=True, check=True)
        proxy.stop()

    assert "new:" not in proxy.said, proxy.said
    assert proxy.exit_code == 0, proxy.said
    (suite,) = ElementTree.parse(report).getroot()
    assert suite.get("failures") == "0"
    assert suite.get("skipped") == "0"


def test_exactly_the_planted_defects_are_new(tmp_path: Path) -> None:
    app: ASGIApp = create_default_app(revision="8.1.3", wire=True, size=Size(4, 3))
    for name in PLANTED:
        app = DEFECTS[name].wrap(app)

    with serving_app.serving(app) as url, proxying(url, "--json", str(tmp_path / "report.json")) as proxy:
        read(proxy, token_of(proxy))
        proxy.stop()

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    broken = {
        (finding["place"], finding["what"])
        for result in report["results"]
        for finding in result["findings"]
        if finding["outcome"] == "broken"
    }
    assert broken == set(PLANTED.values()), proxy.said
    assert proxy.exit_code == report["exit_code"] == 1
    assert "new: GET /api/invoices/ (" in proxy.said


def test_lawful_peculiarities_are_not_new() -> None:
    mock = mock_with([PECULIARITIES[name] for name in LAWFUL])
    app = Proxy(mock.app, lambda: chained(make() for make in [*mock.proxies, *mock.makes]))

    with serving_app.serving(app) as url, proxying(url) as proxy:
        read(proxy, mock.tokens["staff"])
        proxy.stop()

    assert "new:" not in proxy.said, proxy.said
    assert proxy.exit_code == 0, proxy.said


def token_of(proxy: Running) -> str:
    """The token of staff that a mock behind the proxy tells."""
    users = json.loads(proxy.ask("/_mock/users")[1])
    return str(next(user["token"] for user in users if user["role"] == "staff"))
