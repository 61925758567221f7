"""The doors of `/_mock/`: who may call it, by which name, and what a page of another site can do."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Final

import pytest

from tests.asgi import Api, Reply, pristine
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.world_file import dump

ADMIN: Final = "an-admin-token"
PATHS: Final = ("/_mock/", "/_mock/users", "/_mock/openapi.json", "/_mock/requests", "/_mock/nothing")
ELSEWHERE: Final = {"X-Forwarded-For": "10.0.0.1"}
"""The test client passes for a proxy on this machine, which tells where the call comes from."""


@cache
def guarded(admin_token: str | None = None, allowed_hosts: tuple[str, ...] | None = None) -> Api:
    settings = Settings(admin_token=admin_token, allowed_hosts=allowed_hosts)
    return Api(settings, pristine("one-invoice").fork)


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
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
