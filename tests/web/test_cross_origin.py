"""Web pages of other origins may call, and their preflights need no token."""

import pytest

from tests.web.toy import PEAR, Shop, api
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin

PREFLIGHT = {"Origin": "https://page.example", "Access-Control-Request-Method": "PATCH"}


@pytest.fixture
def open_shop() -> Shop:
    return Shop(CrossOrigin(api()))


@pytest.mark.parametrize("path", ["/fruits/", f"/fruits/{PEAR}/eat/", "/nuts/"])
def test_a_preflight_is_answered_without_a_token(open_shop: Shop, path: str) -> None:
    reply = open_shop.ask("OPTIONS", path, None, PREFLIGHT)

    assert (reply.status, reply.text, reply.headers["access-control-allow-origin"]) == (200, "", "*")
    methods = reply.headers["access-control-allow-methods"].split(", ")
    assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} <= set(methods)
    headers = reply.headers["access-control-allow-headers"].lower()
    assert all(name in headers for name in ("authorization", "content-type"))


def test_options_that_are_no_preflight_need_a_token(open_shop: Shop) -> None:
    assert open_shop.ask("OPTIONS", "/fruits/", None).status == 401


@pytest.mark.parametrize(
    ("path", "token", "status"), [("/fruits/", "guest", 200), ("/fruits/", None, 401), ("/nuts/", None, 404)]
)
def test_every_answer_lets_other_origins_read_it(open_shop: Shop, path: str, token: str | None, status: int) -> None:
    reply = open_shop.ask("GET", path, token, {"Origin": "https://page.example"})

    exposed = reply.headers["access-control-expose-headers"]
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (status, "*")
    assert all(name in exposed for name in ("Link", "X-Result-Count"))
