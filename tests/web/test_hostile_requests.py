"""Whatever a request says of itself, it is answered, and nothing of it gets into the head of the answer."""

from collections.abc import Mapping
from typing import Final

import pytest

from tests.asgi import Api
from tests.web.toy import Shop

UUID: Final = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/fruits", "/fruits/"),
        ("/fruits?name=a&o=-name", "/fruits/?name=a&o=-name"),
        ("/fruits?name=%C5%BC%0d%0aX:y", "/fruits/?name=%C5%BC%0d%0aX:y"),
        ("/fruits/%C5%BC", "/fruits/%C5%BC/"),
        ("/fruits/x%0d%0aSet-Cookie:%20a=b", "/fruits/x%0D%0ASet-Cookie:%20a%3Db/"),
        ("/fruits/%00%7f%E2%80%A8", "/fruits/%00%7F%E2%80%A8/"),
    ],
)
def test_a_missing_slash_is_added_to_the_path_and_the_query_stays(shop: Shop, target: str, location: str) -> None:
    reply = shop.ask("GET", target, None)

    assert (reply.status, reply.headers["location"]) == (301, location)


@pytest.mark.parametrize("path", ["/fruits/\u017c", "/fruits/\r\nx", "/\r\n/fruits"])
def test_no_line_break_of_a_path_reaches_a_header(shop: Shop, path: str) -> None:
    for username in (None, "guest"):
        reply = shop.ask("GET", "".join(f"%{byte:02X}" for byte in path.encode()).replace("%2F", "/"), username)

        assert reply.status in (301, 401, 404)
        assert all(value.isascii() and value.isprintable() for value in reply.headers.values())


@pytest.mark.parametrize(
    "uuid",
    [
        f"%0D%0A{UUID}",
        f"{UUID}%0D%0A",
        f"%E2%80%83{UUID}",
        f"%20{UUID}",
        f"{UUID}%20",
        f"{UUID}%00",
        UUID.replace("1", "%D9%A1"),
        UUID.replace("a1", "_1"),
        UUID.replace("-", "+"),
        UUID[:-1],
        f"{UUID}0",
    ],
)
@pytest.mark.parametrize("path", ["/api/invoices/{}/", "/api/invoices/{}/stats/", "/api/invoices/{}/items/"])
def test_a_uuid_is_hex_digits_without_anything_around_them(november: Api, path: str, uuid: str) -> None:
    reply = november.get(path.format(uuid))

    assert (reply.status, reply.body) == (404, {"detail": "No Invoice matches the given query."})
    assert november.get(path.format(UUID)).status == 200


@pytest.mark.parametrize("uuid", [UUID.upper(), UUID.replace("-", ""), f"urn:uuid:{UUID}", f"%7B{UUID}%7D"])
def test_a_uuid_is_taken_in_every_usual_form(november: Api, uuid: str) -> None:
    assert november.get(f"/api/invoices/{uuid}/stats/").status == 200


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"Host": "a.example"}, "http://a.example"),
        ({"X-Forwarded-Proto": "https"}, "https://waldur.example"),
        ({"X-Forwarded-Proto": "ws"}, "http://waldur.example"),
        ({"X-Forwarded-Proto": "ws", "Host": "a b"}, "http://waldur.example"),
        ({"X-Forwarded-Proto": "wss", "Host": "a b"}, "http://waldur.example"),
        ({"X-Forwarded-Proto": "nonsense"}, "http://waldur.example"),
        ({"X-Forwarded-Host": "b.example"}, "http://waldur.example"),
        ({"Host": ""}, "http://waldur.example"),
        ({"Host": "a.example:99999"}, "http://waldur.example"),
        ({"Host": "[::1]:80"}, "http://[::1]:80"),
        ({"Host": "[::"}, "http://waldur.example"),
        ({"Host": "a.example/x"}, "http://waldur.example"),
        ({"Host": '"><script>'}, "http://waldur.example"),
        ({"Host": "x" * 254}, "http://waldur.example"),
    ],
)
def test_links_begin_with_what_the_client_calls_the_server(shop: Shop, headers: Mapping[str, str], base: str) -> None:
    reply = shop.ask("GET", "/fruits/", headers=headers)

    assert reply.headers["link"].startswith(f'<{base}/fruits/>; rel="first"')


@pytest.mark.parametrize("number", ["-5.3e-250", "1.5", "x.y-z", "1e5", "١", "%00", "9" * 400, "-1"])
def test_an_identifier_that_is_no_integer_is_not_found(november: Api, number: str) -> None:
    reply = november.get(f"/api/provider-invoice-items/{number}/".replace("١", "%D9%A1"))

    assert (reply.status, reply.headers["content-type"]) == (404, "application/json")
    assert set(reply.body) == {"detail"}


JSON: Final = {"Content-Type": "application/json"}
NUMBERS: Final = (
    "1e99999999999999999999", "-1e99999999999999999999", "1e-99999999999999999999", "1e999999999", "1E400",
    "0e999999999", "1e-999999999", "123456789" * 300,
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["quantity", "unit_price", "article_code", "start", "other"])
def test_a_number_of_any_size_in_a_body_is_validated(november: Api, field: str, number: str) -> None:
    item = november.rows("/api/invoice-items/")[0]["uuid"]

    reply = november.send("PATCH", f"/api/invoice-items/{item}/", "staff", JSON, f'{{"{field}": {number}}}'.encode())

    assert reply.status in (200, 400)


@pytest.mark.parametrize("number", [*NUMBERS, "-1e9999999", "1e9999999", "nan", "-inf", "sNaN5", "1_000"])
@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/invoices/", "year"),
        ("/api/invoices/", "month"),
        ("/api/invoices/", "page"),
        ("/api/invoices/", "page_size"),
        ("/api/invoice-items/", "start_month"),
        ("/api/invoices/growth/", "customers_count"),
        ("/api/invoice-items/project_costs_for_period/", "period"),
    ],
)
def test_a_number_of_any_size_in_a_query_is_validated(november: Api, path: str, parameter: str, number: str) -> None:
    assert november.get(path, "staff", **{parameter: number}).status in (200, 400, 404)
