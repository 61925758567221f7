"""A signal ends the server in order: what is in flight is finished or not begun, and the world is saved whole."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.running import running, written
from tests.serving import FROM_THE_CHECKOUT, ROOT
from tests.web.listening import answer, head

INVOICE = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
BODY = b'{"backend_id": "in flight"}'
SIGNALS = [signal.SIGTERM, signal.SIGINT]


def write(*headers: str, length: int = len(BODY)) -> bytes:
    return head(
        "POST", f"{INVOICE}set_backend_id/", "Content-Type: application/json", f"Content-Length: {length}", *headers
    )


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def wait_until_read(port: int) -> None:
    """Returns when what was sent before has begun: connections are served in their order."""
    with connect(port) as connection:
        connection.sendall(head("GET", "/api/invoices/"))
        assert answer(connection).status == 200


def backend_ids(path: Path) -> set[str]:
    content: dict[str, Any] = json.loads(written(path))
    return {row["backend_id"] for row in content["invoices"]}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_write_in_flight_is_finished_answered_and_saved(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    with running("--save", str(path)) as mock, connect(mock.port) as connection:
        connection.sendall(write("Prefer: delay=300") + BODY)
        wait_until_read(mock.port)

        ended = mock.stop(number)

        assert answer(connection).status == 200
    assert (ended.code, ended.seconds < 5) == (0, True)
    assert backend_ids(path) == {"in flight"}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_write_that_would_take_longer_is_not_begun(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    with running("--save", str(path)) as mock, connect(mock.port) as connection:
        connection.sendall(write("Prefer: delay=60000") + BODY)
        wait_until_read(mock.port)

        ended = mock.stop(number)

    assert (ended.code, ended.seconds < 5) == (0, True)
    assert "in flight" not in backend_ids(path)
    assert "Traceback" not in ended.said


def test_half_a_body_idle_connections_and_listeners_keep_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    with running("--save", str(path)) as mock:
        held = [connect(mock.port) for _ in range(4)]
        for connection, sent in zip(
            held,
            [b"", b"GET /", write(length=200) + BODY, b"GET /_mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n"],
            strict=True,
        ):
            connection.sendall(sent)
        wait_until_read(mock.port)

        ended = mock.stop()

        for connection in held:
            connection.close()
    assert (ended.code, ended.seconds < 5) == (0, True)
    assert "in flight" not in backend_ids(path)
    assert "Traceback" not in ended.said


def test_a_server_that_has_nothing_to_do_ends_at_once() -> None:
    with running() as mock, connect(mock.port) as connection:
        connection.sendall(head("GET", "/api/invoices/"))
        assert answer(connection).status == 200

        ended = mock.stop()

    # Alone on a machine it takes 0.1 s; other tests may run at the same time.
    assert (ended.code, ended.seconds < 3) == (0, True)


@pytest.mark.parametrize("milliseconds", [0, 2, 4, 6, 8])
def test_a_signal_right_after_the_address_was_printed_ends_it_in_order(milliseconds: int) -> None:
    words = [*FROM_THE_CHECKOUT, "serve", "--scenario", "one-invoice", "--port", "0", "--quiet"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read().decode()

    assert (process.returncode, "Traceback" in said) == (0, False), said
