"""A deployment over HTTP, simulated by a mock in a process of its own."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Mock, serving
from waldur_billing_mock import __version__
from waldur_billing_mock.contracts.__main__ import main

INVOICES = "invariants/invoices_list"


@pytest.fixture(scope="module")
def deployment() -> Iterator[Mock]:
    """A mock of revision 7.8.8 that speaks as real servers do."""
    with serving("--revision", "7.8.8", "--wire") as mock:
        yield mock


@pytest.fixture(autouse=True)
def _tokens(deployment: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("staff", "owner", "owner2"):
        monkeypatch.setenv(f"TOKEN_OF_{role.upper()}", deployment.token(role))
    monkeypatch.setenv("WRONG_TOKEN", "0" * 40)


def judge(mock: Mock, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON report of a run against a mock."""
    report = folder / "report.json"
    words = ["--target", mock.url, "--token-env", "TOKEN_OF_STAFF", "--role-token", "staff=TOKEN_OF_STAFF"]
    code = main([*words, "--rate-limit", "0", "--profile", "quick", "--json", str(report), *more])
    return code, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


def test_a_server_that_speaks_wire_keeps_the_contract_with_known_deviations(deployment: Mock, tmp_path: Path) -> None:
    code, report = judge(deployment, tmp_path, "--only", "invariants", "--only", "conventions/answers_fit")

    assert code == 0
    assert report["revision"] == "7.8.8"
    assert datetime.fromisoformat(report["started"]).tzinfo is not None
    assert (report["suite_version"], report["server_version"]) == (__version__, "7.8.8")
    assert "uuid-hex" in report["seen"]


def test_strict_makes_known_deviations_fail(deployment: Mock, tmp_path: Path) -> None:
    code, _ = judge(deployment, tmp_path, "--only", "conventions/answers_fit/invoices_list", "--strict")

    assert code == 1


def test_reading_changes_nothing(deployment: Mock, tmp_path: Path) -> None:
    deployment.reset()
    before = deployment.ask("GET", "/api/invoices/?page_size=300", deployment.token()).body

    judge(deployment, tmp_path, "--only", "stories", "--only", "invariants/invoices_", "--only", "shapes")

    assert deployment.ask("GET", "/api/invoices/?page_size=300", deployment.token()).body == before


def test_what_was_written_is_undone(deployment: Mock, tmp_path: Path) -> None:
    deployment.reset()
    before = deployment.ask("GET", "/api/invoices/?page_size=300", deployment.token()).body
    words = ["--allow-writes", "127.0.0.1", "--write-invoice", "any", "--write-item", "any"]

    code, report = judge(deployment, tmp_path, *words, "--only", "stories/a_compensation", "--only", "stories/fields")

    assert code == 0
    outcomes = [result["outcome"] for result in report["results"]]
    assert outcomes == ["known deviation", "kept"]
    assert deployment.ask("GET", "/api/invoices/?page_size=300", deployment.token()).body == before


def test_writing_needs_the_host_once_more(deployment: Mock, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = judge(deployment, tmp_path, "--allow-writes", "waldur.example.com")

    assert code == 2
    assert "nothing was sent" in capsys.readouterr().err


def test_a_budget_that_is_spent_ends_in_no_judgement(deployment: Mock, tmp_path: Path) -> None:
    code, report = judge(deployment, tmp_path, "--budget", "10", "--only", "invariants")

    assert code == 2
    assert report["requests"] == 10


def test_a_token_that_nobody_has_ends_in_no_judgement(deployment: Mock, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--target", deployment.url, "--token-env", "WRONG_TOKEN", "--rate-limit", "0"])

    assert code == 2
    assert "not accepted" in capsys.readouterr().err


def test_a_mock_on_this_machine_lends_its_tokens(deployment: Mock, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["--target", deployment.url, "--rate-limit", "0", "--profile", "quick", "--json", str(report)]

    code = main([*words, "--only", "roles/owner/invoices_list", "--only", "roles/nothing_leaks"])

    assert code == 0
    outcomes = [result["outcome"] for result in json.loads(report.read_text(encoding="utf-8"))["results"]]
    assert outcomes == ["kept", "kept"]


def test_a_target_elsewhere_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--target", "https://waldur.example.com"])

    assert code == 2
    assert "--token-env" in capsys.readouterr().err


def test_no_report_shows_a_token_or_private_data(deployment: Mock, tmp_path: Path) -> None:
    token = deployment.token()
    files = {name: tmp_path / name for name in ("html", "junit", "markdown", "sarif")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]

    judge(deployment, tmp_path, "--strict", "--only", "conventions/answers_fit/invoices_list", *words)

    texts = [path.read_text(encoding="utf-8") for path in [*files.values(), tmp_path / "report.json"]]
    assert all(token not in text and "Baltic Sea Observatory" not in text for text in texts)


def test_a_redirect_to_another_host_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    paths: list[str] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(str(self.headers.get("Authorization")))
            paths.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{server.server_port}/stolen/")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TOKEN_OF_STAFF", "secret")

    code = main(["--target", f"http://127.0.0.1:{server.server_port}", "--token-env", "TOKEN_OF_STAFF"])
    server.shutdown()

    assert code == 2
    assert set(seen) <= {"Token secret", "None"}
    assert not any("stolen" in path for path in paths)
    assert len(seen) <= 8


def test_a_target_that_cannot_be_reached_ends_in_no_judgement(capsys: pytest.CaptureFixture[str]) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_port

    code = main(["--target", f"http://127.0.0.1:{port}", "--token-env", "TOKEN_OF_STAFF", "--timeout", "1"])

    assert code == 2
    assert "cannot be asked" in capsys.readouterr().err
