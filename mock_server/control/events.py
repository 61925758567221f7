"""What happened in a session: kept, streamed to listeners, and sent to webhooks."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MOST: Final = 1_000
"""Events that are kept for listeners who come later."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is what the clock of the world said."""

    id: int
    type: str
    at: datetime
    session: str
    about: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "at": self.at.isoformat(), "session": self.session, **self.about}


Listener = Callable[[Event], None]


class Events:
    """The last events of one session, the oldest first, and who listens to new ones."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=MOST)
        self._listeners: list[Listener] = []
        self._last_id = 0
        self._streams = 0

    def emit(self, type: str, at: datetime, session: str, about: dict[str, Any]) -> Event:
        """Something happened; all listeners are called."""
        self._last_id += 1
        event = Event(self._last_id, type, at, session, about)
        self._kept.append(event)
        for listener in tuple(self._listeners):
            listener(event)
        return event

    def since(self, id: int) -> list[Event]:
        """The kept events after the one with this id."""
        return [event for event in self._kept if event.id > id]

    @property
    def is_streamed(self) -> bool:
        """Whether somebody reads the stream of events."""
        return self._streams > 0

    @property
    def last_id(self) -> int:
        return self._last_id

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener for each new event, until what is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def stream(self, listener: Listener) -> Callable[[], None]:
        """The same for who reads the stream."""
        stop = self.listen(listener)
        self._streams += 1

        def end() -> None:
            self._streams -= 1
            stop()

        return end
