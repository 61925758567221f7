"""The same seed asks the same in the same order; another seed asks otherwise."""

import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.findings import Result
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, Settings
from waldur_billing_mock.mock_server.app import create_default_app

SEED: Final = 4_711
"""Of runs of these tests alone."""
SENT: Final[list[tuple[str, bytes, bytes]]] = []
"""Method, path and query of every request to a `recorded` mock."""


def recorded(**settings: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """A mock that remembers what it was asked."""
    mock = create_default_app(**settings)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        SENT.append((scope["method"], scope["raw_path"], scope["query_string"]))
        await mock(scope, receive, send)

    return answer


def asked(seed: int, *only: str) -> list[tuple[str, bytes, bytes]]:
    """What a run with a seed asks, with a little of Schemathesis."""
    SENT.clear()
    settings = Settings(
        application=f"{__name__}:recorded",
        profile=replace(PROFILES["quick"], examples=1),
        seed=seed,
        only=only,
    )
    run(settings, date(2026, 11, 22), _unheard)
    return list(SENT)


def _unheard(result: Result, number: int, of_all: int) -> None:
    """No progress is shown."""


@cache
def first_asked() -> list[tuple[str, bytes, bytes]]:
    """What the first run with the seed asks: stories, and after them shapes."""
    return asked(SEED, "stories", "shapes")


def test_the_same_seed_asks_the_same_in_the_same_order() -> None:
    assert first_asked() == asked(SEED, "stories", "shapes")


def test_another_seed_asks_otherwise() -> None:
    other = asked(SEED + 1, "stories")

    assert first_asked()[: len(other)] != other


def test_nothing_of_a_run_stays_in_memory() -> None:
    """Schemathesis keeps its applications, behind which the whole run stood: 60 MB each time."""
    first_asked()
    gc.collect()

    kept = [one for one in gc.get_objects() if type(one) is Context and one.target.in_process]
    assert [context for context in kept if context.seed == SEED] == []
