"""A token opens the door, or the answer says why not."""

from typing import Final
from uuid import UUID

import pytest

from tests.asgi import Api
from tests.web.toy import EATERS, PEAR, Shop

GUEST: Final = EATERS["guest"].uuid

MISSING = "Authentication credentials were not provided."
REFUSALS = {
    "": MISSING,
    "Basic Z3Vlc3Q6": MISSING,
    "guest": MISSING,
    "Tokens guest": MISSING,
    "Token": "Invalid token. No credentials provided.",
    "Token ": "Invalid token. No credentials provided.",
    "token guest cook": "Invalid token. Token string should not contain spaces.",
    "Token \xff\xfe": "Invalid token header. Token string should not contain invalid characters.",
    "Token nobody": "Invalid token.",
    "Token gone": "User inactive or deleted.",
    "Token late": "Token has expired.",
    "Bearer guest": "Invalid JWT token.",
    "Bearer": "Invalid JWT token.",
    "bearer a.b.c": "Invalid JWT token.",
}


@pytest.mark.parametrize("header", REFUSALS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
def test_a_caller_without_a_valid_token_is_told_why(shop: Shop, header: str, method: str) -> None:
    reply = shop.ask(method, "/fruits/", None, {"Authorization": header})

    assert (reply.status, reply.body) == (401, {"detail": REFUSALS[header]})
    assert reply.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
def test_a_caller_without_a_header_is_told_so(shop: Shop, method: str) -> None:
    reply = shop.ask(method, "/fruits/", None)

    assert (reply.status, reply.body) == (401, {"detail": MISSING})


@pytest.mark.parametrize(
    "header", ["Token guest", "token guest", "TOKEN  guest ", "Bearer Token guest", "bearer token guest"]
)
def test_the_case_of_the_keyword_and_blanks_do_not_matter(shop: Shop, header: str) -> None:
    assert shop.ask("GET", "/fruits/", None, {"Authorization": header}).status == 200


@pytest.mark.parametrize(("path", "method"), [(f"/fruits/{PEAR}/", "DELETE"), ("/fruits/nonsense/", "DELETE")])
def test_staff_operations_refuse_others_before_anything_is_looked_up(shop: Shop, path: str, method: str) -> None:
    reply = shop.ask(method, path)

    sentence = "You do not have permission to perform this action."
    assert (reply.status, reply.body) == (403, {"detail": sentence})
    assert shop.ask(method, path, "cook").status == 204


@pytest.mark.parametrize("uuid", [GUEST, GUEST.upper(), str(UUID(GUEST))])
def test_staff_are_taken_for_the_user_whose_uuid_they_send(shop: Shop, uuid: str) -> None:
    reply = shop.ask("DELETE", f"/fruits/{PEAR}/", "cook", {"X-Impersonated-User-Uuid": uuid})

    assert (reply.status, reply.headers["x-impersonator-uuid"]) == (403, EATERS["cook"].uuid)


@pytest.mark.parametrize("uuid", ["nonsense", "", GUEST[::-1], f" {GUEST}", f"{GUEST}\u0661"[1:]])
def test_an_unknown_uuid_changes_nothing_for_staff(shop: Shop, uuid: str) -> None:
    headers = {"X-Impersonated-User-Uuid": uuid.encode().decode("latin-1")}

    reply = shop.ask("DELETE", f"/fruits/{PEAR}/", "cook", headers)

    assert reply.status == 204
    assert "x-impersonator-uuid" not in reply.headers


def test_others_are_taken_for_nobody_else(shop: Shop) -> None:
    reply = shop.ask("DELETE", f"/fruits/{PEAR}/", "guest", {"X-Impersonated-User-Uuid": EATERS["cook"].uuid})

    assert reply.status == 403
    assert "x-impersonator-uuid" not in reply.headers


@pytest.mark.parametrize(("token", "detail"), [("nobody", "Invalid token."), ("gone", "User inactive or deleted.")])
def test_the_token_must_be_valid_whoever_is_impersonated(shop: Shop, token: str, detail: str) -> None:
    reply = shop.ask("GET", "/fruits/", token, {"X-Impersonated-User-Uuid": GUEST})

    assert (reply.status, reply.body) == (401, {"detail": detail})


@pytest.mark.parametrize("username", ["owner", "support", "project_admin", "nobody", "inactive"])
@pytest.mark.parametrize("path", ["/api/invoices/", "/api/invoice-items/total_price/", "/api/provider-invoice-items/"])
def test_staff_get_what_the_impersonated_user_gets(readable: Api, username: str, path: str) -> None:
    staff, user = readable.user("staff"), readable.user(username)
    headers = {"Authorization": f"Token {staff.token}", "X-Impersonated-User-Uuid": user.uuid}

    reply = readable.send("GET", path, None, headers)

    assert reply.status == 200
    assert reply.headers["x-impersonator-uuid"] == staff.uuid
    if user.is_active:
        own = readable.get(path, username)
        assert (reply.text, reply.headers.get("x-result-count")) == (own.text, own.headers.get("x-result-count"))


def test_the_list_of_users_tells_whom_one_can_impersonate(readable: Api) -> None:
    listed = {user["username"]: user["uuid"] for user in readable.get("/_mock/users", None).body}

    assert listed == {user.username: user.uuid for user in readable.world.users}
