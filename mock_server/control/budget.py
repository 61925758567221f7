"""What the sessions take together, and the limit on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.problems import Problem, detail

ROW_BYTES: Final = 2_000
"""About what a row takes that a world does not share, with its places in indexes."""


class Budget:
    """Bytes that the worlds and the journals of all sessions but the main one take. The limit is `most`.

    Whoever changes a world or a journal counts the change here; where there is no room, `recount` counts all anew.
    Journals give way to worlds: `drop_journals` is called with the bytes for which there is no room.
    """

    def __init__(self, most: int) -> None:
        self.most: Final = most
        self.worlds = 0
        self.journals = 0
        self.recount: Callable[[], None] = lambda: None
        self.drop_journals: Callable[[int], None] = lambda missing: None

    @property
    def used(self) -> int:
        return self.worlds + self.journals

    def has_room(self, more: int = 0) -> bool:
        """Whether so many bytes more fit, once journals have been dropped where they do not."""
        if self.used + more > self.most:
            self.recount()
        if self.used + more > self.most:
            self.drop_journals(self.used + more - self.most)
        return self.used + more <= self.most


class BoundedStage(Stage):
    """The stage of a session whose writes are refused where all sessions together would take too much."""

    def __init__(self, world: World, budget: Budget, taken: int = 0) -> None:
        """`taken` are the bytes for which the world counts before the first write."""
        super().__init__(world)
        self._budget: Final = budget
        self._at_beginning = taken
        self._count_from(self.world, taken)

    def reset(self) -> None:
        super().reset()
        self._count_from(self.world, self._at_beginning)

    def restart(self, world: World) -> None:
        """Raises `Problem` 503 where there is no room for the world."""
        taken = ROW_BYTES * world.size
        self._must_fit(taken)
        super().restart(world)
        self._at_beginning = taken
        self._count_from(world, taken)

    def put_back(self, world: World, bytes: int) -> None:
        """Raises `Problem` 503 where there is no room for the world."""
        self._must_fit(bytes)
        super().put_back(world, bytes)
        self._count_from(world, bytes)

    @contextmanager
    def transaction(self) -> Iterator[World]:
        """See `Stage`. Raises `Problem` 503 at the end where there is no room for what was written."""
        with super().transaction() as world:
            yield world
            taken = self._taken + ROW_BYTES * min(world.changes - self._changes, world.size)
            self._must_fit(taken)
        self._account(taken)

    def close(self) -> None:
        self._account(0)

    def _count_from(self, world: World, taken: int) -> None:
        """Count the changes from now on, of a world that takes so much."""
        self._taken, self._changes = taken, world.changes
        self._account(taken)

    def _must_fit(self, taken: int) -> None:
        more = taken - self.bytes
        if more > 0 and not self._budget.has_room(more):
            raise detail(503, no_room(self._budget.most))

    def _account(self, taken: int) -> None:
        self._budget.worlds += taken - self.bytes
        self.bytes = taken


def too_many(most: int, what: str, remedy: str, option: str) -> Problem:
    """The refusal where a session has as many of something as it may have."""
    return detail(503, f"A session has at most {most} {what}. {remedy}, or start the mock with a larger {option}.")


def no_room(most: int) -> str:
    """The refusal where sessions take too much."""
    return (
        f"The sessions of this mock take {most / 1_000_000:g} MB together, which is the limit. Drop or reset some, or "
        "drop snapshots (DELETE /_mock/sessions/{id}, POST /_mock/reset, DELETE /_mock/snapshots/{name}), or start the "
        "mock with a larger --max-sessions-mb."
    )
