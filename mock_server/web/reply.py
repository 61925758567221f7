"""Replies: JSON text with the status and headers that the operation describes, and refusals in their shape."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from waldur_billing_mock.mock_server.web.problems import JSON_TYPE, Problem

Header = tuple[bytes, bytes]

_JSON = (b"content-type", JSON_TYPE.encode())
_HTML = (b"content-type", b"text/html; charset=utf-8")


@dataclass(slots=True)  # Frozen, it would take four times as long to make.
class Reply:
    """A complete answer, which is sent in two messages. To HEAD it is sent without its body."""

    status: int
    headers: list[Header]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


def json_reply(status: int, body: bytes, headers: Sequence[Header] = ()) -> Reply:
    """A reply with a body of JSON."""
    return Reply(status, [*headers, _length(body), _JSON], body)


def file_reply(status: int, content: bytes, media_type: str, headers: Sequence[Header] = ()) -> Reply:
    """A reply with content of another kind."""
    return Reply(status, [*headers, _length(content), (b"content-type", media_type.encode())], content)


def empty_reply(status: int, headers: Sequence[Header] = ()) -> Reply:
    """A reply without a body, and so without a content type."""
    return Reply(status, [*headers, *([] if status == 204 else [_length(b"")])], b"")


def refusal(problem: Problem, headers: Sequence[Header] = ()) -> Reply:
    """The reply to a request that was refused with a problem, with `headers` besides those of the problem."""
    if problem.html:
        body = problem.body.encode()
        return Reply(problem.status, [*encoded(problem.headers), _length(body), _HTML], body)
    text = json.dumps(problem.body, ensure_ascii=False, separators=(",", ":"))
    return json_reply(problem.status, text.encode(), [*headers, *encoded(problem.headers)])


def encoded(headers: Mapping[str, str]) -> list[Header]:
    """Headers as ASGI takes them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _length(body: bytes) -> Header:
    return b"content-length", b"%d" % len(body)
