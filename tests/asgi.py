"""The mock in this process: no socket, no subprocess, and a world that every test may spoil.

The application of a dialect is made once and kept for a while; a world is copied from one that was built once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from tests.parity.client import HOST, Client
from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.invoicing import open_invoice
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage

BASE: Final = f"http://{HOST}"
JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"

Query = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The JSON value of the body; numbers with a fraction are `Decimal`. No body at all is an empty text."""
        return json.loads(self.text, parse_float=Decimal) if self.text else ""


@cache
def pristine(scenario: str) -> World:
    """The world of a scenario, built once. Applications share it: what writes to it writes to a fork."""
    return build(scenario)


class Api:
    """One application, its world, and whoever calls it: users go by their usernames, None is nobody."""

    def __init__(self, settings: Settings, world: World) -> None:
        self.stage: Final = Stage(world)
        self._client: Final = Client(create_app(settings, self.stage))

    @property
    def world(self) -> World:
        return self.stage.world

    def user(self, username: str) -> User:
        (found,) = self.world.users.where(username=username)
        return found

    def open_invoice(self, customer_uuid: str, month: Month) -> str:
        """The uuid of the customer's invoice for a month, which is opened where it is missing."""
        with self.stage.transaction() as world:
            found = world.invoices.first(customer_uuid=customer_uuid, year=month.year, month=month.month)
            return (found or open_invoice(world, world.customers.one(customer_uuid), month)).uuid

    def send(
        self, method: str, target: str, username: str | None, headers: Mapping[str, str], content: bytes = b""
    ) -> Reply:
        """The answer to a request with these bytes as its body."""
        token = {} if username is None else {"Authorization": f"Token {self.user(username).token}"}
        answer = self._client.call(method, target, {**token, **headers}, content)
        return Reply(answer.status, answer.headers, answer.body)

    def get(self, path: str, username: str | None = "staff", /, **query: str | int | Sequence[str]) -> Reply:
        return self.ask("GET", path, username, query=query)

    def post(self, path: str, body: object = None, username: str | None = "staff") -> Reply:
        return self.ask("POST", path, username, body)

    def ask(
        self, method: str, path: str, username: str | None = "staff", body: object = None, query: Query | None = None
    ) -> Reply:
        """The answer to a request; None as the body sends none, anything else is sent as JSON."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        if body is None:
            return self.send(method, target, username, {})
        return self.send(method, target, username, {"Content-Type": JSON_TYPE}, json.dumps(body).encode())

    def rows(self, path: str, username: str | None = "staff", /, **query: str | int | Sequence[str]) -> list[Any]:
        """All rows of a list, page after page."""
        found: list[Any] = []
        number = 1
        while True:
            reply = self.get(path, username, **{"page_size": 300, **query, "page": number})
            assert reply.status == 200, reply.text
            found += reply.body
            if len(found) >= int(reply.headers["x-result-count"]):
                return found
            number += 1


@lru_cache(maxsize=8)
def application(scenario: str, revision: str = "documents", wire: bool = False) -> Api:
    """The application of a dialect on a world of its own: whoever changes the world resets it.

    The last eight are kept. What is rendered of a world goes with it, which may be 100 MB.
    """
    return Api(Settings(revision=revision, wire=wire), pristine(scenario).fork())
