"""Holds the world that is served: resets it, and commits writes to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from waldur_billing_mock.mock_server.billing.world import World


class Stage:
    """Holds the one world that the server works on."""

    def __init__(self, build: Callable[[], World]) -> None:
        self.world = build()
        self._beginning: Final = self.world.fork()

    def reset(self) -> None:
        """Put the world back to its beginning."""
        self.world = self._beginning.fork()

    @contextmanager
    def transaction(self) -> Iterator[World]:
        """A copy of the world to write to. It takes the world's place when the block ends without an exception."""
        copy = self.world.fork()
        yield copy
        self.world = copy
