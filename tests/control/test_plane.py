"""The control plane does what its description says, and the client and the commands cover all of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.serving import serving
from waldur_billing_mock.mock_server.control import client, client_parts, ctl, description
from waldur_billing_mock.mock_server.control.app import functions
from waldur_billing_mock.mock_server.testing.mock import Mock
from waldur_billing_mock.mock_server.web.routing import Match, Routes

INVOICE = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"


def test_the_description_is_valid_openapi() -> None:
    validate(description.document())


def test_every_operation_has_a_function_and_every_function_an_operation() -> None:
    assert set(functions()) == set(description.operations())


def test_every_operation_has_a_method_of_the_client() -> None:
    source = "".join(Path(str(part.__file__)).read_text(encoding="utf-8") for part in (client, client_parts))

    missing = [name for name in description.operations() if f'"{name}"' not in source]

    assert missing == []


def test_every_operation_is_a_command() -> None:
    for operation in description.operations().values():
        group, verb = ctl.words(operation.operation_id)
        words = [group, *([verb] if verb else []), *("1" for _ in operation.located("path"))]
        assert ctl.parser().parse_args(words).operation == operation


def test_the_description_is_published(mock: Mock) -> None:
    assert mock.description() == description.document()


def test_health_and_version_are_told(mock: Mock) -> None:
    assert mock.health() == {"status": "ok", "live": True, "ready": True}
    assert mock.version()["revision"] == "documents"


def test_metrics_count_answers_by_operation_and_status(mock: Mock) -> None:
    with mock.client() as caller:
        caller.get(INVOICE)
        caller.get(INVOICE)
        caller.post(f"{INVOICE}paid/")
        caller.post(f"{INVOICE}paid/")

    text = mock.metrics()

    assert 'mock_answers_total{method="GET",operation="invoices_retrieve",status="200"} 2.0' in text
    assert 'mock_answers_total{method="POST",operation="invoices_paid",status="409"} 1.0' in text
    assert 'mock_answer_seconds_count{operation="invoices_paid"} 2.0' in text
    assert 'mock_answer_seconds_bucket{le="+Inf",operation="invoices_paid"} 2.0' in text


def test_the_route_of_a_request_is_looked_up_once(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions, faults, journal, counters and events know the operation by it."""
    looked_up = []
    match = Routes.match

    def counted(routes: Routes, path: str, query_string: bytes) -> Match:
        looked_up.append(path)
        return match(routes, path, query_string)

    monkeypatch.setattr(Routes, "match", counted)
    session = mock.session("one")
    session.faults.add(operation="invoices_list", status=503)
    with session.client() as client:
        client.get(INVOICE)
        client.post(f"{INVOICE}paid/")
    shown = session.journal.list()
    mock.metrics()

    assert [entry["operation"] for entry in shown] == ["invoices_retrieve", "invoices_paid"]
    assert looked_up == [INVOICE, f"{INVOICE}paid/"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_mock/nothing", 404),
        ("PATCH", "/_mock/faults", 405),
        ("DELETE", "/_mock/faults/x", 404),
        ("DELETE", "/_mock/faults/99", 404),
        ("POST", "/_mock/faults", 400),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(mock: Mock, method: str, path: str, status: int) -> None:
    with mock.client() as caller:
        answer = caller.request(method, path)

    assert answer.status_code == status
    assert all(len(str(text)) > 10 for text in answer.json().values())


def test_a_body_that_is_no_json_is_refused(mock: Mock) -> None:
    with mock.client() as caller:
        answer = caller.post("/_mock/faults", content=b"{")

    assert answer.status_code == 400
    assert "JSON parse error" in answer.text


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = ctl.main(arguments)
    captured = capsys.readouterr()
    return code, json.loads(captured.out) if captured.out.startswith(("{", "[")) else captured.out, captured.err


def test_commands_steer_a_running_mock(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text("operation: invoices_list\nstatus: 503\n", encoding="utf-8")
    with serving("--scenario", "one-invoice") as served:
        at = ("--url", served.url)

        code, added, _ = run(capsys, *at, "faults", "add", "--file", str(rule), "--times", "1", "--delay", "5")
        assert (code, added[0]["status"], added[0]["times"], added[0]["delay"]) == (0, 503, 1, 5)
        assert run(capsys, *at, "faults", "list")[1] == added
        assert run(capsys, *at, "faults", "remove", "1")[0] == 0
        assert run(capsys, *at, "faults", "list")[1] == []
        served.ask("GET", "/api/invoices/", "YOUR_API_TOKEN")
        assert run(capsys, *at, "requests", "verify", "--operation", "invoices_list", "--times", "1")[0] == 0
        code, _, complaint = run(capsys, *at, "requests", "verify", "--operation", "invoices_paid")
        assert code == 1
        assert "Expected at least 1 such requests, found 0." in complaint
        assert "mock_answers_total" in run(capsys, *at, "metrics")[1]
        code, _, complaint = run(capsys, *at, "faults", "add", "--status", "9")
        assert (code, "less than the minimum of 100" in complaint) == (1, True)


def test_a_command_that_cannot_be_sent_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = ("--url", "http://127.0.0.1:9")

    assert run(capsys, *nobody, "health")[0] == 2
    code, _, complaint = run(capsys, *nobody, "faults", "add", "--status", "many")
    assert (code, "--status: A valid integer is required." in complaint) == (2, True)
    code, _, complaint = run(capsys, *nobody, "faults", "add", "--file", "/nonexistent.yaml")
    assert (code, "cannot be read" in complaint) == (2, True)


def test_a_file_whose_aliases_make_gigabytes_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 12)]
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("\n".join(rows), encoding="utf-8")

    code, _, complaint = run(capsys, "--url", "http://127.0.0.1:9", "faults", "add", "--file", str(bomb))

    assert (code, "aliases make more of the file than it has characters" in complaint) == (2, True)
