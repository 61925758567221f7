"""Rows as the API shows them to staff, asked of the API itself, in the dialect and revision that it is served in."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.types import Message

from waldur_billing_mock.fixtures import Made
from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import ComponentUsage, Offering, Resource
from waldur_billing_mock.mock_server.billing.payment import PaymentProfile
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.control.plane import Call
from waldur_billing_mock.mock_server.control.session import Session, set_session
from waldur_billing_mock.mock_server.stage import Stage

_ADDRESSES: Final[Mapping[type[Any], str]] = {
    Customer: "customers",
    Project: "projects",
    User: "users",
    Offering: "marketplace-provider-offerings",
    Resource: "marketplace-resources",
    ComponentUsage: "marketplace-component-usages",
    CustomerCredit: "customer-credits",
    ProjectCredit: "project-credits",
    Invoice: "invoices",
    InvoiceItem: "invoice-items",
    PaymentProfile: "payment-profiles",
}
_NOBODY: Final = User(id=2**31 - 1, uuid=uuid.UUID(int=0).hex, username="-", token="-", is_staff=True)  # noqa: S106 - of nobody  # nosec B106
"""Asks in a copy of the world, which needs no staff of its own."""


async def represent(call: Call, made: Made) -> dict[str, list[dict[str, Any]]]:
    """The rows of each section as the API shows them; users with their tokens."""
    world = call.session.stage.world.fork()
    world.put(_NOBODY)
    session = replace(call.session, stage=Stage(world))
    return {section: [await _shown(call, session, row) for row in rows] for section, rows in made.items() if rows}


async def _shown(call: Call, session: Session, row: Any) -> dict[str, Any]:
    scope, path = call.request.scope, f"/api/{_ADDRESSES[type(row)]}/{row.uuid}/"
    host = [(name, value) for name, value in scope["headers"] if name == b"host"]
    asked = {
        **{name: value for name, value in scope.items() if not name.startswith("waldur.")},
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [*host, (b"authorization", f"Token {_NOBODY.token}".encode())],
    }
    set_session(asked, session)
    content = bytearray()
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        content.extend(message.get("body", b""))

    await call.plane.inner(asked, receive, send)
    assert status == 200, f"the API shows {path} to staff"
    shown: dict[str, Any] = json.loads(content)
    return {**shown, "token": row.token} if isinstance(row, User) else shown
