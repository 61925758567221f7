"""Worlds of their own for callers."""

from typing import Any

from waldur_billing_mock.mock_server.control.plane import Call, Conflict
from waldur_billing_mock.mock_server.control.session import MAIN, Session


def sessions_list(call: Call) -> list[dict[str, Any]]:
    return [_shown(call, session) for session in call.plane.sessions]


def sessions_get(call: Call) -> dict[str, Any]:
    return _shown(call, call.plane.sessions.get(call.path["id"]))


def sessions_put(call: Call) -> dict[str, Any]:
    """A new session, in the place of one with this id. It has no fault rules, journal, events or webhooks."""
    sessions, id = call.plane.sessions, call.path["id"]
    if id == MAIN:
        raise Conflict("The main session cannot be replaced; use POST /_mock/reset or PUT /_mock/world.")
    source = (call.body or {}).get("from")
    return _shown(call, sessions.put(id, None if source is None else sessions.get(source)))


def sessions_drop(call: Call) -> None:
    if call.path["id"] == MAIN:
        raise Conflict("The main session cannot be dropped; POST /_mock/reset puts its world back to the beginning.")
    call.plane.sessions.drop(call.path["id"])


def _shown(call: Call, session: Session) -> dict[str, Any]:
    stage = session.stage
    return {
        "id": session.id,
        "from": session.origin,
        "created": session.created.isoformat(),
        "idle_seconds": None if session.id == MAIN else round(call.plane.sessions.idle_seconds(session), 3),
        "now": stage.world.now.isoformat(),
        "requests": session.journal.last_id,
        "fault_rules": len(session.rules),
        "bytes": {
            "world": None if session.id == MAIN else stage.bytes,
            "journal": session.journal.bytes,
        },
    }
