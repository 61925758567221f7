"""The addresses under `/_mock/`. On loopback they need no token; from elsewhere, a staff user's."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from waldur_billing_mock.mock_server.billing.invoice import Notification
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.console import page
from waldur_billing_mock.mock_server.spec.render import hyphenated
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web import access, problems, reply
from waldur_billing_mock.openapi.document import Node, to_json, to_yaml


def console(
    stage: Stage, document: Node, users: Callable[[World], Sequence[Mapping[str, Any]]], control: ASGIApp
) -> Mount:
    """The pages, and `control` for all other addresses. `users` lists who may call, as `GET /_mock/users` shows it."""

    def index(request: Request) -> Response:
        return HTMLResponse(page.index(document, stage.world, users(stage.world), str(request.base_url).rstrip("/")))

    def tell_clock(request: Request) -> Response:
        return JSONResponse({"now": stage.world.now.isoformat()})

    def list_notifications(request: Request) -> Response:
        return JSONResponse([_notification(row) for row in stage.world.notifications])

    def list_payments(request: Request) -> Response:
        return JSONResponse([_payment(row) for row in stage.world.payments])

    def list_provider_items(request: Request) -> Response:
        """The integer ids of provider invoice items, which no response of the API shows (behaviour 7.2)."""
        items = [item for item in stage.world.invoice_items if item.resource_uuid is not None]
        return JSONResponse([{"id": item.id, "uuid": hyphenated(item.uuid), "name": item.name} for item in items])

    def openapi_json(request: Request) -> Response:
        return Response(to_json(document), media_type="application/json")

    def openapi_yaml(request: Request) -> Response:
        return Response(to_yaml(document), media_type="application/yaml")

    routes = [
        Route("/", index),
        Route("/clock", tell_clock),
        Route("/notifications", list_notifications),
        Route("/payments", list_payments),
        Route("/provider-invoice-items", list_provider_items),
        Route("/openapi.json", openapi_json),
        Route("/openapi.yaml", openapi_yaml),
        Mount("/", app=control),
    ]
    guarded = Mount("/", routes=routes)
    return Mount("/_mock", app=_Guard(guarded, stage))


class _Guard:
    """ASGI middleware that keeps strangers on the network away from the tokens."""

    def __init__(self, app: ASGIApp, stage: Stage) -> None:
        self._app: Final = app
        self._stage: Final = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_local(scope["client"]):
            world = self._stage.world
            header = dict(scope["headers"]).get(b"authorization")
            try:
                user = access.authenticate(header, lambda token: world.users.first(token=token))
                if not user.is_staff:
                    raise problems.forbidden()
            except problems.Problem as problem:
                await reply.refusal(problem, {})(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_local(client: tuple[str, int] | None) -> bool:
    """Whether the caller is on this machine; a call within the process has no address."""
    if client is None:
        return True
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


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
