"""Lists of what no operation of the API shows, and the description that is obeyed, as JSON and YAML."""

from collections.abc import Callable
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from waldur_billing_mock.mock_server.billing.invoice import Notification
from waldur_billing_mock.mock_server.billing.payment import Payment
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.session import session_of
from waldur_billing_mock.mock_server.spec.render import hyphenated
from waldur_billing_mock.openapi.document import Node, to_json, to_yaml


def lists(document: Node) -> list[BaseRoute]:
    """The routes, below `/_mock`."""

    @cache
    def written(write: Callable[[Node], str]) -> str:
        return write(document)

    async def openapi_json(request: Request) -> Response:
        return Response(written(to_json), media_type="application/json")

    async def openapi_yaml(request: Request) -> Response:
        return Response(written(to_yaml), media_type="application/yaml")

    return [
        Route("/notifications", _list_notifications),
        Route("/payments", _list_payments),
        Route("/provider-invoice-items", _list_provider_items),
        Route("/openapi.json", openapi_json),
        Route("/openapi.yaml", openapi_yaml),
    ]


def _world(request: Request) -> World:
    return session_of(request.scope).stage.world


async def _list_notifications(request: Request) -> Response:
    return JSONResponse([_notification(row) for row in _world(request).notifications])


async def _list_payments(request: Request) -> Response:
    return JSONResponse([_payment(row) for row in _world(request).payments])


async def _list_provider_items(request: Request) -> Response:
    """The integer ids of provider invoice items, which no response of the API shows (behaviour 7.2)."""
    items = [item for item in _world(request).invoice_items if item.resource_uuid is not None]
    return JSONResponse([{"id": item.id, "uuid": hyphenated(item.uuid), "name": item.name} for item in items])


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
