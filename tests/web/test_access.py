"""A token opens the door, or the answer says why not."""

import pytest

from tests.web.toy import PEAR, Shop

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


@pytest.mark.parametrize(
    ("token", "uuid", "status"),
    [("cook", PEAR, 403), ("cook", "nonsense", 204), ("cook", PEAR[::-1], 204), ("guest", PEAR, 403)],
)
def test_staff_may_be_taken_for_somebody_else(shop: Shop, token: str, uuid: str, status: int) -> None:
    reply = shop.ask("DELETE", f"/fruits/{PEAR}/", token, {"X-Impersonated-User-Uuid": uuid})

    assert reply.status == status
