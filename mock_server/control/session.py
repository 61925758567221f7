"""A session: a caller's own world with everything that belongs to it."""

from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from waldur_billing_mock.mock_server.control.events import Events
from waldur_billing_mock.mock_server.control.journal import Journal
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.webhooks import Webhooks
from waldur_billing_mock.mock_server.stage import Stage

MAIN: Final = "main"
"""The session of those who name none."""

_SESSION: Final = "waldur.session"


@dataclass(slots=True)
class Session:
    """What belongs to one caller."""

    id: str
    stage: Stage
    journal: Journal
    rules: Rules
    events: Events
    webhooks: Webhooks


def session_of(scope: Scope) -> Session:
    """The session of a request, which `FindSession` has put there."""
    found: Session = scope[_SESSION]
    return found


def set_session(scope: Scope, session: Session) -> None:
    scope[_SESSION] = session
