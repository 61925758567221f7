"""The pytest plugin in runs of its own, as an author of tests uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT

PLUGIN = "waldur_billing_mock.mock_server.testing.plugin"
INVOICE = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"


def run(folder: Path, tests: str, *options: str, ini: str = "") -> tuple[int, str]:
    """The exit code and the output of pytest on one file of tests. Other plugins are loaded where they are named."""
    (folder / "test_client.py").write_text(tests, encoding="utf-8")
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers\n{ini}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_failed_test_shows_what_the_mock_was_asked(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        f'''
def test_paid(waldur_mock):
    waldur_mock.faults.add(operation="invoices_retrieve", status=503, times=1)
    with waldur_mock.client("owner") as http:
        http.get("{INVOICE}", params={{"field": "state"}})
        assert http.post("{INVOICE}paid/").status_code == 200
''',
    )

    assert code == 1
    assert "what the mock was asked" in output
    assert f"GET {INVOICE}?field=state by owner: 503, by the fault rule 1" in output
    assert f"POST {INVOICE}paid/ by owner: 403, Only staff may call this operation" in output


def test_each_test_begins_anew_and_workers_do_not_meet(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        f'''
import os
from pathlib import Path

import httpx
import pytest


@pytest.mark.parametrize("number", range(6))
def test_alone(waldur_mock, number):
    http = waldur_mock.client()
    assert http.get("{INVOICE}").json()["state"] == "created"
    assert http.post("{INVOICE}paid/").status_code == 200
    waldur_mock.clock.advance("P1M")


@pytest.mark.parametrize("number", range(6))
def test_live(waldur_mock_url, number):
    headers = {{"Authorization": "Token YOUR_API_TOKEN"}}
    with httpx.Client(base_url=waldur_mock_url, headers=headers) as http:
        assert http.get("{INVOICE}").json()["state"] == "created"
        assert http.post("{INVOICE}paid/").status_code == 200
    worker = os.environ["PYTEST_XDIST_WORKER"]
    with Path("urls").open("a") as file:
        file.write(f"{{worker}} {{waldur_mock_url}}\\n")


def test_both(waldur_mock, waldur_mock_url):
    waldur_mock.given(customers=[{{"name": "Acme", "owner": "anna"}}])
    token = waldur_mock.live_token("anna")
    answer = httpx.get(f"{{waldur_mock_url}}/api/customers/", headers={{"Authorization": f"Token {{token}}"}})
    assert [row["name"] for row in answer.json()] == ["Acme"]
''',
        *("-p", "xdist", "-n", "2"),
    )

    assert code == 0, output
    assert "13 passed" in output
    served = {tuple(line.split()) for line in (tmp_path / "urls").read_text(encoding="utf-8").splitlines()}
    assert len(served) == len({worker for worker, _ in served}) == len({url for _, url in served})


def test_nothing_of_a_test_is_left_to_the_next_one(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        f'''
import httpx
import pytest


@pytest.mark.parametrize("number", range(2))
def test_live(waldur_mock, waldur_mock_url, number):
    def ask(method, path, **more):
        return httpx.request(method, waldur_mock_url + "/_mock/" + path, **more).json()

    assert [session["id"] for session in ask("GET", "sessions")] == ["main"]
    assert ask("GET", "snapshots") == ask("GET", "webhooks") == ask("GET", "faults") == ask("GET", "requests") == []
    assert waldur_mock.client().post("{INVOICE}paid/").status_code == 200
    assert [event["id"] for event in waldur_mock.events.stream(since=0, limit=1)] == [1]
    waldur_mock.given("one-invoice", now="2024-02-10")
    waldur_mock.reset()
    assert waldur_mock.clock.now().year == 2024
    waldur_mock.snapshots.take("mine")
    waldur_mock.webhooks.add("http://127.0.0.1:9/")
    waldur_mock.faults.add(session="*", status=503)
    ask("PUT", "sessions/mine")


def test_a_reset_goes_to_the_beginning(waldur_mock_url):
    httpx.post(waldur_mock_url + "/_mock/reset")
    assert httpx.get(waldur_mock_url + "/_mock/clock").json()["now"].startswith("2025")


@pytest.mark.parametrize("number", range(2))
def test_in_process(waldur_mock, number):
    assert waldur_mock.client().get("{INVOICE}").status_code == 200
    waldur_mock.faults.add(session="*", status=503)
    if number == 0:
        waldur_mock.sessions.drop(waldur_mock.id)
''',
    )

    assert code == 0, output
    assert "5 passed" in output


def test_markers_choose_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("now: 2026-03-15\ncustomers: [{name: Acme, owner: anna}]\n", encoding="utf-8")
    code, output = run(
        tmp_path,
        f'''
import pytest


def test_the_default_is_in_the_ini_file(waldur_mock):
    assert [row["name"] for row in waldur_mock.client().get("/api/customers/").json()][:1] == ["Acme"]


@pytest.mark.waldur_scenario("one-invoice")
@pytest.mark.waldur_clock("2024-02-10")
def test_scenario_and_clock(waldur_mock):
    invoice = waldur_mock.client().get("{INVOICE}").json()
    assert (invoice["year"], invoice["month"]) == (2024, 1)
    assert waldur_mock.clock.now().isoformat() == "2024-02-10T00:00:00+00:00"


@pytest.mark.waldur_scenario("one-invoice")
@pytest.mark.waldur_wire
@pytest.mark.waldur_revision("8.0.9")
def test_wire_and_revision(waldur_mock):
    assert waldur_mock.version()["dialect"] == "wire"
    assert waldur_mock.version()["revision"] == "8.0.9"
    assert "-" not in waldur_mock.client().get("/api/invoices/").json()[0]["uuid"]


@pytest.mark.waldur_faults(operation="customers_list", status=500, times=1)
@pytest.mark.waldur_faults(operation="projects_list", status=503)
def test_faults(waldur_mock):
    http = waldur_mock.client()
    assert [http.get("/api/customers/").status_code for _ in range(2)] == [500, 200]
    assert http.get("/api/projects/").status_code == 503
''',
        ini="waldur_mock_scenario = acme.yaml\n",
    )

    assert code == 0, output


def test_it_works_with_unittest_and_asyncio(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        f'''
import unittest

import httpx
import pytest

from waldur_billing_mock.mock_server.testing import Mock


class Invoices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock(scenario="one-invoice"))

    def setUp(self):
        self.session = self.enterContext(self.mock.session())

    def test_pay(self):
        self.assertEqual(self.session.client().post("{INVOICE}paid/").status_code, 200)

    def test_pay_once_more(self):
        self.assertEqual(self.session.client().post("{INVOICE}paid/").status_code, 200)


@pytest.mark.asyncio
async def test_asynchronous(waldur_mock):
    async with waldur_mock.async_client() as http:
        assert (await http.get("{INVOICE}")).json()["state"] == "created"


@pytest.mark.asyncio
async def test_asgi(waldur_mock):
    transport = httpx.ASGITransport(waldur_mock.asgi)
    headers = {{"Authorization": f"Token {{waldur_mock.token()}}"}}
    async with httpx.AsyncClient(base_url="http://mock.test", transport=transport, headers=headers) as http:
        assert (await http.post("{INVOICE}paid/")).status_code == 200
    waldur_mock.journal.verify(operation="invoices_paid", times=1)
''',
        *("-p", "pytest_asyncio.plugin"),
    )

    assert code == 0, output
    assert "4 passed" in output


def test_a_run_that_does_not_use_it_does_not_load_the_mock(tmp_path: Path) -> None:
    code, output = run(
        tmp_path,
        """
import sys


def test_nothing():
    heavy = {"uvicorn", "starlette", "httpx", "faker", "yaml"}
    assert not heavy & set(sys.modules)
""",
    )

    assert code == 0, output


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('"customer: []"', "did you mean customers?"),
        ('{"customers": [{"nam": "Acme"}]}', "the field name is missing"),
        ('"none.yaml"', "cannot be read"),
    ],
)
def test_a_scenario_with_a_fault_fails_the_test_with_all_faults(tmp_path: Path, given: str, message: str) -> None:
    code, output = run(tmp_path, f"def test_it(waldur_mock):\n    waldur_mock.given({given})\n")

    assert code == 1
    assert message in output
