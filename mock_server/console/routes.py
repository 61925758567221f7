"""The pages under `/_mock/`, and the lists of what no operation of the API shows."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Scope

from waldur_billing_mock.mock_server.billing.invoice import Notification
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.console import page
from waldur_billing_mock.mock_server.console.guard import Guard
from waldur_billing_mock.mock_server.spec.render import hyphenated
from waldur_billing_mock.openapi.document import Node, to_json, to_yaml


@cache
def _static(name: str) -> bytes:
    return Path(__file__).with_name("static").joinpath(name).read_bytes()


def console(
    world_of: Callable[[Scope], World],
    document: Node,
    users: Callable[[World], Sequence[Mapping[str, Any]]],
    control: ASGIApp,
    *,
    admin_token: str | None,
    allowed_hosts: tuple[str, ...] | None,
) -> list[BaseRoute]:
    """The pages, and `control` for all other addresses. `world_of` finds the world of the session that a request names.

    `users` lists who may call, as `GET /_mock/users` shows it.

    All run in the event loop, as the API does: none may see a world that another is changing.
    """

    @cache
    def written(write: Callable[[Node], str]) -> str:
        return write(document)

    async def index(request: Request) -> Response:
        address = str(request.base_url).rstrip("/").removesuffix("/_mock")
        return HTMLResponse(page.index(document, world_of(request.scope), users(world_of(request.scope)), address))

    async def list_notifications(request: Request) -> Response:
        return JSONResponse([_notification(row) for row in world_of(request.scope).notifications])

    async def list_payments(request: Request) -> Response:
        return JSONResponse([_payment(row) for row in world_of(request.scope).payments])

    async def list_provider_items(request: Request) -> Response:
        """The integer ids of provider invoice items, which no response of the API shows (behaviour 7.2)."""
        items = [item for item in world_of(request.scope).invoice_items if item.resource_uuid is not None]
        return JSONResponse([{"id": item.id, "uuid": hyphenated(item.uuid), "name": item.name} for item in items])

    async def openapi_json(request: Request) -> Response:
        return Response(written(to_json), media_type="application/json")

    async def openapi_yaml(request: Request) -> Response:
        return Response(written(to_yaml), media_type="application/yaml")

    async def icon(request: Request) -> Response:
        return Response(_static("icon.svg"), media_type="image/svg+xml")

    async def style(request: Request) -> Response:
        return Response(_static("style.css"), media_type="text/css")

    routes = [
        Route("/", index),
        Route("/static/style.css", style),
        Route("/static/icon.svg", icon),
        Route("/notifications", list_notifications),
        Route("/payments", list_payments),
        Route("/provider-invoice-items", list_provider_items),
        Route("/openapi.json", openapi_json),
        Route("/openapi.yaml", openapi_yaml),
        Mount("/", app=control),
    ]
    guarded = Guard(Mount("/", routes=routes), admin_token=admin_token, allowed_hosts=allowed_hosts)
    return [Mount("/_mock", app=guarded), Route("/favicon.ico", icon)]


def _notification(row: Notification) -> dict[str, Any]:
    return {
        "invoice_uuid": hyphenated(row.invoice_uuid),
        "to": list(row.recipients),
        "subject": row.subject,
        "text": row.text,
        "sent_at": row.sent_at.isoformat(),
    }


def _payment(row: Payment) -> dict[str, Any]:
    return {
        "invoice_uuid": hyphenated(row.invoice_uuid),
        "sum": str(row.sum),
        "date_of_payment": row.date_of_payment.isoformat(),
        "proof": row.proof_name,
        "proof_size": row.proof_size,
    }
