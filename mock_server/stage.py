"""Holds the world that is served: resets it, replaces it, and commits writes to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from waldur_billing_mock.mock_server.billing.world import World


class Stage:
    """Holds the one world that a session works on, and the one to which a reset goes back.

    A world that is given to a stage is frozen, as others may hold it too: a write changes a fork (`transaction`).
    All who hold the same world share the indexes, sums and texts that are made of it, however late that is.
    """

    def __init__(self, world: World) -> None:
        self.bytes = 0
        """About what the world takes that it does not share with the start world, where somebody counts it."""
        self._world = self._beginning = world.freeze()

    @property
    def world(self) -> World:
        """The world as it is now; the next write puts another one in its place."""
        return self._world

    @property
    def beginning(self) -> World:
        """The world that a reset puts back."""
        return self._beginning

    def reset(self) -> None:
        """Put the world back to its beginning."""
        self._world = self._beginning

    def restart(self, world: World) -> None:
        """Work on another world, to which a reset goes back from now on."""
        self._world = self._beginning = world.freeze()

    def put_back(self, world: World, bytes: int) -> None:
        """Work on a world that was kept, and its bytes. A reset goes where it went."""
        self._world = world.freeze()

    def close(self) -> None:
        """The session has ended."""

    @contextmanager
    def transaction(self) -> Iterator[World]:
        """A fork of the world to write to. It takes the world's place when the block ends without an exception."""
        fork = self._world.fork()
        yield fork
        self._world = fork.freeze()
