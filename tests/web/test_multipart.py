"""Multipart forms and others are read as Django REST framework reads them, whole or broken."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from tests.web.framework import Refusal, parsed
from tests.web.toy import DOCUMENT
from waldur_billing_mock.mock_server.web.body import FORM, read_body
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.multipart import File
from waldur_billing_mock.mock_server.web.problems import Problem
from waldur_billing_mock.mock_server.web.request import Request
from waldur_billing_mock.openapi.operation import operations

CREATE: Final = next(operation for operation in operations(DOCUMENT) if operation.operation_id == "fruits_create")
EDGE: Final = "multipart/form-data; boundary=edge"


def ours(content: bytes, content_type: str, cuts: Sequence[int] = ()) -> Mapping[str, object] | Refusal:
    """What we make of a body that arrives in pieces, which are cut at these places."""
    places = [0, *sorted({min(cut, len(content)) for cut in cuts}), len(content)]
    pieces = [content[start:end] for start, end in pairwise(places)]
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"content-type", content_type.encode("latin-1")), (b"content-length", b"%d" % len(content))]
    request = Request({**SCOPE, "headers": headers}, receive)
    try:
        form = asyncio.run(read_body(request, Limits())).read(CREATE)
    except Problem as problem:
        return problem.status, problem.body["detail"]
    return {name: (value.filename, value.size) if isinstance(value, File) else value for name, value in form.items()}


SCOPE: Final = {
    "type": "http",
    "method": "POST",
    "path": "/fruits/",
    "query_string": b"",
    "scheme": "http",
    "server": None,
}


def part(head: str, content: bytes = b"value", *more: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {head}", *more]
    return b"\r\n".join([*(line.encode() for line in lines), b"", content])


def form(*parts: bytes) -> bytes:
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"


NAME: Final = part('name="name"')
LEAF: Final = part('name="leaf"; filename="leaf.txt"', b"green" * 400, "Content-Type: text/plain")
VALID: Final = (
    form(NAME),
    form(NAME, LEAF),
    form(LEAF, part('name="leaf"')),
    form(NAME, part('name="name"', b"other")),
    form(),
)
BASE64: Final = "Content-Transfer-Encoding: base64"
FORMS: Final = (
    *VALID,
    b"nonsense",
    b"nonsense" * 200,
    b"--edge",
    b"--edge--",
    b"--edge\r\nnonsense",
    b"--edge\r\n\r\n\r\n--edge--",
    form(NAME)[:-10],
    form(NAME, LEAF)[:-300],
    b"before\r\n" + form(NAME) + b"after",
    b"x" * 1015 + b"\r\n" + form(NAME),
    b"x" * 1030 + b"\r\n" + form(NAME),
    form(NAME).replace(b"\r\n", b"\n"),
    form(part("", b"x")),
    form(part("name", b"x")),
    form(part("name=", b"x")),
    form(part("name=name", b"x")),
    form(part('name=" name "', b"x")),
    form(part("name='name'", b"x")),
    form(part('name="na\\"me"', b"x")),
    form(part('name="name"; name="other"', b"x")),
    form(part("name*=utf-8''n%C3%A4me", b"x")),
    form(part("name*=nonsense''n%C3%A4me", b"x")),
    form(part("name*0=na; name*1=me", b"x")),
    form(part('name="leaf"; filename=""', b"x")),
    form(part('name="leaf"; filename="."', b"x")),
    form(part('name="leaf"; filename="../a\\b/c\x07&amp;.txt"', b"x")),
    form(part('name="leaf"; filename="a"', b"")),
    form(part('filename="a"', b"x")),
    form(part('name="leaf"; filename="ä.txt"', b"x")),
    form(part('name="name"', "ä".encode("latin-1"))),
    form(part('name="name"', b"a\x00b\xff")),
    form(part('name="name"', b"dmFsdWU=", BASE64)),
    form(part('name="name"', b"dmFsdWU", BASE64)),
    form(part('name="leaf"; filename="a"', b"dmFs\r\ndWU=", BASE64)),
    form(part('name="leaf"; filename="a"', b"dmFsdWU", BASE64)),
    form(part('name="leaf"; filename="a"', b"=", BASE64)),
    form(part('name="name"', b"dmFsdWU=", "content-transfer-encoding: BASE64 ; x=y")),
    form(part('name="name"', b"x", "X: " + "y" * 900)),
    form(part('name="name"', b"x", "X: " + "y" * 1100)),
    form(part('name="name"', b"x", "no header")),
    form(b"Content-Type: text/plain\r\n\r\nx"),
    form(b"Content-Disposition:form-data;name=name\r\n\r\nx"),
    form(b"Content-Disposition : form-data; name=name\r\n\r\nx"),
    form(b"CONTENT-DISPOSITION: FORM-DATA; NAME=name\r\n\r\nx"),
    form(b"Content-Disposition: form-data\r\n\r\nx"),
    form(b"Content-Disposition: attachment; name=name\r\n\r\nx"),
    form(b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'),
    form(part('name="name"', b"one --edge two")),
    form(part('name="name"', b"one\r\n\r\n")),
    form(part('name="name"', b"one\n--edg")),
)
CONTENT_TYPES: Final = (
    EDGE,
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="edge"',
    "multipart/form-data; boundary=edge ",
    "multipart/form-data;boundary=edge;charset=utf-8",
    "Multipart/Form-Data; boundary=edge",
    "multipart/form-data; BOUNDARY=edge",
    "multipart/form-data; boundary=other",
    "multipart/form-data; boundary=e\xe4",
    "multipart/form-data; boundary=" + "e" * 202,
    "multipart/form-data; boundary*=utf-8''edge",
    "multipart/form-data; boundary=edge; charset=latin-1",
    "multipart/form-data; boundary=edge; charset=nonsense",
    "multipart/form-data; boundary=edge; charset=utf-16",
)


@pytest.mark.parametrize("content", FORMS, ids=range(len(FORMS)))
def test_a_form_is_read_as_the_framework_reads_it(content: bytes) -> None:
    assert ours(content, EDGE) == parsed(content, EDGE)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_content_type_is_read_as_the_framework_reads_it(content_type: str) -> None:
    content = form(part('name="name"', "ä".encode()), LEAF)

    assert ours(content, content_type) == parsed(content, content_type)


@pytest.mark.parametrize("cut", range(0, len(form(NAME, part('name="x"', b"\r\n--edg"))), 3))
def test_the_pieces_in_which_a_form_arrives_do_not_matter(cut: int) -> None:
    content = form(NAME, part('name="x"', b"\r\n--edg"))

    assert ours(content, EDGE, [cut, cut + 1]) == ours(content, EDGE)


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "rot-13", "base64"])
@pytest.mark.parametrize("form_type", [EDGE, FORM])
def test_a_charset_that_text_cannot_have_is_refused(form_type: str, charset: str) -> None:
    """The framework fails here with a server error."""
    content = form(part('name="name"', "ä".encode())) if form_type == EDGE else b"name=%C3%A4"

    assert ours(content, f"{form_type}; charset={charset}") == (400, f"The charset {charset!r} is not known.")


def test_a_charset_with_a_null_character_is_not_known() -> None:
    assert ours(form(NAME), f"{EDGE}; charset=\0") == {"name": "value"}


FORM_BODIES: Final = (
    b"name=%C3%A4",
    b"name=\xc3\xa4",
    b"name=\xe4",
    b"name=%E4&x",
    b"=&=&name",
    b"name=1;name=2",
    b"%00=%zz",
)


@pytest.mark.parametrize("charset", ["", "; charset=latin-1", "; charset=utf-16", "; charset=nonsense", "; charset="])
@pytest.mark.parametrize("content", FORM_BODIES)
def test_a_form_that_is_not_multipart_is_read_as_the_framework_reads_it(content: bytes, charset: str) -> None:
    assert ours(content, FORM + charset) == parsed(content, FORM + charset)


TOKENS: Final = (
    b"\r\n", b"\n", b"\r", b"--", b"--edge", b"--edge--", b"-", b";", b'"', b"=", b":", b" ", b"\x00", b"\xff", b"\\",
    b"%", b"'", b"*", b"\r\n\r\n", b'filename="x"', b"name=", b"base64", BASE64.encode() + b"\r\n", b"x" * 1000, b"(",
    b",",
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A form with pieces cut out, doubled, swapped for others or put in."""
    content: bytes = draw(st.sampled_from(VALID + FORMS[20:45]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        between = draw(st.sampled_from([b"", content[start:end] * 2, *TOKENS]) | st.binary(max_size=3))
        content = content[:start] + between + content[end:]
    return content


def check_broken(content: bytes, cuts: Sequence[int]) -> None:
    try:
        expected = parsed(content, EDGE)
    except Exception:  # noqa: BLE001  # The framework itself fails with a server error.
        expected = None
    found = ours(content, EDGE, cuts)
    assert expected is None or found == expected


@settings(max_examples=400, derandomize=True, database=None)
@given(broken(), st.lists(st.integers(0, 2000), max_size=3))
def test_a_broken_form_is_read_as_the_framework_reads_it(content: bytes, cuts: list[int]) -> None:
    check_broken(content, cuts)


@pytest.mark.parametrize("parameters", [";9>;A*9;A*", "; a*0=x; a*=y; a*1=z", "; a*1; a*"])
def test_pieces_of_a_parameter_without_an_order_are_refused(parameters: str) -> None:
    """Before Python 3.14 the standard library raises a `TypeError` for them, which was status 500. Fuzzing found it."""
    part = f'--edge\r\nContent-Disposition: form-data; name="a"{parameters}\r\n\r\nx\r\n--edge--\r\n'.encode()

    if sys.version_info >= (3, 14):
        assert ours(b"--edge--\r\n", EDGE + parameters) == {}
        assert ours(part, EDGE) == {"a": "x"}
    else:
        assert ours(b"--edge--\r\n", EDGE + parameters) == (
            400,
            "Multipart form parse error - Invalid Content-Type: the pieces of a parameter have no order",
        )
        assert ours(part, EDGE) == {}
    assert ours(b"a=1", FORM + parameters) == {"a": "1"}
