"""Answers from a mock in this process what a server lacks."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Scope, Send

from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.traffic import Presence

HEADER: Final = b"waldur-mock-fallback"
"""Names the operation in an answer that the mock has given."""
MOCK: Final = "the mock"


class MockFallback:
    """A mock in the place of operations that a server lacks. Whoever sends a token is the user of `token` there."""

    def __init__(self, mock: ASGIApp, token: str, description: Description) -> None:
        self._mock: Final = mock
        self._authorization: Final = (b"authorization", f"Token {token}".encode("latin-1"))
        self._routes: Final = Routes(description.operations.values())
        self._presence: Final = Presence(description)

    def answers(self, method: str, path: str, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer says that the server lacks a described operation."""
        operation = self._routes.of_reading(method, path)
        return operation is not None and self._presence.lacks(operation, method, path, status, headers)

    async def answer(self, scope: Scope, body: bytes, send: Send) -> str:
        """Sends the answer of the mock, with a header that says so, and returns who has given it."""
        operation = self._routes.of_reading(scope["method"], scope["path"])
        assert operation is not None, "only described operations are answered"
        marked = (HEADER, operation.operation_id.encode("latin-1"))
        headers = [
            self._authorization if name == b"authorization" else (name, value) for name, value in scope["headers"]
        ]
        asked = {**scope, "headers": headers, "state": {}}

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], marked]}
            await send(message)

        await self._mock(asked, receive, mark)
        return MOCK
