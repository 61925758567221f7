"""One line for each request. Bodies are never logged, nor is a token, wherever a caller has put it."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.web.request import headers_by_name

_LONGEST: Final = 1000
_MASK: Final = "***"
_SECRET_NAMES: Final = re.compile("token|secret|passw|api.?key|auth|credential", re.IGNORECASE)
_WALDUR_TOKEN: Final = re.compile("[0-9a-fA-F]{40}")

_LINE: Final = "%-7s %d %7.1f ms  %r"
_NO_FIELDS: Final[Mapping[str, Any]] = {}

_REQUEST_ID: Final = re.compile("[A-Za-z0-9._-]{1,64}")
_WORD_ENDS: Final = re.compile("[^!-~]+")
_LEAST_PART: Final = 8
"""Shorter tokens are looked for as whole words: a single letter is part of most paths."""


Line = tuple[str, dict[str, Any] | None]
"""What is known of a request before it is carried out: its path, and its fields where it is written as fields."""


class RequestLog:
    """Writes a line for each request.

    `write` takes the text of a line and its fields, and `tokens` finds those of the world of a request. `describe`
    gives further fields of a request, such as the user and the operation; without it, lines have no fields.
    """

    def __init__(
        self,
        *,
        write: Callable[[str, Mapping[str, Any]], None],
        tokens: Callable[[Scope], frozenset[str]],
        describe: Callable[[Scope], Mapping[str, str | None]] | None,
    ) -> None:
        self._write: Final = write
        self._tokens: Final = tokens
        self._describe: Final = describe
        self._requests = 0

    def begin(self, scope: Scope) -> Line:
        """Looks up what a request means, before it changes the world."""
        known = self._tokens(scope)
        path = masked(scope["path"], scope["query_string"].decode("latin-1"), known)
        if len(path) > _LONGEST:
            path = f"{path[:_LONGEST]}…"
        if self._describe is None:
            return path, None
        self._requests += 1
        id = _request_id(scope, known) or str(self._requests)
        return path, {"request_id": id, **self._describe(scope), "method": scope["method"], "path": path}

    def end(self, line: Line, method: str, status: int, size: int, seconds: float) -> None:
        """Writes the line of a request that was answered with a body of so many bytes."""
        path, fields = line
        if fields is not None:
            fields = {**fields, "status": status, "ms": round(seconds * 1000, 1), "size": size}
        self._write(_LINE % (method, status, seconds * 1000, path), fields or _NO_FIELDS)


class Logged:
    """ASGI middleware that writes a line for each request. `clock` returns seconds that only ever grow."""

    def __init__(self, app: ASGIApp, *, log: RequestLog, clock: Callable[[], float]) -> None:
        self._app: Final = app
        self._log: Final = log
        self._clock: Final = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        line = self._log.begin(scope)
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
            self._log.end(line, scope["method"], status, size, self._clock() - begun)


def _request_id(scope: Scope, tokens: frozenset[str]) -> str:
    """The id that the caller has given to the request, if it has."""
    given = headers_by_name(scope).get(b"x-request-id", b"").decode("latin-1")
    return _masked_part(given, tokens) if _REQUEST_ID.fullmatch(given) else ""


def masked(path: str, query: str, tokens: frozenset[str]) -> str:
    """The path and the query of a request, without what is a token, looks like one, or is named as a secret."""
    target = f"{path}?{query}" if query else path
    if not _may_hold_secrets(target):
        for token in _unsuspicious(tokens):
            if token in target:
                break
        else:
            return target
    path = "/".join([_masked_part(part, tokens) for part in path.split("/")])
    if not query:
        return path
    return f"{path}?{'&'.join([_masked_member(member, tokens) for member in query.split('&')])}"


def _may_hold_secrets(target: str) -> bool:
    """Whether something is encoded, may be named as a secret, or looks like a token.

    Asked of every request, so by what costs the least: not by `_SECRET_NAMES`, but by parts of all of its words.
    """
    lowered = target.lower()
    return (
        "%" in lowered
        or "+" in lowered
        or "ke" in lowered  # token, key
        or "cre" in lowered  # secret, credential
        or "pass" in lowered
        or "auth" in lowered
        or _WALDUR_TOKEN.search(target) is not None
    )


@lru_cache(maxsize=16)
def _unsuspicious(tokens: frozenset[str]) -> tuple[str, ...]:
    """The tokens that have to be looked for one by one: text with any of the others may hold secrets by that alone."""
    return tuple(token for token in tokens if not _may_hold_secrets(token))


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
