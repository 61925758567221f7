"""The guard as an ASGI application: Schemathesis talks to it and has no other way to the target.

Schemathesis is given a placeholder instead of a token. The proxy replaces it, so that no report of Schemathesis can
show a token.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from weakref import ref

from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.guard import CannotAsk, Guard, Identity

PLACEHOLDER: Final = "Token 0123456789abcdef0123456789abcdef01234567"
_ANONYMOUS: Final = Identity("anonymous")
_HOP: Final = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "user-agent"})

Message = MutableMapping[str, Any]


class Reference:
    """An ASGI application that another one stands behind for as long as somebody else needs it.

    Schemathesis keeps every application until the process ends, and a `SchemathesisProxy` has the whole run behind it.
    """

    def __init__(self, app: "SchemathesisProxy") -> None:
        self._app: Final = ref(app)

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        app = self._app()
        if app is not None:
            await app(scope, receive, send)


class SchemathesisProxy:
    """Hands every request to the guard. `answered` is called with each answer; `failures` holds why others had none."""

    def __init__(self, guard: Guard, identity: Identity, answered: Callable[[Request, Answer], None]) -> None:
        self.failures: Final[list[str]] = []
        self._guard: Final = guard
        self._identity: Final = identity
        self._answered: Final = answered

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        identity = self._identity if given.get("authorization") == PLACEHOLDER else _ANONYMOUS
        headers = {name: value for name, value in given.items() if name not in _HOP}
        if identity.token:
            del headers["authorization"]
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        request = Request(scope["method"], target, tuple(headers.items()), body)
        try:
            # In a thread, as the guard waits and the loop of Schemathesis must not.
            answer = await asyncio.to_thread(self._guard.send, request, identity)
        except CannotAsk as error:
            self.failures.append(str(error))
            raise
        self._answered(request, answer)
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        await send({"type": "http.response.body", "body": answer.body})
