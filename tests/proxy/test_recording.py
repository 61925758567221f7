"""An archive of what has passed holds no token, password or cookie, and is whole at any time."""

import base64
import json
import stat
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.contracts.upgrade.sources import recorded
from waldur_billing_mock.mock_server.proxy.archive import ArchiveFile, make_archive
from waldur_billing_mock.mock_server.proxy.passed import Exchange

TOKEN: Final = "5f1c0b7a9e3d4c2b8a6f5e4d3c2b1a0f9e8d7c6b"
NEW_TOKEN: Final = "0a9b8c7d6e5f0a9b8c7d6e5f0a9b8c7d6e5f0a9b"
COOKIE: Final = "k2v8dyw0sessionvalue"
PASSWORD: Final = "correct horse"
BASIC: Final = base64.b64encode(f"owner:{PASSWORD}".encode()).decode()
JSON: Final = [("content-type", "application/json")]


def exchange(**changes: Any) -> Exchange:
    """A read of the list of invoices, with changes."""
    usual: dict[str, Any] = {
        "method": "GET",
        "target": "/api/invoices/?page_size=1",
        "headers": [("host", "127.0.0.1:8090"), ("authorization", f"Token {TOKEN}")],
        "started": "2025-11-22T09:00:00+00:00",
        "status": 200,
        "answer_headers": [*JSON, ("X-Result-Count", "1")],
        "seconds": 0.25,
        "is_whole": True,
        "answered_by": "",
        "request_size": 0,
        "answer_size": 2,
        "request_body": b"",
        "answer_body": b"[]",
    }
    return Exchange(**{**usual, **changes})


def written(path: Path, *exchanges: Exchange) -> list[dict[str, Any]]:
    """The entries of an archive of exchanges."""
    make_archive(path)
    file = ArchiveFile(path, "https://waldur.example.com")
    for one in exchanges:
        file.add(one, one.answer_body)
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
    file.close()
    return entries


def test_an_archive_is_whole_after_each_exchange_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"

    for count in range(3):
        assert len(written(path, *[exchange()] * count)) == count
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_entries_name_the_server_and_not_the_proxy(tmp_path: Path) -> None:
    (entry,) = written(tmp_path / "traffic.har", exchange())

    assert entry["request"]["url"] == "https://waldur.example.com/api/invoices/?page_size=1"
    assert entry["response"]["content"]["text"] == "[]"
    assert entry["time"] == 250.0


def test_no_secret_is_left_wherever_it_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"
    login = {"username": "owner", "password": PASSWORD, "next": {"api_key": COOKIE}}
    form = [("content-type", "application/x-www-form-urlencoded")]

    written(
        path,
        exchange(),
        exchange(target=f"/api/users/{TOKEN}/?token={TOKEN}&q={TOKEN}"),
        exchange(headers=[("authorization", f"Basic {BASIC}"), ("cookie", f"sessionid={COOKIE}; theme=dark")]),
        exchange(answer_headers=[*JSON, ("Set-Cookie", f"sessionid={COOKIE}; HttpOnly")]),
        exchange(method="POST", headers=JSON, request_body=json.dumps(login).encode()),
        exchange(method="POST", headers=form, request_body=b"username=owner&password=correct+horse"),
        exchange(headers=[], answer_body=json.dumps([{"user": {"token": NEW_TOKEN}}]).encode()),
        exchange(answer_body=json.dumps({"token": TOKEN, "echo": f"hello {TOKEN}"}).encode()),
        exchange(answer_body=b'{"token": "' + TOKEN.encode()),
    )

    text = path.read_text(encoding="utf-8")
    for secret in (TOKEN, NEW_TOKEN, COOKIE, PASSWORD, "correct+horse", BASIC):
        assert secret not in text
    assert "owner" in text
    assert "theme" not in text


def test_a_token_that_is_used_on_is_masked_however_many_cookies_were_set(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"
    cookies = [exchange(answer_headers=[("set-cookie", f"session=value-{number:06}")]) for number in range(300)]

    written(path, exchange(), *cookies, exchange(target=f"/api/{TOKEN}/"))

    text = path.read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "value-0" not in text


def test_an_archive_can_be_read_by_the_suite(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"
    written(path, exchange(answer_body=b'[{"uuid": "a"}]'))

    assert [(one.method, one.target, one.value) for one in recorded(path)] == [
        ("GET", "/api/invoices/?page_size=1", [{"uuid": "a"}])
    ]


def test_what_was_broken_off_or_answered_by_another_says_so(tmp_path: Path) -> None:
    broken, replaced = written(
        tmp_path / "traffic.har", exchange(is_whole=False), exchange(status=404, answered_by="the mock")
    )

    assert broken["comment"] == "The answer was broken off."
    assert replaced["comment"] == "The client was answered by the mock instead."
