"""A write that fails anywhere changes nothing: an exception is raised at the lines that a write executes.

At every fourth of them; `make faults` tries every one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import pytest

from tests.asgi import JSON_TYPE, Api, application
from tests.extent import some_of
from tests.operations.figures import INVOICE, SERVER, TRAFFIC, invoice_path, item_path, sums
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.tables import Database
from waldur_billing_mock.mock_server.world_file import dump, load

TRACED: Final = tuple(f"/mock_server/{folder}/" for folder in ("billing", "tables", "operations", "spec", "web"))
_RULES: Final = "/mock_server/billing/"
Request = tuple[str, str, Any]
Place = tuple[str, int]


class Planted(Exception):
    """Nobody expects it."""


WRITES: Final[dict[str, Callable[[Api], Request]]] = {
    "paid": lambda api: ("POST", invoice_path(INVOICE, "paid/"), None),
    "paid with a payment": lambda api: ("POST", invoice_path(INVOICE, "paid/"), {"date": "2025-12-04"}),
    "send_notification": lambda api: ("POST", invoice_path(INVOICE, "send_notification/"), None),
    "set_backend_id": lambda api: ("POST", invoice_path(INVOICE, "set_backend_id/"), {"backend_id": "B"}),
    "set_payment_url": lambda api: (
        "POST",
        invoice_path(INVOICE, "set_payment_url/"),
        {"payment_url": "https://pay.example.com/1"},
    ),
    "set_reference_number": lambda api: (
        "POST",
        invoice_path(INVOICE, "set_reference_number/"),
        {"reference_number": "R"},
    ),
    "update": lambda api: ("PUT", item_path(SERVER), {"unit_price": "7", "start": "2025-11-03T00:00:00Z"}),
    "partial_update": lambda api: ("PATCH", item_path(TRAFFIC), {"quantity": "200"}),
    "destroy": lambda api: ("DELETE", item_path(SERVER), None),
    "create_compensation": lambda api: (
        "POST",
        item_path(SERVER, "create_compensation/"),
        {"offering_component_name": "Server"},
    ),
    "migrate_to": lambda api: (
        "POST",
        item_path(SERVER, "migrate_to/"),
        {"invoice": invoice_path(_december(api))},
    ),
}


def _december(api: Api) -> str:
    """The uuid of another invoice of the customer, opened where it is missing."""
    return api.open_invoice(api.world.invoices.one(INVOICE).customer_uuid, Month(2025, 12))


def send(api: Api, request: Request) -> int:
    method, path, body = request
    content = b"" if body is None else json.dumps(body).encode()
    return api.send(method, path, "staff", {"Content-Type": JSON_TYPE}, content).status


@contextmanager
def traced(api: Api, see: Callable[[Place], None]) -> Iterator[None]:
    """Calls `see` before each line of the mock that is executed in a transaction in this block."""

    def trace_lines(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            see((frame.f_code.co_filename, frame.f_lineno))
        return trace_lines

    def trace_calls(frame: FrameType, event: str, argument: Any) -> Any:
        return trace_lines if any(folder in frame.f_code.co_filename for folder in TRACED) else None

    @contextmanager
    def transaction(stage: Stage) -> Iterator[World]:
        with original(stage) as world:
            before = sys.gettrace()
            sys.settrace(trace_calls)
            try:
                yield world
            finally:
                sys.settrace(before)

    original = Stage.transaction
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stage, "transaction", transaction)
        yield


def executed(api: Api, request: Request) -> list[tuple[Place, int]]:
    """Each line that the write executes, with the first time that it does, and for rules the last time as well."""
    counts: dict[Place, int] = {}

    def count(place: Place) -> None:
        counts[place] = counts.get(place, 0) + 1

    world = api.world
    with traced(api, count):
        status = send(api, request)
    assert status < 300
    api.stage.put_back(world, 0)
    return [(place, time) for place, last in counts.items() for time in sorted({1, last if _RULES in place[0] else 1})]


def fail_at(api: Api, request: Request, place: Place, time: int) -> None:
    """The write, with an exception at a line when it is executed for the given time."""
    passed = 0

    def raise_there(seen: Place) -> None:
        nonlocal passed
        if seen == place:
            passed += 1
            if passed == time:
                raise Planted

    with traced(api, raise_there):
        assert send(api, request) == 500, place


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITES)
def test_an_exception_at_any_line_of_a_write_changes_nothing(name: str) -> None:
    api = application("one-invoice")
    api.stage.reset()
    request = WRITES[name](api)
    before, figures = api.world, sums(api)
    text = dump(before)
    executed(api, request)  # The first time, the world makes the indexes that the write needs.
    places = executed(api, request)
    assert len(places) > 100

    for place, time in some_of(places, 4):
        fail_at(api, request, place, time)
        assert api.world is before, place

    assert dump(before) == text
    # Indexes, sums and caches are those of a world that has never been written to.
    assert sums(api) == figures
    api.stage.put_back(load(text), 0)
    assert sums(api) == figures


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["put", "remove"])
def test_an_exception_at_any_put_or_remove_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, method: str, after: bool, name: str
) -> None:
    api = application("one-invoice")
    api.stage.reset()
    request = WRITES[name](api)
    before, figures, text = api.world, sums(api), dump(api.world)
    original = getattr(Database, method)
    calls, failing = 0, 0

    def planted(self: Any, row: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == failing and not after:
            raise Planted
        found = original(self, row)
        if calls == failing:
            raise Planted
        return found

    monkeypatch.setattr(Database, method, planted)
    for failing in range(1, 10):
        calls = 0
        status = send(api, request)
        if status < 300:
            assert calls == failing - 1
            return
        assert status == 500
        assert (dump(api.world), sums(api)) == (text, figures)
        assert api.world is before
    pytest.fail("the write takes more than nine calls")
