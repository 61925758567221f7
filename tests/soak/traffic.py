"""Random requests, legal and illegal, and clients that send them through connections of their own."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tests.soak.server import SMALL
from waldur_billing_mock.fixtures import build, users
from waldur_billing_mock.mock_server.billing.world import World


@dataclass(frozen=True)
class Request:
    """What is asked; without a token, nobody asks. The body is sent as JSON unless it is bytes."""

    method: str
    target: str
    token: str | None
    body: Any = None

    def wire(self) -> bytes:
        content = (
            self.body if isinstance(self.body, bytes) else b"" if self.body is None else json.dumps(self.body).encode()
        )
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: mock.example"]
        if self.token is not None:
            lines.append(f"Authorization: Token {self.token}")
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content


class Traffic:
    """Draws requests to the world of `tests.soak.server`."""

    def __init__(self, seed: int) -> None:
        self._chance: Final = Random(seed)
        self._world: Final[World] = build("default", size=SMALL)
        self._tokens: Final = [user["token"] for user in users(self._world)]
        self._staff: Final = next(user.token for user in self._world.users if user.is_staff)
        self._invoices: Final = [row.uuid for row in self._world.invoices]
        self._items: Final = [row.uuid for row in self._world.invoice_items]
        self._drawn = 0

    def write(self) -> Request:
        """A write by staff that can be done, or could be before."""
        chance = self._chance
        invoice = f"/api/invoices/{chance.choice(self._invoices)}/"
        item = f"/api/invoice-items/{chance.choice(self._items)}/"
        number = chance.randrange(10**6)
        drawn: list[tuple[str, str, Any]] = [
            ("POST", f"{invoice}paid/", None),
            ("POST", f"{invoice}paid/", {"date": f"2025-12-{number % 28 + 1:02}"}),
            ("POST", f"{invoice}send_notification/", None),
            ("POST", f"{invoice}set_backend_id/", {"backend_id": f"B-{number}"}),
            ("POST", f"{invoice}set_reference_number/", {"reference_number": f"RF{number}"}),
            ("POST", f"{invoice}set_payment_url/", {"payment_url": f"https://pay.example.com/{number}"}),
            ("PATCH", item, {"unit_price": f"{number % 10**4}.{number % 97:02}"}),
            ("PATCH", item, {"quantity": f"{number % 300}.{number % 89:02}"}),
            ("POST", f"{item}create_compensation/", {"offering_component_name": f"Taken back {number}"}),
            ("POST", f"{item}migrate_to/", {"invoice": f"/api/invoices/{chance.choice(self._invoices)}/"}),
            ("DELETE", item, None),
        ]
        method, target, body = chance.choices(drawn, weights=[2, 2, 4, 9, 9, 9, 20, 20, 4, 9, 1])[0]
        return Request(method, target, self._staff, body)

    def nonsense(self) -> Request:
        """A request that is refused, for one reason or another."""
        chance, write = self._chance, self.write()
        price: object = chance.choice(["x", "1e99", None, [], "1" * 99])
        return chance.choice(
            [
                Request(write.method, write.target, None, write.body),
                Request(write.method, write.target, "nobody", write.body),
                Request(write.method, write.target, chance.choice(self._tokens), write.body),
                Request(write.method, write.target, self._staff, b"{" * chance.randrange(1, 600)),
                Request("PATCH", write.target, self._staff, {"unit_price": price}),
                Request("POST", f"/api/invoices/{chance.randrange(10**9)}/paid/", self._staff),
                Request("GET", f"/api/{chance.randrange(10**9)}/", self._staff),
                Request("GET", f"/api/invoices/?year={chance.choice(['x', '9' * 400, '1e9', '%00'])}", self._staff),
                Request("GET", f"/api/invoice-items/?{'x' * chance.randrange(1, 9000)}={chance.random()}", self._staff),
            ]
        )

    def read(self) -> Request:
        """A question that was not asked before."""
        self._drawn += 1
        chance = self._chance
        path = chance.choice(
            ["/api/invoices/", "/api/invoice-items/", "/api/invoice-items/total_price/", "/api/provider-invoice-items/"]
        )
        query: list[tuple[str, object]] = [("page_size", chance.randrange(1, 5)), ("field", "uuid")]
        query += chance.sample(
            [("year", 2025), ("month", chance.randrange(1, 13)), ("page", 1), ("o", "-year"), ("field", "name")], 2
        )
        return Request("GET", f"{path}?{urlencode([*query, ('nr', self._drawn)])}", chance.choice(self._tokens))

    def any(self) -> Request:
        """Reads mostly, some writes, some nonsense."""
        return self._chance.choices([self.read, self.write, self.nonsense], weights=[6, 2, 2])[0]()


@dataclass
class Totals:
    """What clients got: answers by status, and what was no answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())


async def send_all(url: str, clients: int, draw: Callable[[], Request | None]) -> Totals:
    """Sends what is drawn through so many connections at the same time, until None is drawn."""
    totals, address = Totals(), urlsplit(url)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while (request := draw()) is not None:
            writer.write(request.wire())
            try:
                status, closed = await asyncio.wait_for(_answer(reader), 60)
            except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
                totals.faults.append(f"{request.method} {request.target[:200]}: {error!r}")
                return
            totals.statuses[status] += 1
            if status >= 500:
                totals.faults.append(f"{status} to {request}"[:500])
            if closed:
                writer.close()
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.close()

    await asyncio.gather(*[client() for _ in range(clients)])
    return totals


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status of the next answer, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head.split(" ", 2)[1]), "connection: close" in head
