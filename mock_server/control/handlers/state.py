"""The state of the session's world."""

from waldur_billing_mock.mock_server.control.plane import Call


def reset(call: Call) -> None:
    """The world is as it was in the beginning; rules, journal and webhooks stay."""
    call.session.stage.reset()
