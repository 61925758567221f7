"""A path leads to its operations; a path that is nearly one is redirected or refused, others are not found."""

from urllib.parse import unquote

import pytest

from tests.web.toy import DOCUMENT, FUNCTIONS, PEAR, Shop, api
from waldur_billing_mock.mock_server.web.routing import Links
from waldur_billing_mock.openapi.operation import operations

FORMS = [PEAR, PEAR.upper(), f"{PEAR[:8]}-{PEAR[8:12]}-{PEAR[12:16]}-{PEAR[16:20]}-{PEAR[20:]}", "p%20e%C3%A4r"]


@pytest.mark.parametrize("form", FORMS)
def test_a_path_parameter_reaches_the_function_as_it_was_sent(form: str) -> None:
    seen: list[str] = []
    shop = Shop(api({**FUNCTIONS, "fruits_eat": lambda call: seen.append(call.path["uuid"])}))

    reply = shop.ask("POST", f"/fruits/{form}/eat/")

    assert (reply.status, seen) == (200, [unquote(form)])


def test_a_literal_path_wins_over_a_parameter(shop: Shop) -> None:
    assert shop.ask("GET", "/fruits/ripe/").body == {"ripe": True}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/fruits", f"/fruits/{PEAR}", f"/fruits/{PEAR}/eat", "/fruits/ripe"])
@pytest.mark.parametrize("token", ["guest", None])
def test_only_the_last_slash_is_missing(shop: Shop, method: str, path: str, token: str | None) -> None:
    reply = shop.ask(method, path, token)

    assert (reply.status, reply.headers["location"], reply.text) == (301, f"{path}/", "")


@pytest.mark.parametrize("path", ["/", "/nuts/", "/nuts", "/fruits//", "/fruits/x/y/", "//fruits/"])
@pytest.mark.parametrize("token", ["guest", None])
def test_an_unknown_path_is_a_page_even_without_a_token(shop: Shop, path: str, token: str | None) -> None:
    reply = shop.ask("GET", path, token)

    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<title>Not Found</title>" in reply.text


@pytest.mark.parametrize("path", ["/fruits", f"/fruits/{PEAR}"])
def test_a_suffix_asks_for_a_format(shop: Shop, path: str) -> None:
    assert shop.ask("GET", f"{path}.json/").text == shop.ask("GET", f"{path}/").text
    assert shop.ask("GET", f"{path}.xml/").body == {"detail": "Not found."}


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/fruits/", "DELETE", "GET, POST, HEAD, OPTIONS"),
        (f"/fruits/{PEAR}/", "POST", "GET, DELETE, HEAD, OPTIONS"),
        (f"/fruits/{PEAR}/eat/", "GET", "POST, OPTIONS"),
        (f"/fruits/{PEAR}/eat/", "HEAD", "POST, OPTIONS"),
        ("/fruits/", "BREW", "GET, POST, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_named_and_the_right_ones_are_listed(shop: Shop, path: str, method: str, allow: str) -> None:
    reply = shop.ask(method, path)

    assert (reply.status, reply.headers["allow"]) == (405, allow)
    assert method == "HEAD" or reply.body == {"detail": f'Method "{method}" not allowed.'}


@pytest.mark.parametrize(
    ("link", "found"),
    [
        (f"/fruits/{PEAR}/", ("/fruits/{uuid}/", PEAR)),
        (f"https://elsewhere.example:1/fruits/{PEAR}/?x=1#y", ("/fruits/{uuid}/", PEAR)),
        ("/fruits/a%62c/", ("/fruits/{uuid}/", "abc")),
        ("/fruits/ripe/", ("/fruits/ripe/", "")),
        (f"/fruits/{PEAR}/eat/", ("/fruits/{uuid}/eat/", PEAR)),
        (f"/fruits/{PEAR}", None),
        (PEAR, None),
        ("", None),
        ("ftp://a.example/fruits/ripe/", None),
        ("http://[/fruits/ripe/", None),
    ],
)
def test_a_link_is_resolved_whatever_its_host(link: str, found: tuple[str, str] | None) -> None:
    links = Links(DOCUMENT, operations(DOCUMENT))

    assert links.resolve(link) == found
