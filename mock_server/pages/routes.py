"""Every page by its address, behind the guard of `/_mock/`."""

from collections.abc import Mapping
from typing import Final

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.pages import assets, browse, details, entry, invoices, money, raw, start
from waldur_billing_mock.mock_server.pages.guard import Guard
from waldur_billing_mock.mock_server.pages.lists import lists
from waldur_billing_mock.mock_server.pages.view import UI, Page, Site, endpoint

PAGES: Final[Mapping[str, Page]] = {
    "customers": browse.customers,
    "customers/{uuid}": details.customer,
    "projects": browse.projects,
    "projects/{uuid}": details.project,
    "resources": browse.resources,
    "resources/{uuid}": details.resource,
    "invoices": browse.invoices,
    "invoices/{uuid}": invoices.invoice,
    "items": browse.items,
    "items/{uuid}": details.item,
    "payments": browse.payments,
    "json": raw.raw,
    "money": money.overview,
    "month-end": money.month_end,
    "credits": money.credits,
}
"""What is shown at the addresses below `/_mock/ui/`."""

FORMS: Final[Mapping[str, Page]] = {
    "invoices/{uuid}/paid": invoices.pay,
    "invoices/{uuid}/notify": invoices.notify,
    "invoices/{uuid}/reference": invoices.refer,
}
"""Where forms are sent to."""


def pages(site: Site, control: ASGIApp, *, allowed_hosts: tuple[str, ...] | None) -> list[BaseRoute]:
    """The pages, and `control` for all other addresses.

    All run in the event loop, as the API does: none may see a world that another is changing.
    """
    routes = [
        Route("/", endpoint(site, start.start)),
        Route("/login", endpoint(site, entry.login), methods=["GET", "POST"]),
        Route("/logout", endpoint(site, entry.logout), methods=["POST"]),
        Route("/static/{name:path}", assets.asset),
        *(Route(f"{UI.removeprefix('/_mock')}/{path}", endpoint(site, page)) for path, page in PAGES.items()),
        *(
            Route(f"{UI.removeprefix('/_mock')}/{path}", endpoint(site, page), methods=["POST"])
            for path, page in FORMS.items()
        ),
        *lists(site.document),
        Mount("/", app=control),
    ]
    guarded = Guard(
        Mount("/", routes=routes), logins=site.logins, admin_token=site.admin_token, allowed_hosts=allowed_hosts
    )
    return [Mount("/_mock", app=guarded), Route("/favicon.ico", assets.icon)]
