"""What was asked and answered: the journal of a session."""

from dataclasses import dataclass
from datetime import datetime

from waldur_billing_mock.mock_server.control.exchanges import query_of
from waldur_billing_mock.mock_server.control.journal import Exchange
from waldur_billing_mock.mock_server.pages.view import View


@dataclass(frozen=True, slots=True)
class CallRow:
    """One exchange as a line of a list."""

    id: int
    at: datetime
    method: str
    path: str
    query: str
    operation: str | None
    user: str | None
    status: int | None
    milliseconds: float
    fault: bool


def call_of(view: View, exchange: Exchange) -> CallRow:
    """The exchange without its bodies. Secrets in the query are masked."""
    scope, reader = exchange.scope, view.site.plane.reader
    query = "&".join(f"{name}={value}" for name, values in query_of(scope).items() for value in values)
    return CallRow(
        id=exchange.id,
        at=exchange.at,
        method=scope["method"],
        path=scope["path"],
        query=query,
        operation=reader.operation(exchange),
        user=reader.username(exchange),
        status=exchange.status,
        milliseconds=exchange.seconds * 1000,
        fault="waldur.fault" in scope,
    )
