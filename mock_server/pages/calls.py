"""Calls of the API within the process: what pages show of it, and what their buttons do, is what callers get."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.control.session import set_session
from waldur_billing_mock.mock_server.pages.view import View


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON value; the text where it is none; None without a body."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content.decode("utf-8", "replace")

    @property
    def reason(self) -> str:
        """Why it was refused, in the words of the API."""
        match self.body:
            case {"detail": str(text)}:
                return text
            case dict(fields):
                return " ".join(f"{name}: {_sentence(texts)}" for name, texts in fields.items())
            case list(texts):
                return _sentence(texts)
            case body:
                return str(body or "")[:200]


async def call(
    view: View, app: ASGIApp, user: User | None, path: str, *, method: str = "GET", query: str = "", body: Any = None
) -> Answer:
    """The answer of an application to a user (None: nobody), in the session of the page."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = [(b"host", view.request.headers.get("host", "localhost").encode("latin-1")), (b"accept", b"*/*")]
    if user is not None:
        headers.append((b"authorization", f"Token {user.token}".encode()))
    if body is not None:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    scope = {
        **{name: view.request.scope[name] for name in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": method,
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
    }
    set_session(scope, view.session)
    sent: list[Message] = [{"type": "http.request", "body": content}]
    status, found, answered = 500, [], bytearray()

    async def receive() -> Message:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, found
        if message["type"] == "http.response.start":
            status, found = message["status"], list(message.get("headers", ()))
        else:
            answered.extend(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, {name.decode("latin-1"): value.decode("latin-1") for name, value in found}, bytes(answered))


async def as_staff(view: View, path: str, *, method: str = "POST", body: Any = None) -> Answer:
    """A call of the API as the first user of the staff, which the journal lists as any other."""
    user = next((user for user in view.world.users if user.is_staff and user.is_active), None)
    return await call(view, view.site.plane.api, user, path, method=method, body=body)


def _sentence(texts: Any) -> str:
    return " ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
