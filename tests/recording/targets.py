"""Applications in this process as targets that are recorded or compared."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from waldur_billing_mock.contracts.guard import Guard, Identity, Limits, Transport, Writing
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.transports import IN_PROCESS, Application, AsgiTransport
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage

SECONDS: Final = 120.0
Around = Callable[[Transport], Transport]
"""Puts something between a guard and its transport."""


def target(application: Application, token: str, now: datetime | None = None, around: Around | None = None) -> Target:
    """An application, asked by the owner of a token; `now` is the time that it tells."""
    transport: Transport = AsgiTransport(application, SECONDS, "tests")
    carried, limits = around(transport) if around else transport, Limits(stops_at_bursts=False)
    guard = Guard(carried, Writing(), limits, lambda: 0.0, lambda seconds: None)
    staff = Identity("staff", token)
    return Target("the server", IN_PROCESS, guard, {"staff": staff}, staff, {}, False, lambda: None, now)


def served(
    world: World, revision: str = "documents", *, wire: bool = False, user: str = "", around: Around | None = None
) -> Target:
    """A mock of the world, asked by a user of this name, else by staff."""
    app = create_app(Settings(revision=revision, wire=wire), Stage(world))
    token = next(one.token for one in world.users if (one.username == user if user else one.is_staff))
    return target(app, token, world.now, around)
