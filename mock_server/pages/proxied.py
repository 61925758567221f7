"""The page of the proxy, and the same as JSON. The world of no mock is behind it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.pages import assets, html
from waldur_billing_mock.mock_server.pages.guard import Guard
from waldur_billing_mock.mock_server.pages.login import Logins

_OWN: Final = "/_mock/proxy"
Content = Callable[[], Mapping[str, Any]]


def proxy_pages(
    content: Content, forward: ASGIApp, logins: Logins, *, allowed_hosts: tuple[str, ...] | None
) -> list[BaseRoute]:
    """The pages under `/_mock/proxy`, and `forward` for all other addresses under `/_mock/`.

    All of them are guarded as the pages of a mock are: a mock behind the proxy takes whoever asks through it for a
    caller on this machine.
    """

    async def page(request: Request) -> Response:
        return HTMLResponse(html.render("proxy.html", {"found": content(), "asset": _asset}))

    async def data(request: Request) -> Response:
        return JSONResponse(content())

    routes: list[BaseRoute] = [
        _read("/proxy", page),
        _read("/proxy/", page),
        _read("/proxy.json", data),
        _read("/proxy/static/{name:path}", assets.asset),
        Mount("/", app=forward),
    ]
    guarded = Guard(Mount("/", routes=routes), logins=logins, admin_token=None, allowed_hosts=allowed_hosts)
    return [Mount("/_mock", app=guarded)]


def _read(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, answer, methods=["GET"])


def _asset(name: str) -> str:
    return assets.address(name).replace("/_mock/", f"{_OWN}/", 1)
