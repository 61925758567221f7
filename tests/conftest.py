"""What several folders of tests share: a served mock, mocks in this process, and the worlds that they hold."""

import gc
import os
import signal
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import entry_points

import pytest
from hypothesis import settings

import tests.frozen_rows  # noqa: F401  # Before anything that imports billing.
from tests.asgi import Api, application
from tests.serving import Mock, serving

# Worlds and applications are many objects and hardly any garbage; to look for it often takes a fifth of the time.
gc.set_threshold(200_000, 20, 50)

# How long an example takes depends on what else runs on the machine.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# Installed, the package registers it by an entry point.
_INSTALLED = any(one.name == "waldur_mock" for one in entry_points(group="pytest11"))
pytest_plugins = [] if _INSTALLED else ["waldur_billing_mock.mock_server.testing.plugin"]


@pytest.fixture(scope="module")
def served() -> Iterator[Mock]:
    """One mock for a module of tests, in a process of its own, with whatever the tests before left in it."""
    with serving() as mock:
        yield mock


@pytest.fixture
def mock(served: Mock) -> Mock:
    """The module's mock, with its seeded world brought back."""
    served.reset()
    return served


@pytest.fixture
def november() -> Iterator[Api]:
    """The mock in this process, with the single invoice of November 2025 as it was in the beginning."""
    api = application("one-invoice")
    api.stage.reset()
    yield api
    api.stage.reset()


@pytest.fixture
def readable() -> Api:
    """The mock in this process, with the default world, for tests that change nothing."""
    return application("default")


@pytest.fixture(scope="session", autouse=True)
def _the_clock_of_the_machine() -> Iterator[None]:
    """The instant in `WALDUR_TESTS_AT`, from where time goes on, is that of this process (`make calendar`)."""
    moment = os.environ.get("WALDUR_TESTS_AT")
    if moment is None:
        yield
        return
    import time_machine

    with time_machine.travel(datetime.fromisoformat(moment), tick=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_what_tests_start() -> None:
    """A shell that runs tests in the background has them ignore Ctrl-C, and so would the programs that they start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
