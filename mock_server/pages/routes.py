"""Every page by its address, behind the guard of `/_mock/`."""

from collections.abc import Mapping
from typing import Final

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from waldur_billing_mock.mock_server.pages import (
    assets,
    browse,
    contract,
    details,
    disturbances,
    entry,
    invoices,
    make,
    money,
    raw,
    start,
    suite,
    time_machine,
    traffic,
)
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
    "make": make.make,
    "time": time_machine.machine,
    "time/compare": time_machine.compare,
    "traffic": traffic.journal,
    "traffic/stream": traffic.stream,
    "traffic/{id}": traffic.exchange,
    "verify": traffic.check,
    "faults": disturbances.faults,
    "outbox": disturbances.outbox,
    "webhooks": disturbances.webhooks,
    "reference": contract.reference,
    "openapi.json": contract.description,
    "differences": contract.differences,
    "history": contract.history,
    "deviations": contract.deviations,
    "contracts": suite.contracts,
    "contracts/{id}": suite.report,
}
"""What is shown at the addresses below `/_mock/ui/`."""

FORMS: Final[Mapping[str, Page]] = {
    "invoices/{uuid}/paid": invoices.pay,
    "invoices/{uuid}/notify": invoices.notify,
    "invoices/{uuid}/reference": invoices.refer,
    "make": make.add,
    "make/file": make.add_file,
    "make/clear": make.clear,
    "time/move": time_machine.move,
    "time/take": time_machine.take,
    "time/restore": time_machine.restore,
    "time/drop": time_machine.drop,
    "time/reset": time_machine.reset,
    "time/reseed": time_machine.reseed,
    "time/session": time_machine.put_session,
    "time/end": time_machine.drop_session,
    "contracts": suite.start,
    "contracts/stop": suite.stop,
    "traffic/clear": traffic.clear,
    "traffic/{id}/replay": traffic.replay,
    "faults": disturbances.add_fault,
    "faults/off": disturbances.remove_fault,
    "webhooks": disturbances.add_webhook,
    "webhooks/remove": disturbances.remove_webhook,
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
        *_routes(site, FORMS, "POST"),
        *_routes(site, PAGES, "GET"),
        *contract.in_dialects(site.dialects),
        *lists(site.document),
        Mount("/", app=control),
    ]
    guarded = Guard(
        Mount("/", routes=routes), logins=site.logins, admin_token=site.admin_token, allowed_hosts=allowed_hosts
    )
    return [Mount("/_mock", app=guarded), Route("/favicon.ico", assets.icon)]


def _routes(site: Site, pages: Mapping[str, Page], method: str) -> list[BaseRoute]:
    folder = UI.removeprefix("/_mock")
    return [Route(f"{folder}/{path}", endpoint(site, page), methods=[method]) for path, page in pages.items()]
