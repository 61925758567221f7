"""Random legal writes to the API and to the clock, which follow from a number and from what the world holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from dataclasses import dataclass
from random import Random
from typing import Any

from starlette.types import ASGIApp

Ask = Callable[["Wish"], Coroutine[Any, Any, Any]]
"""Sends a request and returns the JSON value of the answer, which must not be an error."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request."""

    method: str
    path: str
    body: Any = None

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()


def writes_to_invoice(invoice: dict[str, Any], chance: Random) -> Iterator[Wish]:
    path = f"/api/invoices/{invoice['uuid']}/"
    number = chance.randint(1, 999)
    yield Wish("POST", f"{path}set_backend_id/", {"backend_id": f"B-{number}"})
    yield Wish("POST", f"{path}set_reference_number/", {"reference_number": f"R-{number}"})
    yield Wish("POST", f"{path}set_payment_url/", {"payment_url": f"https://pay.example.org/{number}"})
    if invoice["state"] == "created":
        yield Wish("POST", f"{path}paid/")
        yield Wish("POST", f"{path}send_notification/")


def writes_to_item(item: dict[str, Any], others: list[dict[str, Any]], chance: Random) -> Iterator[Wish]:
    path = f"/api/invoice-items/{item['uuid']}/"
    yield Wish("PATCH", path, {"article_code": f"A-{chance.randint(1, 99)}"})
    yield Wish("DELETE", path)
    if float(item["unit_price"]) > 0:
        yield Wish("POST", f"{path}create_compensation/", {"offering_component_name": "Compensation"})
    for other in others:
        if other["customer_details"]["name"] == item["customer_name"] and other["uuid"] not in item["invoice"]:
            yield Wish("POST", f"{path}migrate_to/", {"invoice": f"/api/invoices/{other['uuid']}/"})
            return


async def write(ask: Ask, chance: Random) -> None:
    """One write, chosen of those that are legal now."""
    invoices = await ask(Wish("GET", "/api/invoices/?page_size=100"))
    match chance.randrange(6):
        case 0:
            days = chance.randint(1, 40)
            await ask(Wish("POST", "/_mock/clock/advance", {"by": f"P{days}D"}))
        case 1 | 2:
            await ask(chance.choice(list(writes_to_invoice(chance.choice(invoices), chance))))
        case _:
            items = await ask(Wish("GET", "/api/invoice-items/?page_size=300"))
            if items:
                chance.shuffle(invoices)
                await ask(chance.choice(list(writes_to_item(chance.choice(items), invoices, chance))))


def asker(app: ASGIApp, session: str | None, chance: Random) -> Ask:
    """Asks one application in a session; None: in the main one. Bodies come in pieces; others are served in between."""

    async def ask(wish: Wish) -> Any:
        content = wish.content
        cut = chance.randrange(len(content) + 1)
        pieces = [content[:cut], content[cut:]]
        status, answer = 500, b""

        async def receive() -> MutableMapping[str, Any]:
            await asyncio.sleep(0)
            body = pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(pieces)}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, answer
            await asyncio.sleep(0)
            status, answer = message.get("status", status), answer + message.get("body", b"")

        path, _, query = wish.path.partition("?")
        headers = [(b"authorization", b"Token YOUR_API_TOKEN"), (b"host", b"mock.test")]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        if session is not None:
            headers.append((b"x-mock-session", session.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": wish.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("mock.test", 80),
        }
        await app(scope, receive, send)
        assert status < 300, (wish, status, answer)
        return json.loads(answer) if answer else None

    return ask
