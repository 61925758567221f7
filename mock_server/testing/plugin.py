"""Fixtures of pytest: `waldur_mock`, a mock in this process, and `waldur_mock_url`, a live one. See README.md.

Registered by an entry point, so that installing the package is enough. What a run does not use is not loaded.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.testing.mock import Mock, MockSession

MARKERS = (
    "waldur_scenario(scenario): the world that the mock begins with: a built-in scenario, or a scenario file",
    "waldur_clock(now): where the clock of the world is stopped, such as 2026-03-15",
    "waldur_revision(name): which revision of the API is served, such as 8.0.9",
    "waldur_wire: answer as real servers do, where that differs from what is documented",
    "waldur_faults(**rule): a rule by which calls fail, such as operation='invoices_paid', status=503; repeatable",
)
_MOST_REPORTED = 30


class Mocks:
    """The mocks of a run, or of a worker of one: one for each beginning that a test asks for."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Mock] = {}

    def of(self, node: pytest.Item, *, live: bool) -> Mock:
        """The mock that the markers of a test ask for. One that is `live` is never shared with one that is not."""
        scenario = _first(node, "waldur_scenario", node.config.getini("waldur_mock_scenario"))
        settings: dict[str, Any] = {"wire": node.get_closest_marker("waldur_wire") is not None}
        for name, setting in (("waldur_clock", "now"), ("waldur_revision", "revision")):
            if (value := _first(node, name, None)) is not None:
                settings[setting] = value
        key = (live, str(scenario), *settings.items())
        if key not in self._made:
            from waldur_billing_mock.mock_server.testing.mock import Mock

            self._made[key] = Mock(scenario=scenario, **settings)
        return self._made[key]

    def close(self) -> None:
        for mock in self._made.values():
            mock.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("waldur_mock_scenario", "the scenario of tests without the marker waldur_scenario", default="default")


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture(scope="session")
def _waldur_mocks() -> Iterator[Mocks]:
    mocks = Mocks()
    yield mocks
    mocks.close()


@pytest.fixture
def waldur_mock(request: pytest.FixtureRequest, _waldur_mocks: Mocks) -> Iterator[MockSession]:
    """A mock in this process with a world, a clock, fault rules and a journal of its own for the test.

    Where the test asks for `waldur_mock_url` too, both are of the same world.
    """
    if "waldur_mock_url" in request.fixturenames:
        request.getfixturevalue("waldur_mock_url")
        yield _waldur_mocks.of(request.node, live=True)
        return
    session = _waldur_mocks.of(request.node, live=False).session()
    _plant(session, request.node)
    yield session
    session.faults.clear()  # those of every session, too, which the next test would meet
    if session.id is not None:
        session.sessions.drop(session.id)
    session.close()


@pytest.fixture
def waldur_mock_url(request: pytest.FixtureRequest, _waldur_mocks: Mocks) -> str:
    """The address of a live mock on a free port, one for each worker, in which all is as it was in the beginning."""
    mock = _waldur_mocks.of(request.node, live=True)
    mock.begin_anew()
    _plant(mock, request.node)
    return mock.url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a test that failed shows what the mock was asked."""
    report = yield
    funcargs: dict[str, Any] = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and not {"waldur_mock", "waldur_mock_url"}.isdisjoint(funcargs):
        session = funcargs.get("waldur_mock") or funcargs["_waldur_mocks"].of(item, live=True)
        report.sections.append(("what the mock was asked", "\n".join(_journal(session)) or "nothing"))
    return report


def _first(node: pytest.Item, name: str, default: Any) -> Any:
    """The first argument of the nearest marker of this name."""
    marker = node.get_closest_marker(name)
    if marker is None:
        return default
    if len(marker.args) != 1:
        raise pytest.UsageError(f"{node.nodeid}: the marker {name} takes one argument.")
    return marker.args[0]


def _plant(session: MockSession, node: pytest.Item) -> None:
    for marker in node.iter_markers("waldur_faults"):
        session.faults.add(**marker.kwargs)


def _journal(session: MockSession) -> Iterator[str]:
    """A line for each of the last requests: who asked for what, the answer, and why it was a refusal."""
    entries = session.journal.list(limit=_MOST_REPORTED)
    for entry in entries:
        if "webhook" in entry:
            continue
        query = "&".join(f"{name}={value}" for name, values in entry["query"].items() for value in values)
        line = (
            f"{entry['method']} {entry['path']}{query and '?'}{query} by {entry['user'] or 'nobody'}: {entry['status']}"
        )
        if entry["fault"]:
            line += f", by the fault rule {entry['fault']}"
        if entry["refusal"]:
            line += f", {entry['refusal']['rule']} {entry['response']['body']}"
        yield line
