"""What happened, as a stream and by webhook."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from waldur_billing_mock.mock_server.control.events import Event
from waldur_billing_mock.mock_server.control.plane import Call, NotFound

SECONDS_OF_SILENCE = 15.0


def events_stream(call: Call) -> StreamingResponse:
    """Server-sent events; a comment now and then shows that the connection lives."""
    header = call.request.headers.get("last-event-id", "")
    since = int(header) if header.isdecimal() else call.query.get("since", call.session.events.last_id)
    return StreamingResponse(
        _messages(call, since, call.query.get("limit")),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


def webhooks_list(call: Call) -> list[dict[str, Any]]:
    return call.session.webhooks.shown()


def webhooks_add(call: Call) -> dict[str, Any]:
    return call.session.webhooks.add(call.body).shown()


def webhooks_clear(call: Call) -> None:
    call.session.webhooks.clear()


def webhooks_remove(call: Call) -> None:
    if not call.session.webhooks.remove(call.path["id"]):
        raise NotFound(f"There is no webhook {call.path['id']}.")


async def _messages(call: Call, since: int, limit: int | None) -> AsyncIterator[str]:
    events = call.session.events
    waiting: asyncio.Queue[Event] = asyncio.Queue()
    for event in events.since(since):
        waiting.put_nowait(event)
    stop = events.stream(waiting.put_nowait)
    sent = 0
    try:
        yield ": connected\n\n"
        while limit is None or sent < limit:
            try:
                event = await asyncio.wait_for(waiting.get(), SECONDS_OF_SILENCE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            sent += 1
            yield f"id: {event.id}\nevent: {event.type}\ndata: {json.dumps(event.shown(), ensure_ascii=False)}\n\n"
    finally:
        stop()
