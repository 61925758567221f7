"""Runs of the contract suite in processes of their own: what they say while they run, and their reports."""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from waldur_billing_mock.mock_server.child_process import environment

MOST_LINES: Final = 200
MOST_RUNS: Final = 10
_MODULE: Final = "waldur_billing_mock.contracts"
"""Started by its name: the suite knows nothing of the mock, and the mock imports nothing of the suite."""


@dataclass(slots=True)
class Run:
    """One run of the suite: what it says while it runs, and its report in the end."""

    id: int
    profile: str
    writes: bool
    started: datetime
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    report: Mapping[str, Any] | None = None
    exit_code: int | None = None
    process: asyncio.subprocess.Process | None = None

    @property
    def is_running(self) -> bool:
        return self.exit_code is None

    @property
    def verdict(self) -> str:
        """In a word."""
        words = {None: "running", 0: "kept", 1: "broken"}
        return words.get(self.exit_code, "not judged")


class Runs:
    """The last runs, the newest first. There is one at a time."""

    def __init__(self) -> None:
        self._ids: Final = count(1)
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self.all: Final[deque[Run]] = deque(maxlen=MOST_RUNS)

    @property
    def running(self) -> Run | None:
        return next((run for run in self.all if run.is_running), None)

    def find(self, id: str) -> Run | None:
        return next((run for run in self.all if str(run.id) == id), None)

    def start(self, run: Run, words: Sequence[str], tokens: Mapping[str, str]) -> None:
        """Begin a run with the words of a command line; `tokens` are environment variables."""
        self.all.appendleft(run)
        task = asyncio.get_running_loop().create_task(_carry_out(run, words, tokens))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def next_id(self) -> int:
        return next(self._ids)


async def _carry_out(run: Run, words: Sequence[str], tokens: Mapping[str, str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        process = run.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE, *words, "--json", str(path)),
            cwd=folder,
            env=environment(**tokens),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None, "it is a pipe"
        try:
            while line := await process.stdout.readline():
                run.lines.append(line.decode("utf-8", "replace").rstrip())
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        run.report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        # A process that ends before it has judged anything may end with any code.
        run.exit_code = code if run.report is not None else 2
