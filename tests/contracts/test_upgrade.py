"""`waldur-contracts upgrade`: what changes, and which data of a server or a recording it touches."""

import json
import re
from pathlib import Path

import pytest

from tests.wrapping.serving_app import serving
from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.mock_server.app import create_default_app

RELEASES = ("--from", "8.0.8", "--to", "8.0.9")


def entry(method: str, url: str, value: object) -> dict[str, object]:
    """A request in an HTTP archive."""
    body = {"mimeType": "application/json", "text": json.dumps(value)}
    return {"request": {"method": method, "url": url}, "response": {"status": 200, "content": body}}


def test_without_data_it_lists_what_changes_the_most_serious_first(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["upgrade", *RELEASES])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].startswith("From 8.0.8 to 8.0.9: ")
    assert lines[1].startswith("Compared with no data")
    assert lines[3].startswith("breaking")
    assert "touches" not in "".join(lines[2:])


def test_a_recording_shows_which_changes_touch_its_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = "https://waldur.example.com/api/invoice-items/a1b2c3d4e5f67890abcdef1234567890/consumptions/"
    path = tmp_path / "client.har"
    path.write_text(
        json.dumps({"log": {"entries": [entry("GET", item, []), entry("GET", item, [])]}}), encoding="utf-8"
    )

    code = main(["upgrade", *RELEASES, "--har", str(path), "--format", "json"])

    made = json.loads(capsys.readouterr().out)
    assert code == 0
    assert made["looked_at"] == "2 answers in client.har"
    touched = {change["change"]: change["touches"] for change in made["changes"]}
    path_of_consumptions = "GET /api/invoice-items/{uuid}/consumptions/"
    assert touched[f"{path_of_consumptions}, response 400 is added (Error400)."] == 2
    assert touched[f"{path_of_consumptions}, query parameter month is added (integer)."] == 0


def test_a_change_of_how_clients_authenticate_touches_every_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "client.har"
    entries = [entry("GET", f"https://waldur.example.com/api/{name}/", []) for name in ("invoices", "invoice-items")]
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")

    main(["upgrade", "--from", "8.0.9", "--to", "8.1.3", "--har", str(path), "--format", "json"])

    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [change["touches"] for change in changes if change["operations"] == ["Security"]] == [2]


def test_a_server_shows_which_changes_touch_its_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_STAFF", STAFF_TOKEN)

    with serving(create_default_app(revision="8.0.9", wire=True)) as url:
        words = ["upgrade", "--from", "8.0.9", "--to", "latest", "--target", url, "--token-env", "TOKEN_OF_STAFF"]
        code = main([*words, "--format", "markdown"])

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("# From 8.0.9 to 8.1.3: ")
    assert "| severity | change | touches | operations |" in out
    row = next(line for line in out.splitlines() if "project_costs_for_period" in line and "resource_uuid" in line)
    assert "|  |" in row
    assert "What clients ask is not seen on a server" in out
    costs = next(line for line in out.splitlines() if "InvoiceCost.compensation is added" in line)
    assert int(re.findall(r"\| (\d+) objects of InvoiceCost \|", costs)[0]) > 14


@pytest.mark.parametrize(
    ("text", "says"), [("no JSON", "is no HTTP archive"), ('{"log": {}}', "is no HTTP archive"), (None, "No such file")]
)
def test_what_is_no_recording_is_refused(
    text: str | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "client.har"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    code = main(["upgrade", *RELEASES, "--har", str(path)])

    assert code == 2
    assert says in capsys.readouterr().err
