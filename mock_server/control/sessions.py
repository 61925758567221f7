"""The sessions of a server: made when they are first used, dropped when nobody uses them, bounded."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from waldur_billing_mock.mock_server.control.budget import BoundedStage, Budget, no_room
from waldur_billing_mock.mock_server.control.session import MAIN, Session
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.problems import detail

ID: Final = re.compile("[A-Za-z0-9_-]{1,64}")


class NoSession(LookupError):
    """There is no session with the id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"There is no session {id!r}.")


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How many sessions there may be besides the main one, their bytes together, and how long one may be idle."""

    most: int
    most_bytes: int
    idle_seconds: float


class MakeSession(Protocol):
    """Makes a session that works on a stage. Its journal counts for the budget, where there is one."""

    def __call__(self, id: str, stage: Stage, budget: Budget | None, origin: str) -> Session: ...


class Sessions:
    """All sessions by their ids. `clock` returns monotonic seconds.

    A new session begins with the start world: that to which a reset of the main session goes back.
    """

    def __init__(self, make: MakeSession, stage: Stage, limits: SessionLimits, clock: Callable[[], float]) -> None:
        self.main: Final = make(MAIN, stage, None, MAIN)
        self.budget: Final = Budget(limits.most_bytes)
        self.budget.recount = self._recount
        self.budget.drop_journals = self._drop_journals
        self._make: Final = make
        self._limits: Final = limits
        self._clock: Final = clock
        self._others: Final[OrderedDict[str, Session]] = OrderedDict()
        """The one that was used longest ago comes first."""

    def __len__(self) -> int:
        self._expire()
        return 1 + len(self._others)

    def __iter__(self) -> Iterator[Session]:
        """The main session, then the others by their ids."""
        self._expire()
        yield self.main
        yield from [self._others[id] for id in sorted(self._others)]

    def get(self, id: str) -> Session:
        """Raises `NoSession` where there is none with the id."""
        found = self.find(id)
        if found is None:
            raise NoSession(id)
        return found

    def find(self, id: str) -> Session | None:
        """The session, which does not count as used."""
        self._expire()
        return self.main if id == MAIN else self._others.get(id)

    def use(self, id: str) -> Session:
        """The session, made if it is missing. Raises `Problem`: 400 for an id that none can have, 503 for too many."""
        found = self.find(id)
        if found is None:
            return self._add(id, None)
        if found is not self.main:
            found.used = self._clock()
            self._others.move_to_end(id)
        return found

    def put(self, id: str, source: Session | None) -> Session:
        """A new session in the place of the one with the id, if there is one. It begins with the world of the `source`.

        Raises `Problem` as `use` does.
        """
        found = self._others.get(id)
        if found is None:
            return self._add(id, source)
        made = self._others[id] = self._made(id, source)
        self._others.move_to_end(id)
        self._end(found)
        return made

    def drop(self, id: str) -> None:
        """Raises `NoSession`."""
        found = self.get(id)
        self._remove(found)

    def idle_seconds(self, session: Session) -> float:
        return self._clock() - session.used

    def _add(self, id: str, source: Session | None) -> Session:
        if ID.fullmatch(id) is None:
            raise detail(400, f"A session has an id of 1 to 64 letters, digits, hyphens and underscores, not {id!r}.")
        limits = self._limits
        if len(self._others) >= limits.most:
            raise detail(
                503,
                f"There are {limits.most} sessions already, which is the limit. Drop one (DELETE /_mock/sessions/"
                f"{{id}}), wait until one has been idle for {limits.idle_seconds / 60:g} minutes, or start the mock "
                "with a larger --max-sessions.",
            )
        made = self._others[id] = self._made(id, source)
        return made

    def _made(self, id: str, source: Session | None) -> Session:
        begun = self.main if source is None else source
        world = begun.stage.beginning if source is None else begun.stage.world
        taken = 0 if source is None else begun.stage.bytes
        if not self.budget.has_room(taken):
            raise detail(503, no_room(self.budget.most))
        stage = BoundedStage(world, self.budget, taken)
        return self._make(id, stage, self.budget, begun.id)

    def _expire(self) -> None:
        now = self._clock()
        while self._others:
            oldest = next(iter(self._others.values()))
            if now - oldest.used < self._limits.idle_seconds:
                return
            if oldest.events.is_streamed:
                oldest.used = now
                self._others.move_to_end(oldest.id)
            else:
                self._remove(oldest)

    def _remove(self, session: Session) -> None:
        del self._others[session.id]
        self._end(session)

    def _end(self, session: Session) -> None:
        """Release what a session holds that is not found any more."""
        session.webhooks.clear()
        session.journal.clear()
        session.snapshots.clear()
        session.stage.close()

    def _recount(self) -> None:
        self.budget.worlds = sum(one.stage.bytes + one.snapshots.bytes for one in self._others.values())
        self.budget.journals = sum(one.journal.bytes for one in self._others.values())

    def _drop_journals(self, missing: int) -> None:
        """The oldest entries of those who were idle for longest are dropped first, until so many bytes are free."""
        for session in self._others.values():
            if missing <= 0:
                return
            missing -= session.journal.shrink(missing)
