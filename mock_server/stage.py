"""The world that is on stage, and how to put it back to its beginning."""

from collections.abc import Callable
from typing import Final

from mock_server.billing.store import World


class Stage:
    """Holds the one world that the server works on."""

    def __init__(self, build: Callable[[], World]) -> None:
        self._build: Final = build
        self.world = build()

    def reset(self) -> None:
        """Puts a fresh world in the place of this one: the same seed, so the same world."""
        self.world = self._build()
