"""A hundred sessions that are written to at once end as if each had been alone."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest

from tests.control.random_writes import Ask, Wish, asker, write
from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.app import create_default_app

SESSIONS = 100
WRITES = 8


async def play(ask: Ask, seed: int) -> Any:
    """Some writes, and what the world is in the end."""
    chance = Random(seed)
    for _ in range(WRITES):
        await write(ask, chance)
    return await ask(Wish("GET", "/_mock/world"))


@pytest.mark.slow
def test_sessions_that_are_written_to_at_once_end_as_if_each_had_been_alone() -> None:
    settings: dict[str, Any] = {"size": Size(5, 2, 4), "journal_bytes": 20_000}
    together, alone = create_default_app(**settings), create_default_app(**settings)

    async def at_once() -> list[Any]:
        return await asyncio.gather(
            *(play(asker(together, f"s{seed}", Random(seed)), seed) for seed in range(SESSIONS))
        )

    async def one_after_the_other() -> list[Any]:
        ends = []
        for seed in range(SESSIONS):
            ask = asker(alone, None, Random(0))
            ends.append(await play(ask, seed))
            await ask(Wish("POST", "/_mock/reset"))
        return ends

    parallel, sequential = asyncio.run(at_once()), asyncio.run(one_after_the_other())

    assert parallel == sequential
    assert len({json.dumps(world) for world in parallel}) == SESSIONS
    start = asyncio.run(asker(together, None, Random(0))(Wish("GET", "/_mock/world")))
    assert start == asyncio.run(asker(alone, None, Random(0))(Wish("GET", "/_mock/world")))
