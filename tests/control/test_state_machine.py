"""Writes, clock, snapshots, resets and sessions in any order do what a plain model does.

The model holds the text of an export for each session and each snapshot, and knows neither forks nor caches: a write is
done to a world that is loaded from the text, and exported again.
"""

from __future__ import annotations

import asyncio
import json
from decimal import ROUND_UP, Decimal
from functools import cache
from random import Random
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.control.random_writes import Ask, Wish, asker, write
from tests.extent import examples
from tests.operations.writes import small_world_text
from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.world_file import dump, load

SESSIONS = ("main", "a", "b")
NAMES = ("one", "two")
READS = (
    "/api/invoices/?page_size=100",
    "/api/invoice-items/?page_size=300",
    "/api/invoice-items/total_price/",
    "/api/invoices/growth/",
    "/api/invoices/?state=pending&field=price&field=number",
)

Texts = dict[str, str]


class Server:
    """An application on a stage, called in a session of it."""

    def __init__(self) -> None:
        self.stage = Stage(load(small_world_text()))
        self.app = create_app(Settings(size=Size(5, 2, 4), journal_bytes=0), self.stage)

    def asker(self, session: str) -> Ask:
        return asker(self.app, session, Random(0))

    def ask(self, session: str, method: str, path: str, body: Any = None) -> Any:
        return asyncio.run(self.asker(session)(Wish(method, path, body)))

    def write(self, session: str, seed: int) -> None:
        asyncio.run(write(self.asker(session), Random(seed)))


@cache
def model_server() -> Server:
    """What the model lends to do a write to a world, or to answer about one."""
    return Server()


def written(text: str, seed: int) -> str:
    server = model_server()
    server.stage.put_back(load(text), 0)
    server.write("main", seed)
    return dump(server.stage.world)


def moved(text: str, body: dict[str, str]) -> str:
    server = model_server()
    server.stage.put_back(load(text), 0)
    server.ask("main", "POST", "/_mock/clock/advance", body)
    return dump(server.stage.world)


def answers(text: str) -> list[Any]:
    server = model_server()
    server.stage.put_back(load(text), 0)
    return [server.ask("main", "GET", path) for path in READS]


class Machine(RuleBasedStateMachine):
    """A server, and the model beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.start = small_world_text()
        self.worlds: Texts = {"main": self.start}
        self.beginnings: Texts = {"main": self.start}
        self.snapshots: dict[str, Texts] = {"main": {}}
        self.touched = "main"

    def use(self, session: str) -> None:
        """A session is made at first use."""
        self.touched = session
        if session not in self.worlds:
            self.begin(session, self.beginnings["main"])

    def begin(self, session: str, text: str) -> None:
        self.worlds[session] = self.beginnings[session] = text
        self.snapshots[session] = {}

    @rule(session=st.sampled_from(SESSIONS), seed=st.integers(0, 10**6))
    def write(self, session: str, seed: int) -> None:
        self.use(session)
        self.server.write(session, seed)
        self.worlds[session] = written(self.worlds[session], seed)

    @rule(session=st.sampled_from(SESSIONS), move=st.sampled_from(["P1D", "P1M", "P3M"]))
    def advance(self, session: str, move: str) -> None:
        self.use(session)
        self.server.ask(session, "POST", "/_mock/clock/advance", {"by": move})
        self.worlds[session] = moved(self.worlds[session], {"by": move})

    @rule(session=st.sampled_from(SESSIONS))
    def end_the_month(self, session: str) -> None:
        self.use(session)
        self.server.ask(session, "POST", "/_mock/clock/advance", {"until": "month-end"})
        self.worlds[session] = moved(self.worlds[session], {"until": "month-end"})

    @rule(session=st.sampled_from(SESSIONS))
    def reset(self, session: str) -> None:
        self.use(session)
        self.server.ask(session, "POST", "/_mock/reset")
        self.worlds[session] = self.beginnings[session]

    @rule(session=st.sampled_from(SESSIONS), name=st.sampled_from(NAMES))
    def take(self, session: str, name: str) -> None:
        self.use(session)
        self.server.ask(session, "PUT", f"/_mock/snapshots/{name}")
        self.snapshots[session][name] = self.worlds[session]

    @precondition(lambda self: any(self.snapshots.values()))
    @rule(number=st.integers(0, 10))
    def restore(self, number: int) -> None:
        known = [(session, name) for session, texts in self.snapshots.items() for name in texts]
        session, name = known[number % len(known)]
        self.use(session)
        difference = self.server.ask(session, "GET", f"/_mock/snapshots/{name}/diff")
        assert difference["equal"] == (self.snapshots[session][name] == self.worlds[session])
        self.server.ask(session, "POST", f"/_mock/snapshots/{name}/restore")
        self.worlds[session] = self.snapshots[session][name]

    @rule(session=st.sampled_from(SESSIONS[1:]), source=st.sampled_from([None, *SESSIONS]))
    def make_anew(self, session: str, source: str | None) -> None:
        if source is None or source in self.worlds:
            body = {} if source is None else {"from": source}
            self.server.ask("main", "PUT", f"/_mock/sessions/{session}", body)
            self.begin(session, self.beginnings["main"] if source is None else self.worlds[source])
            self.touched = session

    @precondition(lambda self: len(self.worlds) > 1)
    @rule(number=st.integers(0, 10))
    def drop(self, number: int) -> None:
        others = sorted(self.worlds.keys() - {"main"})
        session = others[number % len(others)]
        self.server.ask("main", "DELETE", f"/_mock/sessions/{session}")
        del self.worlds[session], self.beginnings[session], self.snapshots[session]
        self.touched = "main"

    @rule(session=st.sampled_from(SESSIONS), source=st.sampled_from(SESSIONS))
    def replace(self, session: str, source: str) -> None:
        self.use(session)
        if source in self.worlds:
            text = self.worlds[source]
            self.server.ask(session, "PUT", "/_mock/world", json.loads(text))
            self.worlds[session] = self.beginnings[session] = text

    @invariant()
    def the_world_is_that_of_the_model_and_its_figures_follow_from_the_items(self) -> None:
        """Of the session that was used last; all are compared in the end."""
        self.compare(self.touched)

    def compare(self, session: str) -> None:
        text = self.worlds[session]
        world = self.server.ask(session, "GET", "/_mock/world")
        assert world == json.loads(text)
        assert [self.server.ask(session, "GET", path) for path in READS] == answers(text)
        prices: dict[str, Decimal] = {}
        for item in world["invoice_items"]:
            price = (Decimal(item["unit_price"]) * Decimal(item["quantity"])).quantize(Decimal("0.01"), ROUND_UP)
            prices[item["invoice_uuid"]] = prices.get(item["invoice_uuid"], Decimal(0)) + price
        invoices = self.server.ask(session, "GET", "/api/invoices/?page_size=300")
        assert len(invoices) == len(world["invoices"])
        for invoice in invoices:
            assert Decimal(str(invoice["price"])) == prices.get(invoice["uuid"].replace("-", ""), Decimal(0))

    def teardown(self) -> None:
        for session in self.worlds:
            self.compare(session)
        ids = [session["id"] for session in self.server.ask("main", "GET", "/_mock/sessions")]
        assert ids == ["main", *sorted(self.worlds.keys() - {"main"})]


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=examples(2, 25),
    stateful_step_count=15,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take minutes
)
