"""A session: a caller's own world with everything that belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.types import Scope

from waldur_billing_mock.mock_server.control.events import Events
from waldur_billing_mock.mock_server.control.journal import Journal
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.snapshots import Snapshots
from waldur_billing_mock.mock_server.control.webhooks import Webhooks
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.request import HEADERS, Headers

MAIN: Final = "main"
"""The session of those who name none."""

SESSION: Final = "waldur.session"
"""Where the scope holds the session of a request, which `FindSession` puts there."""


class RunningClock:
    """A clock that runs from where it is set. `now` returns the time of day."""

    def __init__(self, now: Callable[[], datetime], at: datetime) -> None:
        self._now: Final = now
        self._offset = timedelta()
        self.set(at)

    def set(self, at: datetime) -> None:
        self._offset = at - self._now()

    def read(self) -> datetime:
        """The time by this clock, to the second."""
        return (self._now() + self._offset).replace(microsecond=0)


@dataclass(slots=True, kw_only=True)
class Session:
    """What belongs to one caller.

    `created` is by the time of day, `used` in seconds of a clock that only ever grows. `origin` is the session whose
    world this one began with. Without a `clock` the world's time moves only when somebody moves it.
    """

    id: str
    stage: Stage
    journal: Journal
    rules: Rules
    events: Events
    webhooks: Webhooks
    snapshots: Snapshots
    created: datetime
    used: float
    origin: str = MAIN
    clock: RunningClock | None = None


def session_of(scope: Scope) -> Session:
    """The session of a request."""
    found: Session = scope[SESSION]
    return found


def set_session(scope: Scope, session: Session) -> None:
    """Have a request that the mock makes itself be of a session, as `FindSession` does it for others."""
    scope[HEADERS], scope[SESSION] = Headers(scope["headers"]), session
