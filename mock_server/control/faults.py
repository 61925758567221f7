"""The middleware that lets calls fail, by the rules of the session and by the header `Prefer` of the request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control import replies
from waldur_billing_mock.mock_server.control.connection import hang_up
from waldur_billing_mock.mock_server.control.lookup import Lookup, roles_of
from waldur_billing_mock.mock_server.control.prefer import Preference
from waldur_billing_mock.mock_server.control.rules import Asked, Rule, Rules
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.mock_server.web import reply
from waldur_billing_mock.mock_server.web.problems import Problem, detail
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import headers_by_name
from waldur_billing_mock.openapi.document import Node

FAULT: Final = "waldur.fault"
"""Where the scope names the rule by which the call failed."""

PREFER: Final = b"prefer"
"""The header by which a request asks for a fault."""

DRIPS: Final = 20
DRIP_SECONDS: Final = 2.0
"""A body that drips comes in about so many pieces, and takes so long."""

Sleep = Callable[[float], Awaitable[object]]


class Faults:
    """ASGI middleware. Without rules and without `Prefer` it costs two look-ups.

    `shared` are rules for every session. `sleep` waits so many seconds.
    """

    def __init__(
        self, app: ASGIApp, *, document: Node, lookup: Lookup, shared: Rules, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._app: Final = app
        self._document: Final = document
        self._lookup: Final = lookup
        self._shared: Final = shared
        self._sleep: Final = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own, preferred = session_of(scope).rules, headers_by_name(scope).get(PREFER)
        if not own and not self._shared and preferred is None:
            await self._app(scope, receive, send)
            return
        if preferred is not None:
            try:
                preference = Preference.read(preferred)
            except Problem as problem:
                await reply.refusal(problem)(scope, receive, send)
                return
            if preference is not None:
                await self._prefer(preference, scope, receive, send)
                return
        await self._fail(self._firing(own, scope), scope, receive, send)

    def _firing(self, own: Rules, scope: Scope) -> list[Rule]:
        if not own and not self._shared:
            return []
        asked = Asked(
            operation=self._lookup.operation(scope),
            method=scope["method"],
            path=scope["path"],
            roles=roles_of(self._lookup.user(scope)),
        )
        found = own.firing(asked)
        return found if found and found[-1].ends_the_call else found + self._shared.firing(asked)

    async def _fail(self, rules: list[Rule], scope: Scope, receive: Receive, send: Send) -> None:
        if not rules:
            await self._app(scope, receive, send)
            return
        rule = rules[-1]
        scope[FAULT] = rule.id
        if seconds := sum(one.seconds() for one in rules):
            await self._sleep(seconds)
        if rule.status is not None:
            answer = replies.failure(
                rule.status,
                path=scope["path"],
                method=scope["method"],
                retry_after=rule.said.get("retry_after"),
                body=rule.said.get("body"),
            )
            await answer(scope, receive, send)
        elif rule.effect == "drop":
            await hang_up(scope, at_once=True)
        elif rule.effect is not None:
            await self._spoil(rule.effect, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _spoil(self, effect: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Carries the call out, and spoils its answer."""
        answer = await self._answer(scope, receive)
        body = answer.body
        match effect:
            case "truncate":
                await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await hang_up(scope, at_once=False)
            case "malformed":
                spoiled = body[:-1] + b",]" if body else b"{"
                headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
                headers.append((b"content-length", b"%d" % len(spoiled)))
                await Reply(answer.status, headers, spoiled)(scope, receive, send)
            case _:
                length = max(1, len(body) // DRIPS)
                pieces = [body[place : place + length] for place in range(0, len(body), length)]
                await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
                for piece in pieces:
                    await self._sleep(DRIP_SECONDS / len(pieces))
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        """The whole answer of the application."""
        status, headers, body = 500, [], b""

        async def keep(message: Message) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, keep)
        return Reply(status, headers, body)

    async def _prefer(self, preference: Preference, scope: Scope, receive: Receive, send: Send) -> None:
        if preference.delay:
            await self._sleep(preference.delay / 1000)
        answer = await self._preferred(preference, scope, receive)
        applied = (b"preference-applied", preference.applied.encode("latin-1"))
        await Reply(answer.status, [*answer.headers, applied], answer.body)(scope, receive, send)

    async def _preferred(self, preference: Preference, scope: Scope, receive: Receive) -> Reply:
        """The answer of a rule; what the rule does not name is as always."""
        match = self._lookup.match(scope)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = match.route.operations.get(method) if match is not None else None
        if preference.example is not None and operation is not None:
            try:
                return replies.example(
                    self._document, operation.path, operation.method, preference.example, preference.code
                )
            except LookupError as error:
                return reply.refusal(detail(400, f"Prefer: there is no such example; the operation has: {error}."))
        if preference.code is None or (operation is not None and preference.code == operation.success.status):
            return await self._answer(scope, receive)
        return replies.failure(preference.code, path=scope["path"], method=scope["method"])
