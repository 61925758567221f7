"""The clock of the session's world."""

from datetime import datetime, timedelta
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.control.clock import move, set_back
from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call
from waldur_billing_mock.mock_server.instants import instant, later

MOST_MONTHS: Final = 120
"""The monthly job runs so often in one call at most: nobody else is answered meanwhile."""


def clock_get(call: Call) -> dict[str, Any]:
    session = call.session
    return {"now": session.stage.world.now.isoformat(), "mode": "frozen" if session.clock is None else "real"}


def clock_set(call: Call) -> dict[str, Any]:
    """Forward, months are billed as `clock_advance` does; back, only the clock changes."""
    return _move(call, "now", _read("now", call.body["now"]))


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
                before = f"{to.isoformat()} is before the clock ({now.isoformat()})"
                raise InvalidInput({"to": [f"{before}; use PUT /_mock/clock to set it back."]})
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
    answer = move(session, to) if to >= start else set_back(session, to)
    if session.clock is not None:
        session.clock.set(to)
    return answer
