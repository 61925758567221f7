"""The state of the session's world."""

from starlette.responses import Response

from waldur_billing_mock.mock_server.control.plane import Call


def world_export(call: Call) -> Response:
    """Served again, the file gives the same answers."""
    # Imported for world files only: the checks of all their fields are made at import.
    from waldur_billing_mock.mock_server.world_file import dump

    return Response(dump(call.session.stage.world), media_type="application/json")


def reset(call: Call) -> None:
    """The world is as it was in the beginning; rules, journal and webhooks stay."""
    call.session.stage.reset()
    _follow(call)


def _follow(call: Call) -> None:
    """A running clock goes on from the time of the world that was put in place."""
    session = call.session
    if session.clock is not None:
        session.clock.set(session.stage.world.now)
