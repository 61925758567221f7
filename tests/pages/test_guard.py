"""The doors of `/_mock/`: who may call it, by which name, and what a page of another site can do."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from urllib.parse import urlencode

import pytest

from tests.asgi import Api, Reply, pristine
from tests.parity.client import HOST
from waldur_billing_mock.mock_server.pages.login import COOKIE, LIFETIME, Logins
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_file import dump

ADMIN: Final = "an-admin-token"
PATHS: Final = ("/_mock/", "/_mock/users", "/_mock/openapi.json", "/_mock/requests", "/_mock/nothing")
ELSEWHERE: Final = {"X-Forwarded-For": "10.0.0.1"}
"""The test client passes for a proxy on this machine, which tells where the call comes from."""


@cache
def guarded(admin_token: str | None = None, allowed_hosts: tuple[str, ...] | None = None) -> Api:
    settings = Settings(admin_token=admin_token, allowed_hosts=allowed_hosts)
    return Api(settings, pristine("one-invoice"))


def ask(api: Api, path: str, headers: Mapping[str, str], method: str = "GET") -> Reply:
    return api.send(method, path, None, headers)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sent", ["", "Token YOUR_API_TOKEN", "Bearer wrong", basic("wrong"), "Basic ?", "Basic /w=="])
def test_without_the_admin_token_nothing_is_shown(path: str, sent: str) -> None:
    reply = ask(guarded(ADMIN), path, {"Authorization": sent} if sent else {})

    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert set(reply.body) == {"detail"}


@pytest.mark.parametrize("sent", [f"Bearer {ADMIN}", f"Token {ADMIN}", basic(ADMIN)])
def test_the_admin_token_opens_as_bearer_token_and_as_password(sent: str) -> None:
    assert ask(guarded(ADMIN), "/_mock/users", {"Authorization": sent}).status == 200


def test_an_admin_token_in_an_address_opens_nothing() -> None:
    assert ask(guarded(ADMIN), f"/_mock/users?token={ADMIN}", {}).status == 401


def test_the_api_does_not_ask_for_the_admin_token() -> None:
    assert guarded(ADMIN).get("/api/invoices/").status == 200


def test_the_health_of_a_server_is_told_to_everybody() -> None:
    assert ask(guarded(ADMIN), "/_mock/health", {}).status == 200
    assert ask(guarded(ADMIN), "/_mock/health", {}, "POST").status == 401


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Token YOUR_API_TOKEN"}])
def test_from_another_machine_a_server_without_an_admin_token_shows_nothing(
    path: str, headers: Mapping[str, str]
) -> None:
    assert ask(guarded(), path, {**ELSEWHERE, **headers}).status == 403


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "a.localhost",
        "127.0.0.1:8080",
        "[::1]:8080",
        "[::1]",
        "192.168.0.7",
        "Mock.Test:1",
    ],
)
def test_addresses_and_allowed_names_are_allowed_hosts(host: str) -> None:
    assert ask(guarded(None, ("mock.test",)), "/_mock/users", {"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "", "127.0.0.1.nip.example"]
)
def test_a_name_that_leads_here_by_rebinding_shows_nothing(host: str) -> None:
    reply = ask(guarded(None, ("mock.test",)), "/_mock/users", {"Host": host})

    assert reply.status == 400
    assert "--allowed-host" in reply.body["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://localhost:8081", "Host": "localhost:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/faults"])
def test_a_page_of_another_site_changes_nothing(headers: Mapping[str, str], path: str) -> None:
    api = guarded()
    before = dump(api.world)

    reply = ask(api, path, headers, "POST")

    assert reply.status == 403
    assert dump(api.world) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8080", "Host": "localhost:8080", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_programs_and_the_own_page_may_change(headers: Mapping[str, str]) -> None:
    assert ask(guarded(), "/_mock/reset", headers, "POST").status == 204


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("admin_token", [None, ADMIN])
def test_every_answer_forbids_frames_sniffing_copies_and_foreign_scripts(path: str, admin_token: str | None) -> None:
    headers = ask(guarded(admin_token), path, {}).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


HTML: Final = {"Accept": "text/html,application/xhtml+xml"}


def form_token(api: Api, path: str, headers: Mapping[str, str]) -> str:
    """What the first form of a page sends back."""
    return ask(api, path, headers).text.split('name="form_token" value="')[1].split('"')[0]


def send_form(api: Api, path: str, headers: Mapping[str, str], **fields: str) -> Reply:
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return api.send("POST", path, None, sent, urlencode(fields).encode())


def log_in(api: Api, token: str, target: str = "/_mock/") -> Reply:
    return send_form(
        api, "/_mock/login", {}, form_token=form_token(api, "/_mock/login", HTML), token=token, next=target
    )


def cookie(reply: Reply) -> dict[str, str]:
    return {"Cookie": reply.headers["set-cookie"].split(";")[0]}


def test_a_browser_without_the_admin_token_is_led_to_the_login() -> None:
    reply = ask(guarded(ADMIN), "/_mock/users", HTML)

    assert (reply.status, reply.headers["location"]) == (303, "/_mock/login?next=%2F_mock%2Fusers")
    assert ask(guarded(ADMIN), "/_mock/login", HTML).status == 200


def test_a_login_opens_by_a_cookie_that_scripts_and_other_sites_cannot_use() -> None:
    api = guarded(ADMIN)

    reply = log_in(api, ADMIN, "/_mock/users")

    assert (reply.status, reply.headers["location"]) == (303, "/_mock/users")
    attributes = {part.strip().lower() for part in reply.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/_mock"} <= attributes
    assert ADMIN not in reply.headers["set-cookie"]
    assert ask(api, "/_mock/users", cookie(reply)).status == 200


def test_a_wrong_token_and_a_made_up_cookie_open_nothing() -> None:
    api = guarded(ADMIN)
    login = cookie(log_in(api, ADMIN))

    assert log_in(api, "wrong").status == 403
    assert "set-cookie" not in log_in(api, "wrong").headers
    for value in ("", "1", "99999999999.", "99999999999.abc", login["Cookie"].split("=")[1].replace(".", "0.")):
        assert ask(api, "/_mock/users", {"Cookie": f"{COOKIE}={value}"}).status == 401


def test_a_login_ends_after_twelve_hours() -> None:
    now = datetime(2025, 11, 22, 9, tzinfo=UTC)
    logins = Logins(b"key", lambda: now)
    value = logins.new()
    now += LIFETIME - timedelta(seconds=1)
    assert logins.is_valid(value)

    now += timedelta(seconds=1)

    assert not logins.is_valid(value)


def test_a_login_leads_to_addresses_of_this_server_only() -> None:
    for target in ("https://evil.example/", "//evil.example", "/_mock/\\evil", "javascript:alert(1)"):
        assert log_in(guarded(ADMIN), ADMIN, target).headers["location"] == "/_mock/"


def test_with_the_cookie_of_a_login_a_write_says_where_it_comes_from() -> None:
    api = guarded(ADMIN)
    login = cookie(log_in(api, ADMIN))

    assert ask(api, "/_mock/reset", login, "POST").status == 403
    assert ask(api, "/_mock/reset", {**login, "Origin": f"http://{HOST}"}, "POST").status == 204


def test_a_form_without_its_token_does_nothing() -> None:
    api = guarded(ADMIN)
    login = {**cookie(log_in(api, ADMIN)), "Origin": f"http://{HOST}"}
    of_nobody = form_token(api, "/_mock/login", HTML)

    for sent in ({}, {"form_token": "x"}, {"form_token": of_nobody}):
        assert send_form(api, "/_mock/logout", login, **sent).status == 403

    own = form_token(api, "/_mock/", login)
    left = send_form(api, "/_mock/logout", login, form_token=own)
    assert (left.status, left.headers["location"]) == (303, "/_mock/login")
    assert 'waldur_mock_login=""' in left.headers["set-cookie"]


def test_style_and_scripts_need_no_login_and_nothing_else_is_among_them() -> None:
    api = guarded(ADMIN)

    assert ask(api, "/_mock/static/style.css", {}).headers["content-type"].startswith("text/css")
    assert ask(api, "/_mock/static/vendor/htmx/htmx.min.js", {}).status == 200
    for name in ("../view.py", "%2e%2e/view.py", "vendor/README.md", "", "nothing.css"):
        assert ask(api, f"/_mock/static/{name}", {}).status == 404
