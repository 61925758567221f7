"""Every page by its address, behind the guard of `/_mock/`."""

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.pages import assets, entry, start
from waldur_billing_mock.mock_server.pages.guard import Guard
from waldur_billing_mock.mock_server.pages.lists import lists
from waldur_billing_mock.mock_server.pages.view import Site, endpoint


def pages(site: Site, control: ASGIApp, *, allowed_hosts: tuple[str, ...] | None) -> list[BaseRoute]:
    """The pages, and `control` for all other addresses.

    All run in the event loop, as the API does: none may see a world that another is changing.
    """
    routes = [
        Route("/", endpoint(site, start.start)),
        Route("/login", endpoint(site, entry.login), methods=["GET", "POST"]),
        Route("/logout", endpoint(site, entry.logout), methods=["POST"]),
        Route("/static/{name:path}", assets.asset),
        *lists(site.document),
        Mount("/", app=control),
    ]
    guarded = Guard(
        Mount("/", routes=routes), logins=site.logins, admin_token=site.admin_token, allowed_hosts=allowed_hosts
    )
    return [Mount("/_mock", app=guarded), Route("/favicon.ico", assets.icon)]
