"""A request that spans a reset is answered from the world after it, and from that one alone."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message

from tests.asgi import Api
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.settings import Settings


def answer(api: Api, method: str, path: str, body: bytes, between: Callable[[], object]) -> tuple[int, Any]:
    """The answer to a request of staff, whose body arrives in two chunks with something happening in between."""
    app = create_app(Settings(), api.stage)
    pieces = [body[:5], body[5:]]
    sent: list[Message] = []

    async def receive() -> Message:
        if len(pieces) == 1:
            between()
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    token = api.user("staff").token.encode()
    headers = [(b"authorization", b"Token " + token), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "server": ("waldur.example", 80),
        "client": None,
        "headers": [*headers, (b"transfer-encoding", b"chunked")],
    }

    async def ask() -> None:
        await app(scope, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], json.loads(sent[1]["body"] or b"null")


@pytest.mark.parametrize("path", ["/api/invoices/", "/api/invoice-items/"])
def test_a_list_is_that_of_the_world_that_is_served(november: Api, path: str) -> None:
    for item in november.rows("/api/invoice-items/"):
        november.ask("DELETE", f"/api/invoice-items/{item['uuid']}/")

    status, body = answer(november, "GET", path, b"x" * 10, november.stage.reset)

    assert (status, body) == (200, november.get(path).body)


def test_a_write_is_made_in_the_world_after_a_reset(november: Api) -> None:
    invoice = november.rows("/api/invoices/")[0]
    path = f"/api/invoices/{invoice['uuid']}/set_reference_number/"
    november.post(path, {"reference_number": "RF17"})

    status, _ = answer(november, "POST", path, b'{"reference_number": "RF18"}', november.stage.reset)

    assert (status, november.rows("/api/invoices/")[0]) == (200, {**invoice, "reference_number": "RF18"})


def test_who_is_deactivated_while_a_body_arrives_is_refused(november: Api) -> None:
    user = november.user("staff")
    path = f"/api/invoices/{november.rows('/api/invoices/')[0]['uuid']}/set_reference_number/"

    def deactivate() -> None:
        with november.stage.transaction() as world:
            world.put(replace(user, is_active=False))

    status, body = answer(november, "POST", path, b'{"reference_number": "RF18"}', deactivate)

    assert (status, body) == (401, {"detail": "User inactive or deleted."})
