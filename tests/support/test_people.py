"""Logging in, and who sees whom."""

from typing import Final

import pytest

from tests.asgi import FORM_TYPE, application
from tests.operations.roles import KNOWN_ROLES
from waldur_billing_mock.mock_server.world_file import dump

LOGIN: Final = "/api-auth/password/"


@pytest.mark.parametrize("username", [role.username for role in KNOWN_ROLES])
def test_the_password_of_every_user_is_the_username(username: str) -> None:
    api = application("default")

    reply = api.post(LOGIN, {"username": username, "password": username}, None)

    assert (reply.status, reply.body) == (200, {"token": api.user(username).token})


@pytest.mark.parametrize(
    ("sent", "status", "answer"),
    [
        ({"username": "owner"}, 400, {"password": ["This field is required."]}),
        ({}, 400, {"username": ["This field is required."], "password": ["This field is required."]}),
        ({"username": "owner", "password": "wrong"}, 401, {"detail": "Invalid username/password."}),
        ({"username": "unknown", "password": "unknown"}, 401, {"detail": "Invalid username/password."}),
        ({"username": "inactive", "password": "inactive"}, 401, {"detail": "User account is disabled."}),
    ],
)
def test_a_login_is_refused_in_the_words_of_waldur(sent: object, status: int, answer: object) -> None:
    reply = application("default").post(LOGIN, sent, None)

    assert (reply.status, reply.body) == (status, answer)


def test_a_form_logs_in_too_and_a_token_that_is_sent_along_is_not_looked_at() -> None:
    headers = {"Content-Type": FORM_TYPE, "Authorization": "Token nonsense"}

    reply = application("default").send("POST", LOGIN, None, headers, b"username=owner&password=owner")

    assert reply.status == 200


def test_a_login_changes_nothing() -> None:
    api = application("default")
    before = dump(api.world)

    api.post(LOGIN, {"username": "owner", "password": "owner"}, None)

    assert dump(api.world) == before


def test_a_user_sees_where_his_roles_count() -> None:
    api = application("default", wire=True)
    project = next(row for row in api.world.projects if row.name == "Tide model")

    me = api.get("/api/users/me/", "project_admin").body

    assert (me["username"], me["is_staff"], me["token"]) == ("project_admin", False, api.user("project_admin").token)
    assert me["permissions"] == [
        {
            "role_name": "PROJECT.ADMIN",
            "role_uuid": me["permissions"][0]["role_uuid"],
            "scope_type": "project",
            "scope_uuid": project.uuid,
            "scope_name": "Tide model",
            "customer_uuid": project.customer_uuid,
            "customer_name": "Baltic Sea Observatory",
            "expiration_time": None,
        }
    ]
    assert api.get(f"/api/roles/{me['permissions'][0]['role_uuid']}/", "project_admin").body["name"] == "PROJECT.ADMIN"


@pytest.mark.parametrize(
    ("username", "seen"),
    [
        ("nobody", {"nobody"}),
        (
            "project_member",
            {
                "owner",
                "customer_manager",
                "customer_support",
                "project_admin",
                "project_manager",
                "project_member",
            },
        ),
        ("owner2", {"owner2"}),
        ("provider_owner", {"provider_owner", "provider_manager"}),
    ],
)
def test_users_see_those_of_their_own_organizations(username: str, seen: set[str]) -> None:
    rows = application("default").rows("/api/users/", username)

    assert {row["username"] for row in rows} == seen


def test_staff_and_support_see_all_users() -> None:
    api = application("default")

    for username in ("staff", "support"):
        assert len(api.rows("/api/users/", username)) == len(api.world.users)


def test_staff_can_be_taken_for_somebody_else() -> None:
    api = application("default")
    header = {"X-Impersonated-User-Uuid": api.user("owner").uuid}

    reply = api.send("GET", "/api/users/me/", "staff", header)

    assert reply.body["username"] == "owner"


@pytest.mark.parametrize(("username", "status"), [("staff", 200), ("support", 200), ("owner", 403), (None, 401)])
@pytest.mark.parametrize("path", ["/api/version/", "/api/billing-total-cost/"])
def test_what_is_for_staff_and_support_is_for_nobody_else(path: str, username: str | None, status: int) -> None:
    assert application("default").get(path, username).status == status


@pytest.mark.parametrize("revision", ["documents", "7.8.8"])
def test_the_version_is_the_revision(revision: str) -> None:
    assert application("one-invoice", revision).get("/api/version/").body == {"version": revision}
