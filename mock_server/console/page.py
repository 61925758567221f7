"""The page at `/_mock/`: who may call, what the world holds, what can be asked. Nothing in it comes from elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import operations

if TYPE_CHECKING:
    from jinja2 import Environment


def index(document: Node, world: World, users: Sequence[Mapping[str, Any]], address: str) -> str:
    """The HTML of the page. `address` is the scheme and host under which it was asked for."""
    template = _environment().get_template("index.html")
    return template.render(
        info=document["info"],
        address=address,
        users=users,
        token=users[0]["token"] if users else "TOKEN",
        now=world.now.isoformat(),
        holdings={
            "customers": len(world.customers),
            "projects": len(world.projects),
            "offerings": len(world.offerings),
            "resources": len(world.resources),
            "invoices": len(world.invoices),
            "invoice items": len(world.invoice_items),
            "payments": len(world.payments),
        },
        operations=[operation for operation in operations(document) if operation.method != "HEAD"],
        notifications=list(world.notifications),
    )


@cache
def _environment() -> "Environment":
    # Loaded with the first page: a server that is only called by programs starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
