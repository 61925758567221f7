"""Hands exchanges to a process that judges them, and gathers what it finds.

Judging runs in a process of its own (`worker.py`), because it would hold up the proxy: of what real servers send, an
item takes 0.5 ms of CPU time, a page of ten invoices 18 ms, a page of 146 invoices 250 ms, in which this process could
not answer anybody else. An answer that is equal to an earlier one takes 0.01 to 1.3 ms, which is its digest alone.
What waits to be judged is bounded. What does not fit is dropped and counted; the client never waits.
"""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waldur_billing_mock.contracts.reports.report import ReportedFinding
from waldur_billing_mock.contracts.reports.traffic import Counted, JudgedTraffic
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.mock_server.child_process import environment
from waldur_billing_mock.mock_server.proxy.passed import Passed, written

MOST_WAITING: Final = 2_000
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
SECONDS_TO_FINISH: Final = 20.0
"""How long the proxy waits at its end for what is not yet judged."""
_WORKER: Final = "waldur_billing_mock.mock_server.proxy.worker"
_LONGEST_LINE: Final = 4 * 1024 * 1024


@dataclass
class Counts:
    """How many requests there were, and what became of those that were not judged."""

    requests: int = 0
    not_described: int = 0
    refused: int = 0
    unanswered: int = 0
    dropped: int = 0
    replaced: int = 0


class Judging:
    """A `Watch` that has exchanges judged. `routes` are those of the described operations.

    `settings` are those of the worker. With `holds_all`, what is not described is handed on as well, to be recorded.
    """

    def __init__(self, routes: Routes, settings: Mapping[str, Any], *, holds_all: bool = False) -> None:
        self.traffic: Final = JudgedTraffic()
        self.counts: Final = Counts()
        self.stopped = ""
        """Why nothing is judged any more; blank as long as it is."""
        self._routes: Final = routes
        self._settings: Final = settings
        self._holds_all: Final = holds_all
        self._waiting: Final[deque[Passed]] = deque()
        self._waiting_bytes = 0
        self._sent: Final[deque[int]] = deque()
        self._more: Final = asyncio.Event()
        self._idle: Final = asyncio.Event()
        self._idle.set()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def wants(self, method: str, path: str) -> bool:
        """Whether an exchange is judged or recorded."""
        self.counts.requests += 1
        if self._routes.of_reading(method, path) is not None:
            return True
        self.counts.not_described += 1
        return self._holds_all

    def refused(self) -> None:
        """Counts a request that was not sent."""
        self.counts.requests += 1
        self.counts.refused += 1

    def unanswered(self) -> None:
        """Counts a request to which there was no answer."""
        self.counts.unanswered += 1

    def passed(self, exchange: Passed) -> None:
        """Queues an exchange, or drops it where too much is waiting."""
        if exchange.answered_by:
            self.counts.replaced += 1
        size = exchange.held_bytes
        too_much = (
            len(self._waiting) + len(self._sent) >= MOST_WAITING or self._waiting_bytes + size > MOST_WAITING_BYTES
        )
        if self.stopped or too_much:
            self.counts.dropped += 1
            return
        self._waiting.append(exchange)
        self._waiting_bytes += size
        self._idle.clear()
        self._more.set()

    @property
    def waiting(self) -> int:
        """How many exchanges are not judged yet."""
        return len(self._waiting) + len(self._sent)

    async def start(self) -> None:
        """Starts the process."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _WORKER, json.dumps(self._settings)),
            env=environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            # Ctrl-C in a terminal reaches all processes of a group; this one has to finish its work.
            start_new_session=True,
        )
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        self._tasks = [
            asyncio.create_task(self._send(self._process.stdin)),
            asyncio.create_task(self._receive(self._process.stdout)),
        ]

    async def stop(self, seconds: float = SECONDS_TO_FINISH) -> None:
        """Waits until all is judged, but not longer than so many seconds, and ends the process."""
        process = self._process
        if process is None:
            return
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            self.counts.dropped += self.waiting
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert process.stdin is not None, "it is a pipe"
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _send(self, pipe: asyncio.StreamWriter) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                exchange = self._waiting.popleft()
                self._sent.append(exchange.held_bytes)
                pipe.writelines(written(exchange))
                try:
                    await pipe.drain()
                except ConnectionError:
                    return  # the other task says that the process has ended

    async def _receive(self, pipe: asyncio.StreamReader) -> None:
        """Takes in a line for each exchange, in the order in which they were sent."""
        while line := await pipe.readline():
            self._take_in(json.loads(line))
            self._waiting_bytes -= self._sent.popleft()
            if not self._sent and not self._waiting:
                self._idle.set()
        self.stopped = "the process that judges has ended by itself; what it said is above"
        self.counts.dropped += self.waiting
        self._waiting.clear()
        self._sent.clear()
        self._idle.set()

    def _take_in(self, said: Mapping[str, Any]) -> None:
        for finding in said["new"]:
            made = ReportedFinding(**{**finding, "explained_by": tuple(finding["explained_by"])})
            self.traffic.found.append(Counted(said["operation"], made))
        if not said["operation"]:
            return  # it was handed on to be recorded alone, and is counted already
        if said["reason"]:
            self.traffic.unjudged[said["reason"]] += 1
        else:
            self.traffic.count(said["operation"], said["status"], said["found"])
