"""The log never stops the server, and all its lines have one form."""

import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.serving import FROM_THE_CHECKOUT, ROOT
from waldur_billing_mock.mock_server.logs import LineWriter, Log

HEADERS: Final = {"Authorization": "Token YOUR_API_TOKEN"}


class Served:
    """A server whose stderr is a pipe, and a connection to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process: Final = process
        assert process.stdout is not None
        self.start: Final[dict[str, Any]] = json.loads(process.stdout.readline())
        self.netloc: Final = urlsplit(self.start["address"]).netloc
        self._connection: Final = HTTPConnection(self.netloc, timeout=20)

    def ask(self, path: str, method: str = "GET", **headers: str) -> int:
        self._connection.request(method, path, headers={**HEADERS, **headers})
        reply = self._connection.getresponse()
        reply.read()
        return reply.status

    def end(self) -> list[str]:
        """Everything that it has logged."""
        self.process.terminate()
        _, logged = self.process.communicate(timeout=10)
        return logged.decode().splitlines()


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [*FROM_THE_CHECKOUT, "serve", "--port", "0", "--scenario", "one-invoice", "--log-format", "json", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    guard = threading.Timer(60, process.kill)
    guard.start()
    try:
        yield Served(process)
    finally:
        guard.cancel()
        process.kill()
        process.communicate()


def test_a_stderr_that_nobody_reads_stops_neither_the_server_nor_its_end() -> None:
    """It did, after 1,025 requests, when the pipe was full."""
    with served() as mock:
        statuses = {mock.ask(f"/api/invoices/?name={'x' * 200}") for _ in range(1500)}
        begun = time.monotonic()
        mock.process.terminate()
        code = mock.process.wait(5)

    assert statuses == {200}
    assert code == 0
    assert time.monotonic() - begun < 2


def test_a_closed_stderr_stops_nothing() -> None:
    with served() as mock:
        assert mock.process.stderr is not None
        mock.process.stderr.close()
        statuses = {mock.ask("/api/invoices/") for _ in range(5)}
        mock.process.terminate()
        code = mock.process.wait(5)

    assert (statuses, code) == ({200}, 0)


def test_every_line_on_stderr_is_json_those_of_libraries_too() -> None:
    with served() as mock:
        mock.ask("/api/invoices/?page_size=1", **{"X-Request-ID": "r-1"})
        mock.ask("/api/invoices/", "POST", **{"Content-Type": "multipart/form-data; boundary=x"})
        host, port = mock.netloc.split(":")
        invalid = HTTPConnection(host, int(port), timeout=10)
        invalid.connect()
        invalid.sock.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        invalid.sock.recv(100)
        lines = [json.loads(line) for line in mock.end()]

    (first,) = [line for line in lines if line.get("request_id") == "r-1"]
    assert {**first, "time": "", "ms": 0, "size": 0} == {
        "time": "",
        "event": "request",
        "request_id": "r-1",
        "user": "staff",
        "role": "staff",
        "operation": "invoices_list",
        "method": "GET",
        "path": "/api/invoices/?page_size=1",
        "status": 200,
        "ms": 0,
        "size": 0,
    }
    assert first["size"] > 100
    assert [line["message"] for line in lines if line["event"] == "log"] == ["Invalid HTTP request received."]


def test_no_token_is_logged() -> None:
    with served() as mock:
        for user in mock.start["users"]:
            mock.ask(f"/api/invoices/?token={user['token']}&x={user['token']}")
            mock.ask(f"/api/{user['token']}/", Authorization=f"Token {user['token']}")
        logged = "\n".join(mock.end())

    assert "/api/***/" in logged
    assert [user["token"] for user in mock.start["users"] if user["token"] in logged] == []


def test_a_quiet_server_logs_no_requests() -> None:
    with served("--quiet") as mock:
        mock.ask("/api/invoices/")

        assert mock.end() == []


# The parts.


def read_available(descriptor: int) -> bytes:
    found = b""
    while select.select([descriptor], [], [], 0.3)[0]:
        found += os.read(descriptor, 65536)
    return found


def test_lines_that_are_not_read_are_dropped_and_counted() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing, lambda lines: f"dropped {lines}", most=5)
    line = "x" * 10_000

    for _ in range(100):
        writer.write(line)
        time.sleep(0.0005)
    first = read_available(reading)
    writer.write("after")
    writer.close()
    lines = (first + read_available(reading)).decode().splitlines()

    dropped = [int(one.removeprefix("dropped ")) for one in lines if one.startswith("dropped")]
    assert lines[-1] == "after"
    assert sum(dropped) + lines.count(line) == 100
    assert sum(dropped) > 0


def test_text_is_free_of_control_characters() -> None:
    lines: list[str] = []

    Log(lines.append, lambda: 0.0, as_json=False).event("log", "a\x1b[2J\nb\u202e\x9b")

    assert lines == ["a\\x1b[2J\\nb\\u202e\\x9b"]


def test_a_traceback_is_one_line_of_json(tmp_path: Path) -> None:
    script = (
        "import time, logging; from waldur_billing_mock.mock_server.logs import start_log\n"
        "start_log(2, time.time, as_json=True)\n"
        "import warnings; warnings.warn('take care')\n"
        "logging.getLogger('x').warning('%d', 'no number')\n"
        "1 / 0\n"
    )
    ended = subprocess.run(
        [FROM_THE_CHECKOUT[0], "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )

    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "warning", "critical"]
    assert lines[1]["message"] == "%d"
    assert "ZeroDivisionError: division by zero" in lines[2]["traceback"]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_logged_last_is_written_before_the_end(signal_number: signal.Signals) -> None:
    with served() as mock:
        mock.ask("/api/invoices/")
        mock.process.send_signal(signal_number)
        _, logged = mock.process.communicate(timeout=10)

    assert b"invoices_list" in logged
