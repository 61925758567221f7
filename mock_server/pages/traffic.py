"""What was asked and answered: the journal of a session, one exchange, live, and checks of what was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from waldur_billing_mock.mock_server.control.archive import query_of
from waldur_billing_mock.mock_server.control.journal import Exchange
from waldur_billing_mock.mock_server.control.verify import fits
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.listing import PAGE_SIZE
from waldur_billing_mock.mock_server.pages.steering import steer
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.openapi.operation import operations

SECONDS_OF_SILENCE: Final = 15.0
MOST_WAITING: Final = 500
"""Rows that wait for a browser that is slow; more are not sent."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One exchange as a line of a list."""

    id: int
    at: datetime
    method: str
    path: str
    query: str
    operation: str | None
    user: str | None
    status: int | None
    milliseconds: float
    fault: bool


def call_of(view: View, exchange: Exchange) -> CallRow:
    """The exchange without its bodies. Secrets in the query are masked."""
    scope, reader = exchange.scope, view.site.plane.reader
    query = "&".join(f"{name}={value}" for name, values in query_of(scope).items() for value in values)
    return CallRow(
        id=exchange.id,
        at=exchange.at,
        method=scope["method"],
        path=scope["path"],
        query=query,
        operation=reader.operation(exchange),
        user=reader.username(exchange),
        status=exchange.status,
        milliseconds=exchange.seconds * 1000,
        fault="waldur.fault" in scope,
    )


def journal(view: View) -> Response:
    """The last exchanges, the newest first; filters are those of `GET /_mock/requests`."""
    wanted: dict[str, Any] = {
        name: view.query[name] for name in ("operation", "method", "status", "user") if view.query.get(name)
    }
    if view.query.get("path"):
        wanted["path"] = f"*{view.query['path']}*"
    exchanges = view.session.journal.exchanges()[::-1]
    found = [one for one in exchanges if fits(view.site.plane.reader, one, wanted)]
    return view.page(
        "traffic.html",
        calls=[call_of(view, one) for one in found[:PAGE_SIZE]],
        count=len(found),
        live=not wanted,
        last_id=view.session.journal.last_id,
        operations=operation_ids(view),
        users=[user.username for user in view.world.users][:100],
    )


def exchange(view: View) -> Response:
    """One exchange: headers, bodies, why it was refused, and a line that repeats it."""
    text = view.request.path_params["id"]
    found = view.session.journal.find(int(text)) if text.isdecimal() and len(text) < 12 else None
    if found is None:
        return view.missing("request")
    reader = view.site.plane.reader
    return view.page(
        "exchange.html",
        call=call_of(view, found),
        shown=reader.shown(found),
        curl=reader.curl(found),
        har=json.dumps(reader.archive([found]), ensure_ascii=False),
    )


async def replay(view: View) -> Response:
    """`requests_replay`: the same request once more."""
    text = view.request.path_params["id"]
    if not text.isdecimal():
        return view.missing("request")
    outcome = await steer(view, "requests_replay", path={"id": int(text)})
    if outcome.failed:
        return view.redirect("traffic", outcome.reason, failed=True)
    return view.redirect(f"traffic/{outcome.value['id']}", "The request was sent again; this is the new answer.")


async def clear(view: View) -> Response:
    await steer(view, "requests_clear")
    return view.redirect("traffic", "The journal is empty.")


def stream(view: View) -> Response:
    """New exchanges as rows of the list, as server-sent events."""
    return StreamingResponse(_rows(view), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _rows(view: View) -> AsyncIterator[str]:
    waiting: asyncio.Queue[Exchange] = asyncio.Queue(MOST_WAITING)

    def keep(exchange: Exchange) -> None:
        if not waiting.full():
            waiting.put_nowait(exchange)

    stop = view.session.journal.listen(keep)
    try:
        yield ": connected\n\n"
        while True:
            try:
                one = await asyncio.wait_for(waiting.get(), SECONDS_OF_SILENCE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            row = html.render("call_row.html", {"call": call_of(view, one), "url": view.url})
            yield "event: call\n" + "".join(f"data: {line}\n" for line in row.splitlines()) + "\n"
    finally:
        stop()


async def check(view: View) -> Response:
    """`requests_verify`: whether a request was made so often, and the nearest one where it was not."""
    expectation: dict[str, Any] = {
        name: view.query[name] for name in ("operation", "method", "path", "user") if view.query.get(name)
    }
    for name in ("status", "times"):
        if view.query.get(name, "").isdecimal():
            expectation[name] = int(view.query[name])
    outcome = await steer(view, "requests_verify", body=expectation) if expectation else None
    return view.page(
        "verify.html",
        expectation=json.dumps(expectation, ensure_ascii=False) if expectation else "",
        outcome=outcome,
        operations=operation_ids(view),
        users=[user.username for user in view.world.users][:100],
    )


def operation_ids(view: View) -> list[str]:
    """The names of the operations that the description has."""
    return [operation.operation_id for operation in operations(view.site.document)]
