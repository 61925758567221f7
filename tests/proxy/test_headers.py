"""Which headers pass a proxy, and which end with a connection."""

import pytest

from waldur_billing_mock.mock_server.proxy.headers import HOP_BY_HOP, of_answer, of_request

HOST = b"waldur.example.com"


def test_a_request_keeps_its_headers_but_those_of_the_connection_and_the_host() -> None:
    headers = [
        (b"host", b"127.0.0.1:8090"),
        (b"authorization", b"Token t"),
        (b"accept-encoding", b"gzip, br"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"connection", b"keep-alive, X-Own"),
        (b"keep-alive", b"timeout=5"),
        (b"x-own", b"about this connection"),
        (b"te", b"trailers"),
        (b"expect", b"100-continue"),
    ]

    passed, has_body = of_request(headers, HOST)

    assert passed == [(b"host", HOST), *headers[1:5]]
    assert not has_body


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_headers_of_a_connection_do_not_pass(name: bytes) -> None:
    passed, _ = of_request([(name, b"x")], HOST)
    answered = of_answer([(name.title(), b"x"), (b"Allow", b"GET")])

    assert passed[1:] == ([(b"transfer-encoding", b"chunked")] if name == b"transfer-encoding" else [])
    assert answered == [(b"Allow", b"GET")]


def test_a_chunked_body_has_no_length_besides() -> None:
    passed, has_body = of_request([(b"content-length", b"3"), (b"transfer-encoding", b"chunked")], HOST)

    assert passed == [(b"host", HOST), (b"transfer-encoding", b"chunked")]
    assert has_body


def test_white_space_around_a_value_is_not_sent() -> None:
    passed, _ = of_request([(b"authorization", b"Token ")], HOST)

    assert passed == [(b"host", HOST), (b"authorization", b"Token")]


def test_an_answer_keeps_the_spelling_and_the_order_of_its_headers() -> None:
    headers = [
        (b"Set-Cookie", b"a=1"),
        (b"X-Result-Count", b"3"),
        (b"Set-Cookie", b"b=2"),
        (b"Content-Encoding", b"br"),
    ]

    assert of_answer([*headers, (b"Connection", b"close, X-Private"), (b"X-Private", b"1")]) == headers
