"""A mock with peculiarities as a deployment: over HTTP on loopback, without control plane, with the clock of its world.

The mock's world has a clock of its own. A real server tells its time in the `Date` header, and so does this one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.peculiarities.releases import page_not_found
from tests.peculiarities.switch import Mock
from tests.wrapping.changes import Make
from tests.wrapping.proxy import CONSOLE, Response, Server, chained, received
from tests.wrapping.serving_app import serving


@dataclass(frozen=True)
class Deployment:
    """Where a server answers, and the tokens of its users by their roles."""

    url: str
    tokens: Mapping[str, str]


class Facade:
    """ASGI: the mock behind all that is peculiar, with its control plane hidden."""

    def __init__(self, app: ASGIApp, makes: Sequence[Make], now: datetime) -> None:
        self._app: Final = app
        self._plant: Final = chained([make() for make in makes]) if makes else None
        self._date: Final = format_datetime(now, usegmt=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request, server = await received(scope, receive), Server(self._app, scope)
        if request.path.startswith(CONSOLE):
            response = page_not_found(Response(404))
        elif self._plant is None:
            response = await server.ask(request)
        else:
            response = await self._plant(request, server)
        await replace(response, headers=(*response.headers, ("date", self._date))).send(send)


@contextmanager
def deployed(mock: Mock, *outer: Make) -> Iterator[Deployment]:
    """Serve a mock on a free port of loopback. `outer` stand outside of all but its proxies: planted defects, a log."""
    app = Facade(mock.app, [*mock.proxies, *outer, *mock.makes], datetime.fromisoformat(mock.now))
    with serving(app) as url:
        yield Deployment(url, mock.tokens)
