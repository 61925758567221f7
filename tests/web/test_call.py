"""Bodies are taken in three forms, and what cannot be read is refused in Waldur's words."""

from typing import Final

import pytest

from tests.asgi import Reply
from tests.web.toy import PEAR, Shop

FORM: Final = "application/x-www-form-urlencoded"
EDGE: Final = "multipart/form-data; boundary=edge"
NO_FILE: Final = "The submitted data was not a file. Check the encoding type on the form."
REQUIRED: Final = {"name": ["This field is required."]}


def multipart(*parts: str) -> bytes:
    """Parts that begin with what follows `form-data; ` and a line break before their content."""
    lines = [
        f"--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n"
        for head, _, content in (part.partition("\n") for part in parts)
    ]
    return "".join([*lines, "--edge--\r\n"]).encode()


LEAF: Final = 'name="leaf"; filename="ä leaf.txt"\ngreen'


@pytest.mark.parametrize(
    ("content", "media_type", "sent"),
    [
        (b'{"name": "fig"}', "application/json", {"name": "fig"}),
        (b' {"name": " fig\\n"} ', "Application/JSON; charset=utf-8", {"name": "fig"}),
        (b'{"name": 7, "other": [1], "": 2}', "application/json", {"name": "7"}),
        (b'{"name": "a", "name": "b"}', "application/json", {"name": "b"}),
        (b"name=fig", FORM, {"name": "fig"}),
        (b"name=%C3%A4+b&x=1", f"{FORM}; charset=utf-8", {"name": "ä b"}),
        (b"name=a&name=b", FORM, {"name": "b"}),
        (b"name=fig&day=", FORM, {"name": "fig"}),
        (multipart('name="name"\nfig'), EDGE, {"name": "fig"}),
        (multipart('name="name"\nfig', LEAF), EDGE, {"name": "fig", "leaf": ["ä leaf.txt", 5]}),
    ],
)
def test_a_body_is_read_in_its_form(shop: Shop, content: bytes, media_type: str, sent: object) -> None:
    reply = shop.create(content, media_type)

    assert (reply.status, reply.body) == (201, {"sent": sent, "by": "guest"})


@pytest.mark.parametrize("media_type", ["application/json", FORM, EDGE, "text/plain", ""])
def test_an_empty_body_says_nothing_in_any_form(shop: Shop, media_type: str) -> None:
    reply = shop.create(b"", media_type)

    assert (reply.status, reply.body) == (400, REQUIRED)


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml; x=y", "application/jsonx", "nonsense", ""])
def test_another_form_is_not_supported(shop: Shop, media_type: str) -> None:
    reply = shop.create(b'{"name": "fig"}', media_type)

    sentence = f'Unsupported media type "{media_type}" in request.'
    assert (reply.status, reply.body) == (415, {"detail": sentence})


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"}",
        b"name=fig",
        b'{"name": }',
        b'{"name": "fig",}',
        b"{'name': 'fig'}",
        b'{"name": "fig"} x',
        b'{"name": "\n"}',
        b'{"name": "\\x"}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b"\xff",
        b"\x00",
        b" ",
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_no_json_is_refused(shop: Shop, content: bytes) -> None:
    reply = shop.create(content)

    assert reply.status == 400
    assert set(reply.body) == {"detail"}
    assert reply.body["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"[]", "list"), (b'["name"]', "list"), (b'"x"', "str"), (b"1", "int"), (b"1.5", "float"), (b"true", "bool")],
)
def test_a_body_that_is_no_object_is_named_by_its_kind(shop: Shop, content: bytes, kind: str) -> None:
    reply = shop.create(content)

    sentence = f"Invalid data. Expected a dictionary, but got {kind}."
    assert (reply.status, reply.body) == (400, {"non_field_errors": [sentence]})


def test_null_is_no_data(shop: Shop) -> None:
    assert shop.create(b"null").body == {"non_field_errors": ["No data provided"]}


def refusals(reply: Reply) -> object:
    assert reply.status == 400
    return reply.body


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, REQUIRED),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": "\u2003"}, {"name": ["This field may not be blank."]}),
        ({"name": "figtree"}, {"name": ["Ensure this field has no more than 5 characters."]}),
        ({"name": "a\x00"}, {"name": ["Null characters are not allowed."]}),
        ({"name": "\ud800"}, {"name": ["Surrogate characters are not allowed: U+D800."]}),
        (
            {"name": "a\x00\udfff" + "b" * 5},
            {
                "name": [
                    "Ensure this field has no more than 5 characters.",
                    "Null characters are not allowed.",
                    "Surrogate characters are not allowed: U+DFFF.",
                ]
            },
        ),
        ({"name": "fig", "leaf": "green"}, {"leaf": [NO_FILE]}),
        (
            {"name": True, "leaf": {}, "day": 1},
            {
                "name": ["Not a valid string."],
                "leaf": [NO_FILE],
                "day": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."],
            },
        ),
    ],
)
def test_all_faults_of_a_body_are_told_at_once(shop: Shop, body: object, messages: object) -> None:
    assert refusals(shop.create_json(body)) == messages


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (multipart(), REQUIRED),
        (multipart('name="name"\n'), {"name": ["This field may not be blank."]}),
        (multipart('name="name"\nfig', 'name="leaf"; filename="a"\n'), {"leaf": ["The submitted file is empty."]}),
        (multipart('name="name"\nfig', 'name="leaf"\ngreen'), {"leaf": [NO_FILE]}),
        (multipart('name="name"; filename="a"\nfig'), {"name": ["Not a valid string."]}),
        (b"nonsense", REQUIRED),
        (b"--edge\r\nnonsense", REQUIRED),
        (multipart('name="name"\nfig')[:-20], REQUIRED),
    ],
)
def test_a_broken_form_holds_what_could_be_read_of_it(shop: Shop, content: bytes, messages: object) -> None:
    assert refusals(shop.create(content, EDGE)) == messages


def test_a_multipart_body_needs_a_boundary(shop: Shop) -> None:
    reply = shop.create(multipart('name="name"\nfig'), "multipart/form-data")

    sentence = "Multipart form parse error - Invalid boundary in multipart: None"
    assert (reply.status, reply.body) == (400, {"detail": sentence})


@pytest.mark.parametrize(("content", "media_type"), [(b"{", "application/json"), (b"x", "text/plain")])
def test_a_body_that_nobody_reads_is_not_validated(shop: Shop, content: bytes, media_type: str) -> None:
    reply = shop.ask("POST", f"/fruits/{PEAR}/eat/", headers={"Content-Type": media_type}, content=content)

    assert (reply.status, reply.text) == (200, "")
