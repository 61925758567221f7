"""All that a server answers besides the API: the control plane, and the pages that show it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.control.app import ControlPlane
from waldur_billing_mock.mock_server.control.plane import Plane
from waldur_billing_mock.mock_server.control.steered import server_error
from waldur_billing_mock.mock_server.pages.dialects import Dialect, Dialects
from waldur_billing_mock.mock_server.pages.login import Logins
from waldur_billing_mock.mock_server.pages.routes import pages
from waldur_billing_mock.mock_server.pages.view import Site
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.web.request_log import Logged, RequestLog
from waldur_billing_mock.openapi import revision
from waldur_billing_mock.openapi.document import Node


def pages_app(
    plane: Plane,
    document: Node,
    settings: Settings,
    api_of: Callable[[Dialect], ASGIApp],
    log: RequestLog | None,
    key: bytes,
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> ASGIApp:
    """The application. `api_of` serves the API in a dialect, and logins are signed by the key.

    `now` tells the time of day, `clock` seconds that only ever grow.
    """
    site = Site(plane, document, Logins(key, now), _dialects(settings, api_of), settings.admin_token)
    routes = [
        *pages(site, ControlPlane(plane), allowed_hosts=settings.allowed_hosts),
        Route("/", _to_the_page),
    ]
    middleware = [] if log is None else [Middleware(Logged, log=log, clock=clock)]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={500: server_error})


def _dialects(settings: Settings, api_of: Callable[[Dialect], ASGIApp]) -> Dialects:
    """What the pages compare: the API in every dialect, over the same worlds."""

    def publish(dialect: Dialect) -> Node:
        return revision.describe(DESCRIPTION, dialect.revision, wire=dialect.wire)

    own = Dialect(settings.revision, settings.wire)
    return Dialects(revision.revisions(DESCRIPTION), own, publish, api_of, partial(revision.wire_overlay, DESCRIPTION))


async def _to_the_page(request: Request) -> Response:
    return RedirectResponse("/_mock/")
