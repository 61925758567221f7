"""What happens is streamed and sent to webhooks: signed, repeated on failure, and written into the journal."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import get_args

import httpx
import pytest

from waldur_billing_mock.mock_server.billing.clock import BillingEventType
from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.announce import EVENTS
from waldur_billing_mock.mock_server.control.client import MockError
from waldur_billing_mock.mock_server.testing.mock import Mock

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
INVOICE = f"/api/invoices/{UUID}/"


@dataclass
class Receiver:
    """A server that is called by webhooks, and answers with the statuses that it is given in turn, then with 204."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait_for(self, count: int) -> None:
        _wait(lambda: len(self.received) >= count)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.statuses.pop(0) if made.statuses else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in ten seconds"
        time.sleep(0.01)


def pay(mock: Mock) -> int:
    with mock.client() as client:
        return client.post(f"{INVOICE}paid/").status_code


def test_a_webhook_is_sent_what_happened_and_who_did_it(mock: Mock, receiver: Receiver) -> None:
    mock.webhooks.add(receiver.url)

    pay(mock)
    receiver.wait_for(1)

    headers, body = receiver.received[0]
    assert headers["x-mock-event"] == "invoice_paid"
    assert json.loads(body) == {
        "id": 1,
        "type": "invoice_paid",
        "at": "2025-12-05T09:00:00+00:00",
        "session": "main",
        "operation": "invoices_paid",
        "uuid": UUID,
        "user": "staff",
    }


def test_the_signature_proves_the_body_and_the_time(mock: Mock, receiver: Receiver) -> None:
    mock.webhooks.add(receiver.url, secret="shared")

    pay(mock)
    receiver.wait_for(1)

    headers, body = receiver.received[0]
    seconds, signature = (part.partition("=")[2] for part in headers["x-mock-signature"].split(","))
    assert hmac.new(b"shared", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest() == signature
    assert abs(int(seconds) - time.time()) < 60


def test_secrets_are_not_shown(mock: Mock, receiver: Receiver) -> None:
    made = mock.webhooks.add(receiver.url, secret="shared")

    assert made["signed"] is True
    assert "shared" not in json.dumps([made, mock.webhooks.list()])


def test_what_fails_is_sent_again_and_stands_in_the_journal(mock: Mock, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    mock.webhooks.add(receiver.url)

    pay(mock)
    receiver.wait_for(3)
    _wait(lambda: len(mock.journal.list()) == 4)

    attempts = [entry["webhook"] for entry in mock.journal.list() if "webhook" in entry]
    assert [(one["attempt"], one["outcome"]) for one in attempts] == [(1, "500"), (2, "302"), (3, "204")]
    assert len({body for _, body in receiver.received}) == 1


def test_an_address_where_nobody_answers_is_given_up(mock: Mock) -> None:
    with receiving() as gone:
        pass
    mock.webhooks.add(gone.url, attempts=2)

    pay(mock)
    _wait(lambda: len(mock.journal.list()) == 3)

    assert all("ConnectError" in entry["webhook"]["outcome"] for entry in mock.journal.list()[1:])


def test_only_the_events_that_were_asked_for_are_sent(mock: Mock, receiver: Receiver) -> None:
    mock.webhooks.add(receiver.url, events=["invoice_paid"])

    with mock.client() as client:
        client.post(f"{INVOICE}send_notification/")
    pay(mock)
    receiver.wait_for(1)

    assert [headers["x-mock-event"] for headers, _ in receiver.received] == ["invoice_paid"]


def test_what_was_refused_has_not_happened(mock: Mock, receiver: Receiver) -> None:
    mock.webhooks.add(receiver.url)

    assert [pay(mock), pay(mock)] == [200, 409]
    receiver.wait_for(1)
    time.sleep(0.1)

    assert len(receiver.received) == 1


def test_removed_webhooks_are_called_no_more(mock: Mock, receiver: Receiver) -> None:
    mock.webhooks.remove(mock.webhooks.add(receiver.url)["id"])
    mock.webhooks.add(receiver.url)
    mock.webhooks.clear()

    pay(mock)
    time.sleep(0.1)

    assert receiver.received == []
    with pytest.raises(MockError, match="no webhook 1"):
        mock.webhooks.remove(1)


def test_an_event_that_does_not_exist_cannot_be_asked_for(mock: Mock) -> None:
    with pytest.raises(MockError) as caught:
        mock.webhooks.add("http://127.0.0.1:9/", events=["invoice_payed"])

    assert list(caught.value.said) == ["events[0]"]
    assert "use one of invoice_created, " in caught.value.said["events[0]"][0]


def test_the_description_names_all_events() -> None:
    described = description.document()["components"]["schemas"]["EventType"]["enum"]

    assert set(described) == {*get_args(BillingEventType), *EVENTS.values()}


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nowhere", ""])
def test_a_webhook_needs_an_address(mock: Mock, url: str) -> None:
    with pytest.raises(MockError) as caught:
        mock.webhooks.add(url)

    assert list(caught.value.said) == ["url"]


def test_events_are_streamed_as_they_happen(mock: Mock) -> None:
    with httpx.Client(base_url=mock.url) as client, client.stream("GET", "/_mock/events?limit=2") as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": connected"
        with mock.client() as caller:
            caller.post(f"{INVOICE}send_notification/")
        pay(mock)
        sent = [line for line in lines if line]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert sent[:2] == ["id: 1", "event: invoice_notified"]
    assert json.loads(sent[5].removeprefix("data: "))["type"] == "invoice_paid"


def test_a_broken_stream_goes_on_where_it_ended(mock: Mock) -> None:
    with mock.client() as client:
        client.post(f"{INVOICE}send_notification/")
    pay(mock)

    with httpx.Client(base_url=mock.url, headers={"Last-Event-ID": "1"}) as client:
        text = client.get("/_mock/events", params={"limit": 1}).text

    assert "id: 2\nevent: invoice_paid\n" in text


def test_the_client_reads_events(mock: Mock) -> None:
    pay(mock)

    assert [event["type"] for event in mock.events.stream(limit=1, since=0)] == ["invoice_paid"]
