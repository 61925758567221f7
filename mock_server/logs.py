"""The log: one form for all lines on stderr, those of the libraries included, and a writer that nobody waits for.

Lines are written by a thread of its own. Where stderr is not read, or too slowly, lines are dropped and counted: a full
pipe never stops a request or the end of the process.
"""

import atexit
import json
import logging
import os
import sys
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from select import select
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Final

from waldur_billing_mock.mock_server.printable import printable

_MOST_LINES: Final = 10_000
"""Lines that wait to be written; beyond them, lines are dropped."""

_MOST_CHARACTERS: Final = 20_000
"""Of one line; a traceback is longer than a request."""

_SECONDS_TO_GATHER: Final = 0.1
"""Lines wait so long for others. Each time that the thread wakes up it takes the interpreter from who answers."""

_SECONDS_TO_FLUSH: Final = 0.3


class LineWriter:
    """Writes lines to a file descriptor from a thread. `write` returns at once and never raises."""

    def __init__(self, descriptor: int, tell_dropped: Callable[[int], str], most: int = _MOST_LINES) -> None:
        """`tell_dropped` makes the line that says how many lines were dropped before it."""
        self._descriptor: Final = descriptor
        self._tell_dropped: Final = tell_dropped
        self._most: Final = most
        self._lines: Final[deque[str]] = deque()
        self._has_lines: Final = Event()
        self._is_closing: Final = Event()
        self._lock: Final = Lock()
        self._dropped = 0
        # A daemon: where it is stuck in a write, the process ends nevertheless.
        self._thread: Final = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        lines = self._lines
        if len(lines) >= self._most:
            self._drop(1)
            return
        lines.append(line)
        if len(lines) == 1:
            self._has_lines.set()

    def close(self) -> None:
        """Waits a moment until everything is written."""
        self._is_closing.set()
        self._has_lines.set()
        self._thread.join(_SECONDS_TO_FLUSH)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._has_lines.wait()
            self._is_closing.wait(_SECONDS_TO_GATHER)
            self._has_lines.clear()
            if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
                self._write(lines)
            if self._lines:  # Who has added them may have found others, and not said that there are some.
                self._has_lines.set()

    def _write(self, lines: list[str]) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        notice = [self._tell_dropped(dropped)] if dropped else []
        try:
            text = "\n".join([line[:_MOST_CHARACTERS] for line in (*notice, *lines)])
            self._write_bytes(f"{text}\n".encode(errors="backslashreplace"))
        except OSError:
            # Nobody can read any more, and there is no other place where this could be said.
            self._drop(dropped + len(lines))

    def _write_bytes(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Somebody else has made the terminal or the pipe non-blocking.
                select([], [self._descriptor], [])

    def _drop(self, lines: int) -> None:
        with self._lock:
            self._dropped += lines


class Log:
    """Makes lines, as text or as JSON, and hands them to `write`. `clock` returns the seconds since 1970."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float], *, as_json: bool) -> None:
        self._write: Final = write
        self._clock: Final = clock
        self.as_json: Final = as_json

    def event(self, name: str, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """Writes a line: the text, or JSON of the time, the name and the fields (without any: the text)."""
        if not self.as_json:
            self._write(printable(text))
            return
        time = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        head = {"time": time.removesuffix("+00:00") + "Z", "event": name}
        self._write(json.dumps({**head, **({"message": text} if fields is None else fields)}))

    def record(self, record: logging.LogRecord) -> None:
        """Writes what a library logs, with its traceback."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the arguments do not fit the text
            message = str(record.msg)
        traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        level = record.levelname.lower()
        if self.as_json:
            fields = {"level": level, "logger": record.name, "message": message}
            self.event("log", message, {**fields, "traceback": traceback} if traceback else fields)
            return
        self.event("log", f"{level}: {record.name}: {message}")
        for line in traceback.splitlines():
            self.event("log", f"  {line}")


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log: Final = log

    def emit(self, record: logging.LogRecord) -> None:
        # uvicorn says in a line of its own how many requests it cuts off at the end; they did nothing wrong.
        if not (record.exc_info and isinstance(record.exc_info[1], CancelledError)):
            self._log.record(record)


def start_log(descriptor: int, clock: Callable[[], float], *, as_json: bool) -> Log:
    """A log on a file descriptor until the process ends, to which all loggers, warnings and last tracebacks go."""

    def tell_dropped(lines: int) -> str:
        text = f"{lines} lines of the log were dropped, as they were not read."
        made: list[str] = []
        Log(made.append, clock, as_json=as_json).event("dropped", text, {"lines": lines, "message": text})
        return made[0]

    writer = LineWriter(descriptor, tell_dropped)
    log = Log(writer.write, clock, as_json=as_json)
    root = logging.getLogger()

    def unhandled(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        root.critical("unhandled exception", exc_info=(kind, error, traceback))

    root.addHandler(_Handler(log))
    logging.captureWarnings(True)
    sys.excepthook = unhandled
    atexit.register(writer.close)
    return log
