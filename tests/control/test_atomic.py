"""What the control plane writes is written as a whole or not at all: an exception is raised at the lines of it.

At every fourth of them; `make faults` tries every one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Any, Final

import pytest

from tests.asgi import pristine
from tests.control.random_writes import Wish, asker
from tests.extent import some_of
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.control import app as control_app
from waldur_billing_mock.mock_server.control.plane import Call
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.world_file import dump

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
PAID = Wish("POST", f"/api/invoices/{UUID}/paid/")
READS = ("/api/invoices/", "/api/invoice-items/", "/api/invoices/growth/", "/api/invoice-items/costs/?page_size=100")
START: Final = json.loads(dump(pristine("one-invoice")))
Place = tuple[str, int]


class Planted(Exception):
    """Nobody expects it."""


class Server:
    """A mock with the session `one`, in which an invoice was paid after the snapshot `unpaid`, and its copy `two`."""

    def __init__(self) -> None:
        stage = Stage(pristine("one-invoice"))
        self.app = create_app(Settings(scenario="one-invoice", journal_bytes=0), stage)
        self.ask(Wish("PUT", "/_mock/snapshots/unpaid"))
        self.ask(PAID)
        self.ask(Wish("PUT", "/_mock/sessions/two", {"from": "one"}))

    def ask(self, wish: Wish, session: str = "one") -> Any:
        return asyncio.run(asker(self.app, session, Random(0))(wish))

    def state(self) -> dict[str, Any]:
        """All that the control plane may write to."""
        sessions = [
            {name: session[name] for name in ("id", "from", "fault_rules")}
            for session in self.ask(Wish("GET", "/_mock/sessions"), "main")
        ]
        ids = [session["id"] for session in sessions]
        return {
            "sessions": sessions,
            "worlds": [self.ask(Wish("GET", "/_mock/world"), id) for id in ids],
            "snapshots": [
                (snapshot["name"], self.ask(Wish("GET", f"/_mock/snapshots/{snapshot['name']}"), id)["rows"])
                for id in ids
                for snapshot in self.ask(Wish("GET", "/_mock/snapshots"), id)
            ],
        }

    def answers(self) -> list[Any]:
        """What follows from the worlds, by their indexes, sums and caches."""
        ids = [session["id"] for session in self.ask(Wish("GET", "/_mock/sessions"), "main")]
        return [self.ask(Wish("GET", path), id) for id in ids for path in READS]


@contextmanager
def tracing(folders: Sequence[str], see: Callable[[Place], None]) -> Iterator[None]:
    """Calls `see` before each line in the folders that a function of the control plane executes in this block."""

    def trace_lines(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            see((frame.f_code.co_filename, frame.f_lineno))
        return trace_lines

    def trace_calls(frame: FrameType, event: str, argument: Any) -> Any:
        return trace_lines if any(folder in frame.f_code.co_filename for folder in folders) else None

    answer = control_app._answer

    def traced(plane: Any, operation: Any, function: Callable[[Call], Any], request: Any) -> Any:
        def call_traced(call: Call) -> Any:
            before = sys.gettrace()
            sys.settrace(trace_calls)
            try:
                return function(call)
            finally:
                sys.settrace(before)

        return answer(plane, operation, call_traced, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control_app, "_answer", traced)
        yield


def executed(name: str) -> tuple[list[Place], dict[str, Any], list[Any]]:
    """The lines that the request executes, the state after it, and what is answered then."""
    seen: list[Place] = []
    server = Server()
    with tracing(folders_of(name), seen.append):
        server.ask(WRITES[name])
    return list(dict.fromkeys(seen)), server.state(), server.answers()


def folders_of(name: str) -> Sequence[str]:
    """What is traced. A world that is built or loaded is nobody's yet, so those lines are left out."""
    return ("/mock_server/control/", "/mock_server/stage.py") if name in ("reseed", "replace") else ("/mock_server/",)


WRITES: Final = {
    "advance": Wish("POST", "/_mock/clock/advance", {"by": "P2M"}),
    "set back": Wish("PUT", "/_mock/clock", {"now": "2025-01-02"}),
    "reset": Wish("POST", "/_mock/reset"),
    "reseed": Wish("POST", "/_mock/reseed", {"seed": 3}),
    "replace": Wish("PUT", "/_mock/world", {**START, "now": "2026-02-01T00:00:00Z"}),
    "take": Wish("PUT", "/_mock/snapshots/new"),
    "take again": Wish("PUT", "/_mock/snapshots/unpaid"),
    "restore": Wish("POST", "/_mock/snapshots/unpaid/restore"),
    "drop a snapshot": Wish("DELETE", "/_mock/snapshots/unpaid"),
    "make": Wish("PUT", "/_mock/sessions/new", {"from": "one"}),
    "make anew": Wish("PUT", "/_mock/sessions/two", {"from": "main"}),
    "drop": Wish("DELETE", "/_mock/sessions/two"),
    "faults": Wish("POST", "/_mock/faults", {"profile": "flaky"}),
}


def fails_at(place: Place, name: str, server: Server) -> bool:
    """Plants an exception where the request executes a line first. False where it does not execute it."""
    planted = False

    def raise_there(seen: Place) -> None:
        nonlocal planted
        if seen == place and not planted:
            planted = True
            raise Planted

    with tracing(folders_of(name), raise_there):
        try:
            server.ask(WRITES[name])
        except (Planted, AssertionError):
            assert planted, place
            return True
    assert not planted, place
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITES)
def test_an_exception_at_any_line_leaves_all_or_nothing_done(name: str) -> None:
    request = WRITES[name]
    executed(name)  # The first time, modules are loaded, and worlds make the indexes that are needed.
    places, after, answers_after = executed(name)
    server = Server()
    before, answers_before = server.state(), server.answers()
    assert len(places) >= 4
    undone = 0

    for place in some_of(places, 6):
        # An index that a failed write has made of the world of before is kept, and so not made again.
        if not fails_at(place, name, server):
            server = Server()
            assert fails_at(place, name, server), place
        found = server.state()
        assert found in (before, after), place
        if found == after:
            assert server.answers() == answers_after, place
            server = Server()
        else:
            undone += 1
            if name in ("reseed", "replace", "restore"):
                server.ask(Wish("POST", "/_mock/reset"))
                assert server.ask(Wish("GET", "/_mock/world")) == START, place
                server.ask(PAID)

    assert undone >= 2
    assert server.answers() == answers_before
    server.ask(request)
    assert server.state() == after
    assert server.answers() == answers_after
