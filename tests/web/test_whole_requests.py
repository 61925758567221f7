"""Nothing is done for a request that does not arrive whole, whatever it is and however it breaks off.

The requests go through raw sockets to a mock in a process of its own, which is served as users serve it.
"""

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from tests.descriptions import description
from tests.serving import Mock
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.openapi.operation import Operation, operations

WRITING: Final = {
    operation.operation_id: operation
    for operation in operations(description())
    if operation.method not in ("GET", "HEAD")
}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "invoices_paid": {"date": "2025-11-22"},
    "invoices_send_notification": {"unread": "text"},
    "invoices_set_backend_id": {"backend_id": "ABC-1"},
    "invoices_set_payment_url": {"payment_url": "https://bank.example/pay"},
    "invoices_set_reference_number": {"reference_number": "RF18 5390"},
    "invoice_items_update": {"unit_price": "123456"},
    "invoice_items_partial_update": {"unit_price": "123456"},
    "invoice_items_destroy": {"unread": "text"},
    "invoice_items_create_compensation": {"offering_component_name": "Traffic"},
    "invoice_items_migrate_to": {"invoice": "{other_invoice}"},
}
MEDIA: Final[Mapping[str, str]] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=edge",
}
PROOF: Final = 'name="proof"; filename="proof.pdf"'
STATES: Final = (
    "/api/invoices/?page_size=300",
    "/api/invoice-items/?page_size=300",
    "/_mock/payments",
    "/_mock/notifications",
    "/_mock/provider-invoice-items",
)


def body(media: str, fields: Mapping[str, str]) -> bytes:
    match media:
        case "json":
            return json.dumps(fields).encode()
        case "form":
            return urlencode(fields).encode()
    parts = [(f'name="{name}"', value) for name, value in fields.items()]
    if "date" in fields:
        parts.append((PROOF, "%PDF" * 100))
    lines = [f"--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in parts]
    return "".join([*lines, "--edge--\r\n"]).encode()


class Sender:
    """Sends one request through a socket of its own, whole or broken."""

    def __init__(self, mock: Mock, operation: Operation, path: str, media: str, content: bytes) -> None:
        self._mock = mock
        self._head = (
            f"{operation.method} {path} HTTP/1.1\r\nHost: mock.example\r\n"
            f"Authorization: Token {STAFF_TOKEN}\r\nContent-Type: {MEDIA[media]}\r\n"
        )
        self.content = content

    def connect(self) -> socket.socket:
        address = urlsplit(self._mock.url)
        return socket.create_connection((address.hostname, address.port), timeout=30)

    def announced(self, connection: socket.socket, length: int, sent: bytes) -> None:
        """Sends a body of one length under a head that announces another one."""
        connection.sendall(f"{self._head}Content-Length: {length}\r\n\r\n".encode() + sent)

    def chunked(self, connection: socket.socket, sent: bytes) -> None:
        connection.sendall(f"{self._head}Transfer-Encoding: chunked\r\n\r\n".encode() + sent)

    def whole(self) -> int:
        """The status that a whole request gets."""
        with self.connect() as connection:
            self.announced(connection, len(self.content), self.content)
            return status(connection)


def status(connection: socket.socket) -> int:
    """The status of what the server answers, 0 where it closes the connection without an answer."""
    received = b""
    with suppress(ConnectionResetError):
        while b"\r\n" not in received and (more := connection.recv(1000)):
            received += more
    return int(received.split()[1]) if received else 0


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def closed_after_the_head(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, len(sender.content) + 200, b"")


def closed_in_the_middle(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, len(sender.content), sender.content[: len(sender.content) // 2])


def closed_before_the_last_byte(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, len(sender.content) + 1, sender.content)


def half_closed(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, len(sender.content) + 50, sender.content)
    connection.shutdown(socket.SHUT_WR)
    assert status(connection) in (0, 400)


def reset(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, len(sender.content) + 1, sender.content)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def chunks_without_an_end(sender: Sender, connection: socket.socket) -> None:
    sender.chunked(connection, chunk(sender.content))


def a_chunk_that_is_too_short(sender: Sender, connection: socket.socket) -> None:
    sender.chunked(connection, b"%x\r\n%s" % (len(sender.content) + 5, sender.content))


def a_broken_chunk(sender: Sender, connection: socket.socket) -> None:
    sender.chunked(connection, chunk(sender.content) + b"nonsense\r\n")
    assert status(connection) == 400


def a_chunk_that_is_longer_than_announced(sender: Sender, connection: socket.socket) -> None:
    sender.chunked(connection, b"%x\r\n%s and more\r\n0\r\n\r\n" % (len(sender.content), sender.content))
    assert status(connection) == 400


def a_body_larger_than_buffers(sender: Sender, connection: socket.socket) -> None:
    sender.announced(connection, 1 << 20, sender.content + b" " * (1 << 19))


BREAKS: Final[tuple[Callable[[Sender, socket.socket], None], ...]] = (
    closed_after_the_head,
    closed_in_the_middle,
    closed_before_the_last_byte,
    half_closed,
    reset,
    chunks_without_an_end,
    a_chunk_that_is_too_short,
    a_broken_chunk,
    a_chunk_that_is_longer_than_announced,
    a_body_larger_than_buffers,
)


def read(mock: Mock, path: str) -> Any:
    return json.loads(mock.ask("GET", path, STAFF_TOKEN).body)


def state(mock: Mock) -> list[bytes]:
    return [mock.ask("GET", path, STAFF_TOKEN).body for path in STATES]


def sender(mock: Mock, operation: Operation, media: str) -> Sender:
    """Sends the operation to an object on which it succeeds."""
    created = read(mock, "/api/invoices/?page_size=50&state=created")
    invoice = next(row for row in created if row["items"])
    others = read(mock, f"/api/invoices/?customer={invoice['customer']}")
    other = next(row["url"] for row in others if row["uuid"] != invoice["uuid"])
    fields = {name: value.format(other_invoice=other) for name, value in FIELDS[operation.operation_id].items()}
    found = invoice if operation.path.startswith("/api/invoices/") else invoice["items"][0]
    return Sender(mock, operation, operation.path.format(uuid=found["uuid"]), media, body(media, fields))


def test_every_writing_operation_is_tried() -> None:
    assert set(FIELDS) == set(WRITING)


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("operation_id", WRITING)
def test_a_request_that_breaks_off_changes_nothing(mock: Mock, operation_id: str, media: str) -> None:
    sending = sender(mock, WRITING[operation_id], media)
    before = state(mock)

    for broken in BREAKS:
        with sending.connect() as connection:
            broken(sending, connection)
        assert state(mock) == before, broken.__name__

    assert 200 <= sending.whole() < 300
    assert state(mock) != before
