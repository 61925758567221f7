"""What the control plane costs: requests that nobody steers, the journal, and sessions."""

import asyncio
import time
from collections.abc import Iterator, MutableMapping, Sequence
from statistics import median
from typing import Any

from starlette.types import ASGIApp

from benchmarks.measuring import Line, ratio, reading
from benchmarks.servers import TOKEN, alone, mock
from waldur_billing_mock.mock_server.app import create_default_app

SESSIONS = 500
PATHS = ("/api/invoices/?page_size=10", "/api/invoice-items/?page_size=10", "/api/invoices/growth/")


def control() -> Iterator[Line]:
    """All rows of this part."""
    for journal, megabytes, most in (("off", "0", 1.02), ("on", "4", 1.3)):
        with alone() as bare, mock("--quiet", "--journal-mb", megabytes) as server:
            uuids = [row["uuid"] for row in bare.read("/api/invoices/?page_size=100")]
            for name, paths in (
                ("/api/invoices/{uuid}/", [f"/api/invoices/{uuid}/" for uuid in uuids]),
                ("/api/invoices/?page_size=10", [f"/api/invoices/?page_size=10&page={n}" for n in range(1, 14)]),
            ):
                work = f"GET {name}, journal {journal}, against the API alone"
                yield ratio(work, reading(server, paths), reading(bare, paths), most, "× alone", places=2)
    yield from _sessions()


def _sessions() -> Iterator[Line]:
    app = create_default_app(max_sessions=SESSIONS)
    first_world = _seconds(app, PATHS, None)
    taken = [_seconds(app, ["/_mock/health"], f"s{number}") for number in range(SESSIONS)]
    known = [_seconds(app, ["/_mock/health"], f"s{number}") for number in range(SESSIONS)]
    made = median(taken) - median(known)
    yield Line("a session is made", f"{made * 1e6:.0f} µs", "< 1 ms", made < 1e-3)
    first = median([_seconds(app, PATHS, f"s{number}") for number in range(SESSIONS)])
    work = f"the first {len(PATHS)} answers in a session, against those in the first world"
    figure = f"{first * 1e3:.2f} ms = {first / first_world:.2f} × ({first_world * 1e3:.2f} ms)"
    yield Line(work, figure, "≤ 1 ×", first <= first_world)


def _seconds(app: ASGIApp, paths: Sequence[str], session: str | None) -> float:
    """How long an application takes to answer these, asked within the process."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        assert message.get("status", 200) == 200

    async def ask() -> float:
        begun = time.perf_counter()
        for target in paths:
            path, _, query = target.partition("?")
            headers = [(b"host", b"mock"), (b"authorization", f"Token {TOKEN}".encode())]
            if session is not None:
                headers.append((b"x-mock-session", session.encode()))
            scope = {
                "type": "http",
                "method": "GET",
                "scheme": "http",
                "path": path,
                "query_string": query.encode(),
                "root_path": "",
                "headers": headers,
                "client": ("127.0.0.1", 1),
                "server": ("mock", 80),
            }
            await app(scope, receive, send)
        return time.perf_counter() - begun

    return asyncio.run(ask())
