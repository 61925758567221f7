"""Web pages of other origins may call, and their preflights need no token."""

import pytest

from tests.web.toy import PEAR, Shop, api
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin

SHARED = {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "Link, X-Result-Count",
}
PREFLIGHT = {"Origin": "https://page.example", "Access-Control-Request-Method": "PATCH"}


@pytest.fixture
def open_shop() -> Shop:
    return Shop(CrossOrigin(api()))


@pytest.mark.parametrize("path", ["/fruits/", f"/fruits/{PEAR}/eat/", "/nuts/"])
def test_a_preflight_allows_what_waldur_allows_without_a_token(open_shop: Shop, path: str) -> None:
    reply = open_shop.ask("OPTIONS", path, None, PREFLIGHT)

    assert (reply.status, reply.text) == (200, "")
    assert {name: value for name, value in reply.headers.items() if name.startswith("access-control-")} == {
        **SHARED,
        "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "access-control-allow-headers": (
            "Accept, Accept-Encoding, Authorization, Content-Type, Origin, User-Agent, X-CSRFToken, X-Requested-With, "
            "X-Impersonated-User-Uuid, sentry-trace, baggage, Prefer, X-Mock-Session"
        ),
        "access-control-max-age": "86400",
    }


def test_options_that_are_no_preflight_need_a_token(open_shop: Shop) -> None:
    assert open_shop.ask("OPTIONS", "/fruits/", None).status == 401


@pytest.mark.parametrize(
    ("path", "token", "status"), [("/fruits/", "guest", 200), ("/fruits/", None, 401), ("/nuts/", None, 404)]
)
def test_every_answer_lets_other_origins_read_it(open_shop: Shop, path: str, token: str | None, status: int) -> None:
    reply = open_shop.ask("GET", path, token, {"Origin": "https://page.example"})

    assert reply.status == status
    assert {name: value for name, value in reply.headers.items() if name.startswith("access-control-")} == SHARED


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [({"Accept": "text/html"}, b"", 406), ({"Content-Type": "text/plain"}, b"x", 415), ({}, b"", 400)],
)
def test_every_refusal_lets_other_origins_read_it(
    open_shop: Shop, headers: dict[str, str], content: bytes, status: int
) -> None:
    reply = open_shop.ask("POST", "/fruits/", "guest", headers, content)

    assert reply.status == status
    assert SHARED.items() <= reply.headers.items()
