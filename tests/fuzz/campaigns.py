"""What is fuzzed: each campaign is a strategy of inputs and a check that raises where an input is not handled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.asgi import pristine
from tests.fuzz import judge, parsers, streams, worlds
from tests.fuzz.connection import Server
from tests.fuzz.control import control_requests
from tests.fuzz.requests import Sent, requests
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.openapi.operation import Operation

_LONGEST: Final = 3000
"""Characters that a report shows of what was sent."""


@dataclass(frozen=True)
class Campaign:
    """Inputs, and what must hold of each: `check` raises `AssertionError`, or what the code under test raises."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


class Unexplained(AssertionError):
    """An answer that no rule explains. The message shows what was sent."""


def _unexplained(found: Sequence[str], sent: object) -> Unexplained:
    return Unexplained("\n".join([*found, f"sent: {sent!r}"[:_LONGEST]]))


@cache
def server(wire: bool) -> Server:
    """The mock with the single invoice of November, and a session that stores no journal."""
    return Server(Settings(wire=wire, journal_bytes=0), Stage(pristine("one-invoice")))


@cache
def _identifiers() -> Sequence[str]:
    world = pristine("one-invoice")
    rows = [*world.invoices, *world.invoice_items, *world.customers, *world.projects, *world.users, *world.offerings]
    return [row.uuid for row in rows]


def check_request(wire: bool, sent: Sent) -> None:
    """One request, which arrives whole, is answered as Waldur's rules say."""
    mock = server(wire)
    mock.stage.reset()
    outcome = mock.exchange([sent.wire()], [sent.method])
    if found := judge.faults(sent, outcome, wire=wire):
        raise _unexplained(found, sent.wire())


def _requests(wire: bool) -> st.SearchStrategy[Sent]:
    document = judge.joined(wire)
    served = judge.served(wire)
    billing = [one for one in served if not one.beyond and one.operation_id in judge.billing(wire)]

    def of(operation: Operation) -> st.SearchStrategy[Sent]:
        return requests(document, operation, _identifiers())

    return st.one_of(*[st.one_of(*map(of, billing))] * 3, st.one_of(*map(of, served)))


def check_stream(pieces: Sequence[bytes]) -> None:
    """Bytes that need not be HTTP are answered, or the connection is closed; nothing hangs or fails."""
    mock = server(False)
    mock.stage.reset()
    outcome = mock.exchange(pieces)
    found = [*judge.general_faults(outcome)]
    found += [f"{one.status}" for one in outcome.answers if one.status >= 500 and one.status != 503]
    if found:
        raise _unexplained(found, pieces)


def check_control(sent: Sent) -> None:
    """A request to the control plane is answered, whatever it holds, and the API answers afterwards."""
    mock = server(False)
    outcome = mock.exchange([sent.wire()], [sent.method])
    found = judge.head_faults(outcome)
    found += [f"{one.status}: {one.body[:300]!r}" for one in outcome.answers if one.status >= 500]
    if not outcome.answers:
        found.append("no answer")
    for path in ("faults", "sessions", "snapshots"):
        mock.exchange([Sent("DELETE", f"/_mock/{path}".encode(), ((b"Host", b"localhost"),), b"").wire()])
    if found:
        raise _unexplained(found, sent.wire())


@cache
def campaigns() -> Mapping[str, Campaign]:
    """All campaigns by name."""
    return {
        "requests": Campaign(st.deferred(lambda: _requests(False)), lambda sent: check_request(False, sent)),
        "wire": Campaign(st.deferred(lambda: _requests(True)), lambda sent: check_request(True, sent)),
        "control": Campaign(control_requests(), check_control),
        "streams": Campaign(streams.streams(), check_stream),
        **{name: Campaign(*pair) for name, pair in parsers.PARSERS.items()},
        **{name: Campaign(*pair) for name, pair in worlds.WORLDS.items()},
    }


NAMES: Final = tuple(campaigns())


def run(name: str, number: int, examples: int) -> int:
    """Checks so many inputs, which follow from the number; returns how many. Raises what a check raises, shrunk."""
    campaign = campaigns()[name]
    tried = 0

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @seed(number)
    @given(campaign.inputs)
    def check(value: Any) -> None:
        nonlocal tried
        tried += 1
        campaign.check(value)

    check()
    return tried
