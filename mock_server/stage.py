"""Holds the world that is served: resets it, replaces it, and commits writes to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from waldur_billing_mock.mock_server.billing.world import World


class Stage:
    """Holds the one world that a session works on, and the one to which a reset goes back."""

    def __init__(self, build: Callable[[], World]) -> None:
        self.world = build()
        self.bytes = 0
        """About what the world takes that it does not share with the start world, where somebody counts it."""
        self._beginning = self.world.fork()

    @property
    def beginning(self) -> World:
        """The world that a reset puts back. The caller does not change it."""
        return self._beginning

    def reset(self) -> None:
        """Put the world back to its beginning."""
        self.world = self._beginning.fork()

    def restart(self, world: World) -> None:
        """Work on another world, to which a reset goes back from now on. The caller does not change it any more."""
        self.world, self._beginning = world.fork(), world

    def put_back(self, world: World, bytes: int) -> None:
        """Work on a world that was kept, and its bytes. A reset goes where it went. The caller does not change it."""
        self.world = world.fork()

    def close(self) -> None:
        """The session has ended."""

    @contextmanager
    def transaction(self) -> Iterator[World]:
        """A copy of the world to write to. It takes the world's place when the block ends without an exception."""
        copy = self.world.fork()
        yield copy
        self.world = copy
