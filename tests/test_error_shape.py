"""Whatever goes wrong, the status is described for the operation, and the body has one of Waldur's shapes."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import quote

import pytest

from tests.asgi import FORM_TYPE, JSON_TYPE, Api, Reply, application
from tests.descriptions import description
from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.validation import AnswerValidator

UUID: Final = "a1b2c3d4e5f67890abcdef1234567890"
VALUES: Final = (
    "",
    "x",
    "\x00",
    "\ud800",
    "-1",
    "0",
    "1e400",
    "9" * 30,
    "9" * 5000,
    "NaN",
    "true",
    "{",
    "'\"<>",
    " ",
    "%",
)
CONTENTS: Final = (
    b"", b"{}", b"[]", b"null", b"0", b'"text"', b"{", b"\xff\xfe", b"\x00", b"NaN", b'{"a": 1e999}',
    b"[" * 100_000, b"9" * 5000, b'{"quantity": ' + b"9" * 4000 + b"}", b'{"\\ud800": "\\udfff"}',
    b'{"payment_url": "\\ud800", "backend_id": "\\u0000", "invoice": "\\ud800", "article_code": "\\ud800"}',
    b'{"date": 0, "offering_component_name": [], "invoice": 0, "backend_id": {}, "payment_url": 1, "start": 1}',
    b'{"offering_component_name": "x", "invoice": "/api/invoices/a1b2c3d4e5f67890abcdef1234567890/", "date": 1}',
    b'{"invoice": "http://[", "payment_url": "http://["}', b'{"unit_price": "9999999999", "quantity": "9999999999"}',
)  # fmt: skip
TYPES: Final = (
    JSON_TYPE,
    FORM_TYPE,
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "",
    "application/json; charset=utf-16",
)


class Request(NamedTuple):
    """What is sent, and a few words for the report."""

    words: str
    method: str
    target: str
    username: str | None = "staff"
    headers: Mapping[str, str] = MappingProxyType({})
    content: bytes = b""


@cache
def described(wire: bool) -> tuple[Node, list[Operation]]:
    document = description(wire=wire)
    return document, list(operations(document))


OPERATIONS: Final = [operation.operation_id for operation in described(False)[1]]


def requests(operation: Operation) -> Iterator[Request]:
    """Everything that one operation should refuse, and some that it need not."""
    method = operation.method
    path = operation.path.replace("{uuid}", UUID).replace("{id}", "123")
    for header in ("", "Basic x", "Token", "Token a b", "Token \xff", "Token x", "Bearer x"):
        yield Request(f"the header {header!r}", method, path, None, {"Authorization": header})
    yield Request("an inactive user", method, path, "inactive")
    for username in ("nobody", "owner", "provider_owner"):
        yield Request(f"as {username}", method, path, username)
    names = ["x", "00000000-0000-4000-8000-000000000000", "-1", "%00", "%ED%A0%80", "9" * 5000]
    if operation.path.endswith("}/"):
        # Before an action, an identifier with a dot makes a page that is missing, as recorded from a real server.
        names += ["-5.3e-250", "x.y-z"]
    for name in names:
        if "{" in operation.path:
            target = operation.path.replace("{uuid}", name).replace("{id}", name)
            yield Request(f"the identifier {name[:30]!r}", method, target)
    yield Request("HTML", method, path, headers={"Accept": "text/html"})
    for parameter in operation.query:
        for value in VALUES:
            sent = quote(value, errors="surrogatepass")
            yield Request(f"{parameter}={value[:20]!r}", method, f"{path}?{parameter}={sent}")
        yield Request(f"{parameter} twice", method, f"{path}?{parameter}=x&{parameter}=,")
    if operation.bodies or method in ("POST", "PUT", "PATCH"):
        for media in TYPES:
            for content in CONTENTS:
                yield Request(f"{media} {content[:60]!r}", method, path, "staff", {"Content-Type": media}, content)


def complaint(wire: bool, operation: Operation, request: Request, reply: Reply) -> str | None:
    """What is wrong with an answer: a status or a body that the description does not have."""
    document, _ = described(wire)
    node = document["paths"][operation.path][operation.method.lower()]
    # Real servers fail in places: a status 500 is no promise, so it is not described.
    if wire and reply.status == 500:
        return None
    if str(reply.status) not in node["responses"]:
        return f"{request.words}: {reply.status} is not described: {reply.text[:200]}"
    response = resolve(document, node["responses"][str(reply.status)])
    if operation.method == "HEAD" or "content" not in response:
        return f"{request.words}: a body where none is described" if reply.text else None
    if reply.headers["content-type"] != JSON_TYPE:
        return f"{request.words}: {reply.headers['content-type']}"
    mismatches = validator(wire).mismatches(operation, reply.status, json.loads(reply.text))
    return f"{request.words}: {mismatches[0]}" if mismatches else None


@cache
def validator(wire: bool) -> AnswerValidator:
    document, _ = described(wire)
    return AnswerValidator(document)


def is_one_of_waldurs_shapes(body: object) -> bool:
    """A sentence under `detail`, messages by field, a list with one sentence, or a bare sentence."""
    match body:
        case {"detail": str()} if isinstance(body, dict) and len(body) == 1:
            return True
        case dict():
            return bool(body) and all(is_messages(messages) for messages in body.values())
        case [str()] | str():
            return True
    return False


def is_messages(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(message, str) for message in value)


@pytest.mark.parametrize("wire", [False, True], ids=["documented", "wire"])
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_answer_of_an_operation_is_described(operation_id: str, wire: bool) -> None:
    operation = next(found for found in described(wire)[1] if found.operation_id == operation_id)
    api = application("one-invoice", wire=wire)
    api.stage.reset()
    complaints = []

    for request in requests(operation):
        reply = api.send(*request[1:])
        if found := complaint(wire, operation, request, reply):
            complaints.append(found)
        if 400 <= reply.status < 500 and operation.method != "HEAD" and not is_one_of_waldurs_shapes(reply.body):
            complaints.append(f"{request.words}: {reply.text[:200]}")

    assert complaints == []


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_a_path_does_not_have_is_named(november: Api, method: str) -> None:
    document, _ = described(False)
    for path, item in document["paths"].items():
        if method.lower() in item:
            continue

        reply = november.ask(method, path.replace("{uuid}", UUID).replace("{id}", "123"))

        allowed = reply.headers["allow"].split(", ")
        assert (reply.status, reply.body) == (405, {"detail": f'Method "{method}" not allowed.'}), path
        assert {name.lower() for name in allowed} - {"options"} == {
            name for name in item if name in ("get", "head", "post", "put", "patch", "delete")
        } | ({"head"} if "get" in item else set())


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing/", "/api/invoices/x/y/z/", "/nothing", "/api/invoices/x.json/paid/"]
)
@pytest.mark.parametrize("username", ["staff", None])
def test_an_address_that_is_no_part_of_the_api_is_a_page(november: Api, path: str, username: str | None) -> None:
    reply = november.get(path, username)

    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not Found</h1>" in reply.text
