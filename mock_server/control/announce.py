"""Turns what callers of the API have changed into events."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.lookup import Lookup
from waldur_billing_mock.mock_server.control.session import session_of

EVENTS: Final[Mapping[str, str]] = {
    "invoices_paid": "invoice_paid",
    "invoices_send_notification": "invoice_notified",
    "invoices_set_backend_id": "invoice_changed",
    "invoices_set_payment_url": "invoice_changed",
    "invoices_set_reference_number": "invoice_changed",
    "invoice_items_update": "invoice_item_changed",
    "invoice_items_partial_update": "invoice_item_changed",
    "invoice_items_destroy": "invoice_item_removed",
    "invoice_items_create_compensation": "invoice_item_compensated",
    "invoice_items_migrate_to": "invoice_item_moved",
}
"""The type of the event by the operation that caused it."""

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Announce:
    """ASGI middleware around the API. Reading costs it one look-up."""

    def __init__(self, app: ASGIApp, *, lookup: Lookup) -> None:
        self._app: Final = app
        self._lookup: Final = lookup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watch)
        self.emit(scope, status)

    def emit(self, scope: Scope, status: int) -> None:
        """Emits the event of a request that was answered with this status, if it has one."""
        operation = self._lookup.operation(scope) or ""
        if 200 <= status < 300 and operation in EVENTS:
            session, match, user = session_of(scope), self._lookup.match(scope), self._lookup.user(scope)
            about = {
                "operation": operation,
                "uuid": match.arguments.get("uuid") if match is not None else None,
                "user": user.username if user is not None else None,
            }
            session.events.emit(EVENTS[operation], session.stage.world.now, session.id, about)
