"""Each limit on requests is an option of `serve`, and is answered as the option says."""

import argparse
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.asgi import pristine
from tests.fuzz.connection import Server
from tests.serving import Mock, serving
from tests.web.listening import Answer, answer, head
from waldur_billing_mock.mock_server.arguments import parser
from waldur_billing_mock.mock_server.limit_options import add_limits, limits
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.limits import LARGEST, Limits

OPTIONS: Final = {
    "--max-body-bytes": 500,
    "--max-upload-bytes": 2000,
    "--max-fields": 3,
    "--max-files": 1,
    "--max-json-depth": 4,
    "--max-url-bytes": 300,
    "--max-headers": 12,
    "--max-head-bytes": 1500,
    "--max-connections": 6,
    "--max-silence": 1,
}
WRITE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/set_backend_id/"
FORM: Final = "Content-Type: application/x-www-form-urlencoded"
MULTIPART: Final = "Content-Type: multipart/form-data; boundary=edge"
JSON: Final = "Content-Type: application/json"
FILE: Final = b'--edge\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nx\r\n'


@pytest.fixture(scope="module")
def limited() -> Iterator[Mock]:
    words = [str(word) for pair in OPTIONS.items() for word in pair]
    with serving("--scenario", "one-invoice", "--quiet", *words) as mock:
        yield mock


def connect(mock: Mock) -> socket.socket:
    address = urlsplit(mock.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def send(mock: Mock, request: bytes) -> Answer:
    with connect(mock) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return answer(connection)


def post(media_type: str, content: bytes) -> bytes:
    return head("POST", WRITE, media_type, f"Content-Length: {len(content)}") + content


@pytest.mark.parametrize(
    ("request_bytes", "status", "detail"),
    [
        (post(JSON, b"{" + b" " * 500), 413, "The body is larger than the 500 bytes that are accepted."),
        (post(MULTIPART, b"x" * 2001), 413, "The body is larger than the 2000 bytes that are accepted."),
        (post(FORM, b"a=1&" * 3), 413, "The form has more than 3 fields."),
        (post(MULTIPART, FILE * 2 + b"--edge--\r\n"), 413, "The form has more than 1 files."),
        (post(JSON, b"[" * 5), 400, "JSON parse error - More than 4 levels of nesting."),
        (head("GET", "/api/invoices/?x=" + "x" * 300), 414, "The path and query have more than 300 bytes."),
        (head("GET", "/api/invoices/", *["a: b"] * 11), 431, "The request has more than 12 headers."),
        (head("GET", "/api/invoices/", "a: " + "b" * 1500), 431, "The head of the request has more than 1500 bytes."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_more_is_refused_as_the_option_says(
    limited: Mock, request_bytes: bytes, status: int, detail: str
) -> None:
    refused = send(limited, request_bytes)

    assert (refused.status, refused.detail) == (status, detail)


def test_more_connections_are_refused_as_the_option_says(limited: Mock) -> None:
    others = [connect(limited) for _ in range(6)]
    for other in others:
        other.sendall(head("GET", "/api/invoices/"))
        assert answer(other).status == 200

    refused = send(limited, head("GET", "/api/invoices/"))

    for other in others:
        other.close()
    assert (refused.status, refused.detail) == (503, "The server has more than 6 connections.")


def test_who_is_silent_is_cut_off_as_the_option_says(limited: Mock) -> None:
    with connect(limited) as connection:
        connection.sendall(b"GET /")

        assert connection.recv(1000) == b""


def test_every_limit_has_an_option_with_its_default_in_the_help() -> None:
    made = argparse.ArgumentParser()
    add_limits(made)

    assert len(OPTIONS) == len(fields(Limits))
    assert limits(made.parse_args([])) == Limits()
    text = " ".join(made.format_help().split())
    assert all(f"(default: {getattr(Limits(), one.name)})" in text for one in fields(Limits))
    assert all(option in text for option in OPTIONS)


@pytest.mark.parametrize("value", ["0", "-1", "x", "1e3", "٣", "9" * 20])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_limit_that_is_no_number_is_refused(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", option, value])

    assert f"argument {option}: {value!r} is not a number from 1 to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("limit", "message"),
    [({"headers": 0}, "headers is 0; use a number from 1 on."), ({"json_depth": 801}, "use a number from 1 to 800.")],
)
def test_a_limit_out_of_range_is_no_setting(limit: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**limit)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_may_be_as_deep_as_the_largest_limit(opening: bytes) -> None:
    depth = LARGEST["json_depth"]
    server = Server(Settings(limits=Limits(json_depth=depth)), Stage(pristine("one-invoice")))
    closing = b"]" if opening == b"[" else b"}"

    deepest = server.exchange([post(JSON, opening * depth + b"1" + closing * depth)])
    deeper = server.exchange([post(JSON, opening * (depth + 1) + b"1" + closing * (depth + 1))])

    assert deepest.answers[0].status in (200, 400)
    assert deeper.answers[0].status == 400
    assert b"nesting" not in deepest.answers[0].body
    assert b"800 levels of nesting" in deeper.answers[0].body
