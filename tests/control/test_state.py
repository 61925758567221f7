"""The world is exported, replaced, reseeded, and kept under names; what has a fault changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.asgi import pristine
from tests.serving import serving
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.control import ctl
from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.testing.mock import Mock, MockSession
from waldur_billing_mock.mock_server.world_file import dump

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
INVOICE = f"/api/invoices/{UUID}/"
YAML = """
# A world as people write it.
now: 2026-03-15T09:00:00Z
customers:
  - {name: Acme, uuid: 11111111-1111-1111-1111-111111111111}
users:
  - {username: root, token: TOKEN, is_staff: true}
invoices:
  - {customer_uuid: 11111111-1111-1111-1111-111111111111}
"""


def state(mock: MockSession) -> str:
    with mock.client() as client:
        return str(client.get(INVOICE).json()["state"])


def pay(mock: MockSession) -> None:
    with mock.client() as client:
        assert client.post(f"{INVOICE}paid/").status_code == 200


# Worlds as files.


def test_an_export_is_the_world_file_of_the_world(mock: Mock) -> None:
    assert mock.world.export() == dump(pristine("one-invoice"))


def test_a_world_that_is_put_back_answers_the_same(mock: Mock) -> None:
    paths = ("/api/invoices/", "/api/invoice-items/", "/api/invoices/growth/")
    pay(mock)
    exported = mock.world.export()
    with mock.client() as client:
        before = [client.get(path).content for path in paths]
        mock.reset()
        answer = mock.world.replace(exported)
        after = [client.get(path).content for path in paths]

    assert before == after
    assert (answer["now"], answer["rows"]["invoices"]) == ("2025-12-05T09:00:00+00:00", 1)
    assert mock.world.export() == exported
    mock.reset()
    assert mock.world.export() == exported


@pytest.mark.parametrize("form", ["text", "content", "yaml"])
def test_a_world_is_given_as_json_as_yaml_or_as_a_value(mock: Mock, form: str) -> None:
    content = {"now": "2026-03-15T09:00:00Z", "customers": [{"name": "Acme"}]}

    mock.world.replace({"text": json.dumps(content), "content": content, "yaml": YAML}[form])  # type: ignore[arg-type]

    assert mock.clock.now().isoformat() == "2026-03-15T09:00:00+00:00"
    assert [row["name"] for row in json.loads(mock.world.export())["customers"]] == ["Acme"]


def test_new_sessions_begin_with_the_world_that_was_put_into_the_main_one(mock: Mock) -> None:
    old = mock.session("old")
    assert old.clock.now().year == 2025

    mock.world.replace(YAML)

    assert mock.session("new").clock.now().year == 2026
    assert old.clock.now().year == 2025


def test_a_session_gets_a_world_of_its_own(mock: Mock) -> None:
    one = mock.session("one")

    one.world.replace(YAML)

    assert (one.clock.now().year, mock.clock.now().year) == (2026, 2025)
    assert mock.sessions.get("one")["bytes"]["world"] == 2_000 * 3


@pytest.mark.parametrize(
    ("body", "media_type", "message"),
    [
        (b"{", "application/json", "the body, line 1, column 2: the file is not JSON"),
        (b"[]", "application/json", "a world file holds one object"),
        (b'{"now": "soon"}', "application/json", "the body, line 1, /now: found"),
        (b"now: soon\n", "application/yaml", "the body, line 1, /now: found"),
        (b'{"invoices": [{"customer_uuid": "%s"}]}' % (b"1" * 32), "application/json", "has no row"),
        (b"\xff", "application/json", "not UTF-8"),
        (b"", "application/json", "No data provided"),
    ],
)
def test_a_world_with_a_fault_changes_nothing(mock: Mock, body: bytes, media_type: str, message: str) -> None:
    before = mock.world.export()
    with mock.client() as client:
        answer = client.put("/_mock/world", content=body, headers={"Content-Type": media_type})

    assert answer.status_code == 400
    assert message in answer.json()["non_field_errors"][0]
    assert mock.world.export() == before


# Other seeds.


@pytest.mark.parametrize(
    ("chosen", "size"),
    [
        ({"seed": 7}, Size()),
        ({"scenario": "empty"}, Size()),
        ({"now": "2026-03-15T09:00:00Z", "customers": 4, "months": 2, "items_per_invoice": 3}, Size(4, 2, 3)),
    ],
)
def test_a_world_is_reseeded_as_it_would_be_served(chosen: dict[str, Any], size: Size) -> None:
    with Mock() as mock:
        answer = mock.reseed(**chosen)

        now = mock.clock.now()
        expected = build(chosen.get("scenario", "default"), seed=chosen.get("seed", 1), now=now, size=size)
        assert mock.world.export() == dump(expected)
        assert answer["seed"] == chosen.get("seed", 1)
        if "now" in chosen:
            assert now.isoformat() == "2026-03-15T09:00:00+00:00"
        with mock.client() as client:
            client.get("/api/invoices/")
        mock.reset()
        assert mock.world.export() == dump(expected)


def test_what_is_not_said_is_as_the_mock_was_started() -> None:
    with Mock(seed=5, size=Size(4, 2), now="2026-03-15") as mock:
        mock.reseed(seed=6)

        assert mock.world.export() == dump(build(seed=6, now=mock.clock.now(), size=Size(4, 2)))
        assert mock.clock.now().isoformat() == "2026-03-15T00:00:00+00:00"


@pytest.mark.parametrize(
    ("chosen", "field", "message"),
    [
        ({"scenario": "unknown"}, "scenario", '"unknown" is not a valid choice: default, '),
        ({"scenario": "/etc/passwd"}, "scenario", "is not a valid choice"),
        ({"scenario": "one-invoice", "customers": 9}, "non_field_errors", "one size"),
        ({"scenario": "default", "customers": 2}, "non_field_errors", "at least 4 customers"),
        ({"scenario": "default", "customers": 1000, "months": 600}, "non_field_errors", "more than 100,000 items"),
        ({"now": "soon"}, "now", "'soon' is not a date"),
        ({"seed": "a"}, "seed", "integer"),
        ({"colour": "red"}, "colour", "This field is not known."),
    ],
)
def test_a_world_that_cannot_be_built_changes_nothing(
    mock: Mock, chosen: dict[str, Any], field: str, message: str
) -> None:
    before = mock.world.export()

    with pytest.raises(MockError) as caught:
        mock.call("reseed", body=chosen)

    assert caught.value.status == 400
    assert message in caught.value.said[field][0]
    assert mock.world.export() == before


# Snapshots.


def test_a_snapshot_is_restored_as_often_as_one_likes(mock: Mock) -> None:
    before = mock.world.export()
    mock.snapshots.take("unpaid")
    for _ in range(2):
        pay(mock)
        mock.clock.advance("P1M")
        assert state(mock) == "paid"

        answer = mock.snapshots.restore("unpaid")

        assert (answer["name"], answer["now"]) == ("unpaid", "2025-12-05T09:00:00+00:00")
        assert mock.world.export() == before


def test_a_reset_goes_to_the_beginning_whatever_was_restored(mock: Mock) -> None:
    pay(mock)
    mock.snapshots.take("paid")
    mock.reset()
    mock.snapshots.restore("paid")
    assert state(mock) == "paid"

    mock.reset()

    assert state(mock) == "created"


def test_snapshots_are_listed_shown_replaced_and_dropped(mock: Mock) -> None:
    mock.snapshots.take("a")
    mock.snapshots.take("b")
    pay(mock)
    mock.snapshots.take("a")

    assert [row["name"] for row in mock.snapshots.list()] == ["b", "a"]
    assert mock.snapshots.get("a")["rows"]["invoices"] == 1
    mock.reset()
    mock.snapshots.restore("a")
    assert state(mock) == "paid"
    mock.snapshots.drop("b")
    assert [row["name"] for row in mock.snapshots.list()] == ["a"]


def test_snapshots_belong_to_the_session(mock: Mock) -> None:
    mock.session("one").snapshots.take("mine")

    assert mock.snapshots.list() == []
    with pytest.raises(MockError, match=r"404: There is no snapshot 'mine' in this session\."):
        mock.snapshots.restore("mine")


@pytest.mark.parametrize("operation", ["get", "restore", "diff", "drop"])
def test_a_snapshot_that_is_not_there_is_not_found(mock: Mock, operation: str) -> None:
    with pytest.raises(MockError, match="404: There is no snapshot 'a'"):
        getattr(mock.snapshots, operation)("a")


def test_snapshots_of_a_session_count_for_its_bytes() -> None:
    with Mock(scenario="one-invoice", sessions_bytes=20_000, journal_bytes=0) as mock:
        one = mock.session("one")
        pay(one)
        # The session's world has taken 8,000 bytes: there is room for one copy that counts like it.
        one.snapshots.take("a")
        with pytest.raises(MockError, match=r"503: The sessions of this mock take 0\.02 MB together"):
            one.snapshots.take("b")
        mock.sessions.drop("one")

        pay(mock.session("two"))


def test_a_diff_shows_row_by_row_and_field_by_field_what_has_changed(mock: Mock) -> None:
    mock.snapshots.take("before")
    assert mock.snapshots.diff("before") == {"equal": True, "settings": {}, "tables": {}}
    assert mock.snapshots.diff_text("before") == "no difference\n"
    pay(mock)
    with mock.client() as client:
        item = client.get("/api/invoice-items/").json()[0]["uuid"]
        assert client.delete(f"/api/invoice-items/{item}/").status_code == 204
    mock.snapshots.take("after")
    mock.clock.advance("P1D")

    found = mock.snapshots.diff("before")

    assert found["equal"] is False
    assert found["settings"] == {"now": {"before": "2025-12-05T09:00:00Z", "after": "2025-12-06T09:00:00Z"}}
    (changed,) = found["tables"]["invoices"]["changed"]
    assert (changed["uuid"], changed["fields"]) == (UUID, {"state": {"before": "created", "after": "paid"}})
    assert len(found["tables"]["invoice_items"]["removed"]) == 1
    assert len(found["tables"]["invoice_versions"]["added"]) >= 1
    assert mock.snapshots.diff("before", to="after")["settings"] == {}
    assert mock.snapshots.diff("after", to="before")["tables"]["invoice_items"]["added"]
    lines = mock.snapshots.diff_text("before").splitlines()
    assert '~ now: "2025-12-05T09:00:00Z" → "2025-12-06T09:00:00Z"' in lines
    place = next(place for place, line in enumerate(lines) if line.startswith("~ invoices "))
    assert lines[place + 1] == '    state: "created" → "paid"'
    assert any(line.startswith("- invoice_items ") for line in lines)
    assert any(line.startswith("+ invoice_versions ") for line in lines)


def test_the_name_of_a_row_writes_no_line_of_its_own(mock: Mock) -> None:
    mock.snapshots.take("before")
    mock.world.replace({"customers": [{"name": "Evil\n+ invoices\x1b[2J"}]})

    text = mock.snapshots.diff_text("before")

    assert "\x1b" not in text
    assert "+ invoices" not in text.splitlines()


# Commands.


def test_commands_keep_and_replace_the_world(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, text = tmp_path / "world.yaml", ""
    file.write_text(YAML, encoding="utf-8")
    with serving("--scenario", "one-invoice") as served:

        def run(*words: str) -> int:
            nonlocal text
            code = ctl.main(["--url", served.url, *words])
            captured = capsys.readouterr()
            text = captured.out + captured.err
            return code

        assert run("world", "export") == 0
        assert text == dump(pristine("one-invoice"))
        exported = tmp_path / "world.json"
        exported.write_text(text, encoding="utf-8")
        assert run("snapshots", "take", "start") == 0
        assert run("world", "replace", "--file", str(file)) == 0
        assert '"now": "2026-03-15T09:00:00+00:00"' in text
        assert run("snapshots", "diff", "start", "--format", "text") == 0
        assert '+ customers 1 11111111-1111-1111-1111-111111111111 "Acme"' in text or "~ customers" in text
        assert run("snapshots", "restore", "start") == 0
        assert run("world", "replace", "--file", str(exported)) == 0
        assert run("reseed", "--scenario", "empty", "--seed", "3") == 0
        assert run("world", "replace", "--file", str(tmp_path / "none")) == 2
        assert run("world", "replace") == 2
        file.write_text("now: soon", encoding="utf-8")
        assert run("world", "replace", "--file", str(file)) == 1
        assert "the body, line 1, /now" in text
        assert run("--session", "one", "sessions", "put", "two", "--from", "main") == 0
        assert run("sessions", "list") == 0
        assert '"id": "two"' in text
