"""The world that is on stage, and how to put it back to its beginning."""

from collections.abc import Callable
from typing import Final

from waldur_billing_mock.mock_server.billing.store import World


class Stage:
    """Holds the one world that the server works on."""

    def __init__(self, build: Callable[[], World]) -> None:
        self.world = build()
        self._beginning: Final = self.world.fork()

    def reset(self) -> None:
        """Puts the world back to its beginning."""
        self.world = self._beginning.fork()
