"""The clock of the session's world."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.clock import BillingEvent, advance
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call
from waldur_billing_mock.mock_server.instants import instant, later
from waldur_billing_mock.mock_server.spec.render import hyphenated

MOST_MONTHS: Final = 120
"""The monthly job runs so often in one call at most: nobody else is answered meanwhile."""


def clock_get(call: Call) -> dict[str, Any]:
    return {"now": call.session.stage.world.now.isoformat()}


def clock_set(call: Call) -> dict[str, Any]:
    """Forward, months are billed as `clock_advance` does; back, only the clock changes."""
    now = _read("now", call.body["now"])
    if now >= call.session.stage.world.now:
        return _move(call, "now", now)
    with call.session.stage.transaction() as world:
        answer = _answer(world, world.now, [])
        world.now = now
        answer["now"] = now.isoformat()
    return answer


def clock_advance(call: Call) -> dict[str, Any]:
    now = call.session.stage.world.now
    match call.body:
        case {"by": duration}:
            try:
                to = later(now, duration)
            except ValueError as error:
                raise InvalidInput({"by": [str(error)]}) from error
            return _move(call, "by", to)
        case {"to": text}:
            to = _read("to", text)
            if to < now:
                message = (
                    f"{to.isoformat()} is before the clock ({now.isoformat()}); set it back with PUT /_mock/clock."
                )
                raise InvalidInput({"to": [message]})
            return _move(call, "to", to)
        case _:
            return _move(call, "until", _read("until", Month.of(now).plus(1).start.isoformat()))


def _read(field: str, text: str) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise InvalidInput({field: [str(error)]}) from error


def _move(call: Call, field: str, to: datetime) -> dict[str, Any]:
    session, start = call.session, call.session.stage.world.now
    if to - start > timedelta(days=31 * MOST_MONTHS):
        raise InvalidInput({field: [f"The clock moves by at most {MOST_MONTHS} months in one call; move it twice."]})
    with session.stage.transaction() as world:
        happened = advance(world, to)
        answer = _answer(world, start, happened)
    for event, shown in zip(happened, answer["happened"], strict=True):
        about = {name: value for name, value in shown.items() if name not in ("type", "at")}
        session.events.emit(event.type, event.at, session.id, about)
    return answer


def _answer(world: World, start: datetime, happened: list[BillingEvent]) -> dict[str, Any]:
    return {
        "before": start.isoformat(),
        "now": world.now.isoformat(),
        "counts": dict(Counter(event.type for event in happened)),
        "happened": [_shown(world, event) for event in happened],
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
