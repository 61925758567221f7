"""The API for requests that a fault may concern, each of which passes every middleware."""

from collections.abc import Callable
from datetime import datetime

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.control.faults import Faults
from waldur_billing_mock.mock_server.control.journal import Recorder
from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.rules import Rules
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.cross_origin import CrossOrigin
from waldur_billing_mock.mock_server.web.request_log import Logged, RequestLog
from waldur_billing_mock.openapi.document import Node


def steered_app(
    api: ASGIApp,
    document: Node,
    lookup: Lookup,
    shared_rules: Rules,
    log: RequestLog | None,
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> ASGIApp:
    """From outside in: log, cross-origin headers, journal, faults, and the API with its events."""
    faults = Faults(api, document=document, lookup=lookup, shared=shared_rules)
    failing = ServerErrorMiddleware(faults, handler=server_error)
    recorder = Recorder(failing, journal_of=lambda scope: session_of(scope).journal, now=now, clock=clock)
    shared = CrossOrigin(recorder)
    return shared if log is None else Logged(shared, log=log, clock=clock)


def server_error(request: Request, error: Exception) -> Response:
    """What Waldur answers to any request that fails."""
    return HTMLResponse(problems.server_error().body, 500)
