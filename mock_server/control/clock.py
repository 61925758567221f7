"""Moves the clock of a session: what is billed on the way becomes events."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from waldur_billing_mock.mock_server.billing.clock import BillingEvent, advance
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.session import Session
from waldur_billing_mock.mock_server.spec.render import hyphenated


def move(session: Session, to: datetime, then: Callable[[World], None] | None = None) -> dict[str, Any]:
    """Move the clock forward, and return `before`, `now`, `counts` and what `happened`.

    `then` changes the world at the new time. Where it raises an exception, nothing has changed.
    """
    with session.stage.transaction() as world:
        start = world.now
        happened = [_shown(world, event) for event in advance(world, to)]
        if then is not None:
            then(world)
        answer = _answer(start, to, happened)
    for shown in happened:
        about = {name: value for name, value in shown.items() if name not in ("type", "at")}
        session.events.emit(shown["type"], datetime.fromisoformat(shown["at"]), session.id, about)
    return answer


def set_back(session: Session, to: datetime) -> dict[str, Any]:
    """Set the clock to an earlier time, which changes nothing else; returns what `move` does."""
    with session.stage.transaction() as world:
        answer = _answer(world.now, to, [])
        world.now = to
    return answer


def catch_up(session: Session) -> None:
    """Move the world's time to that of the session's running clock."""
    if session.clock is not None and (to := session.clock.read()) > session.stage.world.now:
        move(session, to)


def _answer(before: datetime, now: datetime, happened: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "before": before.isoformat(),
        "now": now.isoformat(),
        "counts": dict(Counter(shown["type"] for shown in happened)),
        "happened": happened,
    }


def _shown(world: World, event: BillingEvent) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": event.type, "at": event.at.isoformat(), "month": event.month.padded}
    if event.invoice is not None:
        customer = world.customers.one(event.invoice.customer_uuid)
        shown |= {
            "uuid": hyphenated(event.invoice.uuid),
            "number": event.invoice.number,
            "customer_uuid": hyphenated(customer.uuid),
            "customer_name": customer.name,
        }
    if event.item is not None:
        shown |= {"item_uuid": hyphenated(event.item.uuid), "amount": format(event.item.unit_price, "f")}
    return shown
