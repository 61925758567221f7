"""Whether the server lives, and which one it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import PlainTextResponse

from waldur_billing_mock.mock_server.control import description as described
from waldur_billing_mock.mock_server.control.plane import Call


def health(call: Call) -> dict[str, Any]:
    """A server that answers has its world: it listens to nobody before."""
    return {"status": "ok", "live": True, "ready": True}


def metrics(call: Call) -> PlainTextResponse:
    return PlainTextResponse(call.plane.metrics.text())


def version(call: Call) -> Mapping[str, str]:
    return call.plane.version


def users_list(call: Call) -> Sequence[Mapping[str, Any]]:
    return call.plane.users(call.session.stage.world)


def description(call: Call) -> Mapping[str, Any]:
    return described.document()
