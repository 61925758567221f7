"""A proxy forwards what it gets, byte for byte and piece by piece, and says why where there is no answer."""

import asyncio
import gzip
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trustme
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.wrapping.serving_app import serving
from waldur_billing_mock.contracts.transports import trust
from waldur_billing_mock.mock_server.proxy.forwarding import Forwarding
from waldur_billing_mock.mock_server.proxy.passed import MOST_BODY_BYTES, Passed

PIECE: Final = b"x" * 65_536
MEGABYTE: Final = 1_048_576


class Watching:
    """A watch that wants everything, and remembers it."""

    def __init__(self) -> None:
        self.seen: list[Passed] = []
        self.without_an_answer = 0
        self.not_sent = 0
        self.noticed = threading.Event()

    def wants(self, method: str, path: str) -> bool:
        return True

    def passed(self, exchange: Passed) -> None:
        self.seen.append(exchange)
        self.noticed.set()

    def refused(self) -> None:
        self.not_sent += 1

    def unanswered(self) -> None:
        self.without_an_answer += 1

    def wait(self) -> Passed:
        """The first exchange, which may pass a little later than its answer comes."""
        assert self.noticed.wait(10)
        return self.seen[0]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what was asked, as JSON."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = {
        "method": scope["method"],
        "target": (scope["raw_path"] + b"?" + scope["query_string"]).decode("latin-1"),
        "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        "body": body.decode("latin-1"),
    }
    content = json.dumps(told).encode()
    headers = [(b"content-length", b"%d" % len(content)), (b"X-Own", b"kept"), (b"keep-alive", b"timeout=5")]
    await send({"type": "http.response.start", "status": 418, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@contextmanager
def before(server: ASGIApp | str, **options: Any) -> Iterator[tuple[HTTPConnection, Watching]]:
    """A connection to a proxy before a server, which is an application or an address."""
    watch, timeout, verify = Watching(), options.pop("timeout", 10.0), options.pop("verify", True)
    with ExitStack() as stack:
        address = server if isinstance(server, str) else stack.enter_context(serving(server))
        # A connection with TLS that is left open would keep the server from ending.
        limits = httpx.Limits(max_keepalive_connections=None if verify is True else 0)
        client = httpx.AsyncClient(timeout=timeout, trust_env=False, verify=verify, limits=limits)
        forwarding = Forwarding(
            address, client, watch, now=lambda: datetime(2025, 11, 22, tzinfo=UTC), clock=time.perf_counter, **options
        )
        url = stack.enter_context(serving(forwarding))
        connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
        stack.callback(connection.close)
        yield connection, watch


def told(answer: HTTPResponse) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer.read())
    return content


def test_method_path_query_headers_and_body_pass_unchanged() -> None:
    target = "/api/Invoices//%7Euuid%2F/../?b=2&a=%20+1&a=&%C3%A4=%ff"

    with before(echo) as (connection, watch):
        connection.request("PROPFIND", target, b"\x00\xff body", {"Authorization": "Token t", "X-Two": "a b"})
        answer = connection.getresponse()
        got = told(answer)

    assert (got["method"], got["target"], got["body"]) == ("PROPFIND", target, "\x00\xff body")
    headers = dict(got["headers"])
    assert (headers["authorization"], headers["x-two"]) == ("Token t", "a b")
    assert headers["host"] != f"{connection.host}:{connection.port}"
    assert "user-agent" not in headers
    assert (answer.status, answer.headers["x-own"], answer.headers["keep-alive"]) == (418, "kept", None)
    assert answer.headers["date"] is None
    assert watch.wait().request.content == b"\x00\xff body"


def test_many_at_once_get_each_their_own() -> None:
    def ask(number: int) -> str:
        own = HTTPConnection(connection.host, connection.port, timeout=30)
        try:
            own.request("POST", f"/{number}", f"{number}" * 1000)
            return str(told(own.getresponse())["body"])
        finally:
            own.close()

    with before(echo) as (connection, watch), ThreadPoolExecutor(32) as pool:
        got = list(pool.map(ask, range(200)))
        assert watch.noticed.wait(10)

    assert got == [f"{number}" * 1000 for number in range(200)]
    for one in watch.seen:
        assert one.request.content.decode() == one.target.removeprefix("/") * 1000


def test_the_host_of_the_client_is_passed_where_it_is_asked_for() -> None:
    with before(echo, keeps_host=True) as (connection, _):
        connection.request("GET", "/")
        headers = dict(told(connection.getresponse())["headers"])

    assert headers["host"] == f"{connection.host}:{connection.port}"


def test_a_compressed_body_passes_as_it_is() -> None:
    packed = gzip.compress(b"[]" * 1000)

    async def compressed(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(packed))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": packed})

    with before(compressed) as (connection, watch):
        connection.request("GET", "/api/invoices/")
        answer = connection.getresponse()
        body = answer.read()

    assert (body, answer.headers["content-encoding"]) == (packed, "gzip")
    assert watch.wait().answer.content == packed


def test_pieces_of_an_answer_pass_before_the_next_ones_are_there() -> None:
    go_on = threading.Event()

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.to_thread(go_on.wait, 20)
        await send({"type": "http.response.body", "body": b"second"})

    with before(slowly) as (connection, _):
        connection.request("GET", "/")
        answer = connection.getresponse()
        first = answer.read(5)
        go_on.set()
        rest = answer.read()

    assert (first, rest) == (b"first", b"second")


def test_large_bodies_pass_both_ways_without_being_held() -> None:
    pieces = 128 * MEGABYTE // len(PIECE)

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        headers = [(b"x-size", b"%d" % size), (b"content-length", b"%d" % (pieces * len(PIECE)))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(pieces):
            await send({"type": "http.response.body", "body": PIECE, "more_body": number + 1 < pieces})

    with before(large) as (connection, watch):
        connection.request("POST", "/", b"", {"Content-Length": "0"})
        connection.getresponse().read()
        watch.noticed.clear()
        before_it = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        connection.request("POST", "/", (PIECE for _ in range(pieces)), {"Content-Length": str(pieces * len(PIECE))})
        answer = connection.getresponse()
        size = 0
        while piece := answer.read(len(PIECE)):
            size += len(piece)
        assert watch.noticed.wait(10)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_it) * 1024

    assert (int(answer.headers["x-size"]), size) == (pieces * len(PIECE), pieces * len(PIECE))
    held = watch.seen[-1]
    assert (held.request.is_whole, held.answer.is_whole, held.answer.content) == (False, False, b"")
    # What is judged is held up to a limit on each side; the server, the proxy and the client are in this process.
    assert grown < 2 * MOST_BODY_BYTES + 40 * MEGABYTE


def test_nothing_but_reading_passes_where_that_is_asked_for() -> None:
    with before(echo, read_only=True) as (connection, watch):
        statuses = {}
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
            connection.request(method, "/api/invoices/")
            answer = connection.getresponse()
            content = answer.read()
            statuses[method] = answer.status

    reading = dict.fromkeys(("GET", "HEAD", "OPTIONS"), 418)
    assert statuses == {**reading, **dict.fromkeys(("POST", "PUT", "PATCH", "DELETE", "PROPFIND"), 403)}
    assert "--read-only" in json.loads(content)["detail"]
    assert (watch.not_sent, len(watch.seen)) == (5, 3)


def test_a_server_with_tls_is_asked_where_its_authority_is_trusted(tmp_path: Path) -> None:
    authority, files = trustme.CA(), [tmp_path / "server.pem", tmp_path / "authority.pem"]
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(files[0])
    authority.cert_pem.write_to_path(files[1])

    with serving(echo, files[0]) as address:
        with before(address, verify=trust(files[1])) as (connection, _):
            connection.request("GET", "/api/invoices/")
            target = told(connection.getresponse())["target"]
        with before(address) as (connection, _):
            connection.request("GET", "/api/invoices/")
            stranger = connection.getresponse()
            detail = told(stranger)["detail"]

    assert target == "/api/invoices/?"
    assert stranger.status == 502
    assert "CERTIFICATE_VERIFY_FAILED" in detail


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that deals with each connection by a function of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_server_that_does_not_listen_is_a_502_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with before(address) as (connection, watch):
        connection.request("GET", "/")
        answer = connection.getresponse()
        detail = told(answer)["detail"]

    assert answer.status == 502
    assert detail.startswith(f"{address} gave no answer: ")
    assert watch.without_an_answer == 1


@pytest.mark.parametrize("said", [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_server_that_breaks_off_or_speaks_no_http_is_a_502(said: bytes) -> None:
    with listening(lambda connection: connection.sendall(said)) as address, before(address) as (connection, _):
        connection.request("GET", "/")
        answer = connection.getresponse()

        assert answer.status == 502
        assert told(answer)["detail"].startswith(f"{address} gave no answer: ")


def test_a_server_that_is_silent_is_a_504() -> None:
    is_over = threading.Event()

    with (
        listening(lambda connection: (is_over.wait(20), None)[1]) as address,
        before(address, timeout=0.2) as (connection, _),
    ):
        connection.request("GET", "/")
        answer = connection.getresponse()
        detail = told(answer)["detail"]
        is_over.set()

    assert answer.status == 504
    assert "--timeout" in detail


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_half_an_answer_is_not_taken_for_a_whole_one(said: bytes) -> None:
    with (
        listening(lambda connection: connection.sendall(said)) as address,
        before(address) as (connection, watch),
    ):
        connection.request("GET", "/")
        answer = connection.getresponse()
        with pytest.raises((IncompleteRead, ConnectionError)):
            answer.read()
        exchange = watch.wait()

    assert (exchange.status, exchange.is_whole) == (200, False)


def test_a_client_that_hangs_up_ends_a_stream_that_would_never_end() -> None:
    ended = threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            """The rest of the request."""
        ended.set()

    with before(endless) as (connection, watch):
        connection.request("GET", "/_mock/events")
        answer = connection.getresponse()
        assert answer.read(9) == b"data: 1\n\n"
        answer.close()
        connection.close()

        assert ended.wait(10)
        assert not watch.wait().is_whole
