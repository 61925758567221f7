"""Copies of a session's world that have a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.budget import Budget, no_room, too_many
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.problems import detail


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A world as it was. `taken` is by the time of day, `bytes` what it counts for in the budget."""

    name: str
    world: World
    taken: datetime
    bytes: int


class Snapshots:
    """The snapshots of one session, by name, `most` of them at most. Those of a session with a budget count for it."""

    def __init__(self, stage: Stage, budget: Budget | None, most: int) -> None:
        self._stage: Final = stage
        self._budget: Final = budget
        self._most: Final = most
        self._by_name: dict[str, Snapshot] = {}

    def __iter__(self) -> Iterator[Snapshot]:
        """In the order in which they were taken."""
        return iter(self._by_name.values())

    @property
    def bytes(self) -> int:
        """What they count for in the budget."""
        return 0 if self._budget is None else sum(snapshot.bytes for snapshot in self)

    def get(self, name: str) -> Snapshot | None:
        return self._by_name.get(name)

    def take(self, name: str, at: datetime) -> Snapshot:
        """The world as it is now, in the place of the snapshot with this name, if there is one.

        Raises `Problem` 503 where there are too many, or there is no room.
        """
        before = self._by_name.get(name)
        if before is None and len(self._by_name) >= self._most:
            raise too_many(self._most, "snapshots", "Drop one (DELETE /_mock/snapshots/{name})", "--max-snapshots")
        bytes = self._stage.bytes
        more = bytes - (0 if before is None else before.bytes)
        if self._budget is not None and not self._budget.has_room(more):
            raise detail(503, no_room(self._budget.most))
        snapshot = Snapshot(name, self._stage.world, at, bytes)
        self._by_name = {**{other.name: other for other in self if other is not before}, name: snapshot}
        self._count(more)
        return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Put the session's world back to it. A reset goes where it went. Raises `Problem` 503 without room for it."""
        self._stage.put_back(snapshot.world, snapshot.bytes)

    def drop(self, name: str) -> bool:
        """False where there is none with this name."""
        found = self._by_name.pop(name, None)
        if found is not None:
            self._count(-found.bytes)
        return found is not None

    def clear(self) -> None:
        for name in list(self._by_name):
            self.drop(name)

    def _count(self, more: int) -> None:
        if self._budget is not None:
            self._budget.worlds += more
