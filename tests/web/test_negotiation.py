"""What form an answer has: JSON or nothing; HEAD has no body, OPTIONS tells of the path."""

import pytest

from tests.web.toy import PEAR, Shop

PATHS = [
    "/fruits/",
    "/fruits/?page=2&page_size=2",
    "/fruits/?page=9",
    f"/fruits/{PEAR}/",
    "/fruits/x/",
    "/fruits/ripe/",
]


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "text/html, application/json;q=0.5",
        "application/*",
        "APPLICATION/JSON",
        "text/html,*/*;q=0.8",
    ],
)
def test_whoever_takes_json_gets_it(shop: Shop, accept: str) -> None:
    reply = shop.ask("GET", "/fruits/", headers={"Accept": accept})

    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_whoever_takes_no_json_gets_a_refusal_in_json(shop: Shop, accept: str, method: str) -> None:
    reply = shop.ask(method, "/fruits/", headers={"Accept": accept})

    assert (reply.status, reply.headers["content-type"]) == (406, "application/json")
    assert reply.body == {"detail": "Could not satisfy the request Accept header."}


@pytest.mark.parametrize(("wanted", "status"), [("json", 200), ("", 200), ("xml", 404), ("api", 404), ("JSON", 404)])
def test_there_is_one_format_only(shop: Shop, wanted: str, status: int) -> None:
    reply = shop.ask("GET", f"/fruits/?format={wanted}")

    assert reply.status == status
    assert status == 200 or reply.body == {"detail": "Not found."}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["guest", "nobody", None])
def test_the_answer_to_head_is_that_of_get_without_a_body(shop: Shop, path: str, token: str | None) -> None:
    get, head = (shop.ask(method, path, token) for method in ("GET", "HEAD"))

    assert (head.status, head.headers, head.text) == (get.status, get.headers, "")


def test_options_tells_of_a_path(shop: Shop) -> None:
    reply = shop.ask("OPTIONS", "/fruits/")

    assert (reply.status, reply.headers["allow"]) == (200, "GET, POST, HEAD, OPTIONS")
    assert isinstance(reply.body["name"], str)
    assert reply.body == {
        "name": reply.body["name"],
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }


def test_an_answer_without_a_body_has_no_content_type(shop: Shop) -> None:
    eaten = shop.ask("POST", f"/fruits/{PEAR}/eat/")
    deleted = shop.ask("DELETE", f"/fruits/{PEAR}/", "cook")

    assert [(reply.status, reply.text) for reply in (eaten, deleted)] == [(200, ""), (204, "")]
    assert not any("content-type" in reply.headers for reply in (eaten, deleted))
