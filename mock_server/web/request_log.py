"""One line for each request. Bodies are never logged, nor is a token, wherever a caller has put it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LONGEST: Final = 1000
_MASK: Final = "***"
_SECRET_NAMES: Final = re.compile("token|secret|passw|api.?key|auth|credential", re.IGNORECASE)
_WALDUR_TOKEN: Final = re.compile("(?<![0-9a-fA-F])[0-9a-fA-F]{40}")
_SUSPICIOUS: Final = ("%", "+", "token", "secret", "passw", "key", "auth", "credential")
"""Without any of this in lower case, nothing is encoded, and nothing is named as a secret."""

_REQUEST_ID: Final = re.compile("[A-Za-z0-9._-]{1,64}")
_WORD_ENDS: Final = re.compile("[^!-~]+")
_LEAST_PART: Final = 8
"""Shorter tokens are looked for as whole words: a single letter is part of most paths."""


class RequestLog:
    """ASGI middleware.

    `write` takes the text of a line and its fields, `clock` returns seconds, and `tokens` those of the world of
    a request. `describe` gives further fields of a request, such as the user and the operation.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        write: Callable[[str, Mapping[str, Any]], None],
        clock: Callable[[], float],
        tokens: Callable[[Scope], frozenset[str]],
        describe: Callable[[Scope], Mapping[str, str | None]] | None,
    ) -> None:
        self._app: Final = app
        self._write: Final = write
        self._clock: Final = clock
        self._tokens: Final = tokens
        self._describe: Final = describe
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What a request means is looked up before it changes the world.
        fields = self._fields(scope)
        status, size = 500, 0  # what the client gets where the application fails before it answers
        begun = self._clock()

        async def watch(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            milliseconds = (self._clock() - begun) * 1000
            text = f"{scope['method']:7} {status} {milliseconds:7.1f} ms  {fields['path']!r}"
            self._write(text, {**fields, "status": status, "ms": round(milliseconds, 1), "size": size})

    def _fields(self, scope: Scope) -> dict[str, Any]:
        self._requests += 1
        query = scope["query_string"].decode("latin-1")
        known = self._tokens(scope)
        target = masked(scope["path"], query, known)
        return {
            "request_id": _request_id(scope, known) or str(self._requests),
            **(self._describe(scope) if self._describe else {}),
            "method": scope["method"],
            "path": target if len(target) <= _LONGEST else f"{target[:_LONGEST]}…",
        }


def _request_id(scope: Scope, tokens: frozenset[str]) -> str:
    """The id that the caller has given to the request, if it has."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return _masked_part(given, tokens) if _REQUEST_ID.fullmatch(given) else ""


def masked(path: str, query: str, tokens: frozenset[str]) -> str:
    """The path and the query of a request, without what is a token, looks like one, or is named as a secret."""
    target = f"{path}?{query}" if query else path
    if not _may_hold_secrets(target) and not any(token in target for token in tokens):
        return target
    path = "/".join([_masked_part(part, tokens) for part in path.split("/")])
    if not query:
        return path
    return f"{path}?{'&'.join([_masked_member(member, tokens) for member in query.split('&')])}"


def _may_hold_secrets(target: str) -> bool:
    """Asked of every request, so by what costs the least."""
    lowered = target.lower()
    return any(word in lowered for word in _SUSPICIOUS) or bool(_WALDUR_TOKEN.search(target))


def _masked_member(member: str, tokens: frozenset[str]) -> str:
    name, equals, value = member.partition("=")
    if _SECRET_NAMES.search(_decoded(name)):
        return f"{_masked_part(name, tokens)}={_MASK}"
    return f"{_masked_part(name, tokens)}{equals}{_masked_part(value, tokens)}"


def _masked_part(part: str, tokens: frozenset[str]) -> str:
    text = _decoded(part)
    words = _WORD_ENDS.split(text)
    if _WALDUR_TOKEN.search(text) or not tokens.isdisjoint(words):
        return _MASK
    return _MASK if any(len(token) >= _LEAST_PART and token in text for token in tokens) else part


def _decoded(text: str) -> str:
    """The text without percent-encoding, which may have been applied more than once."""
    for _ in range(3):
        if "%" not in text and "+" not in text:
            break
        text = unquote_plus(text)
    return text
