"""What is more than a limit is refused with a sentence, and before it is held in memory."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from weakref import ref

import pytest

from tests.asgi import Api, pristine
from tests.web.listening import Answer, Listening, answer, head, listening
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.spec.render import TextCache, Texts
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.multipart import File, MultipartReader
from waldur_billing_mock.mock_server.web.short_cache import LONGEST, short_cache

LIMITS: Final = Limits(
    body_bytes=1000,
    upload_bytes=200_000,
    fields=5,
    files=2,
    json_depth=10,
    url_bytes=2000,
    headers=20,
    head_bytes=4000,
    connections=5,
    silence_seconds=0.8,
)
INVOICE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
JSON: Final = "Content-Type: application/json"
FORM: Final = "Content-Type: application/x-www-form-urlencoded"
MULTIPART: Final = "Content-Type: multipart/form-data; boundary=edge"
CHUNKED: Final = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    with listening(LIMITS) as served:
        yield served


def post(server: Listening, media_type: str, body: bytes, action: str = "set_backend_id/") -> Answer:
    return server.send(head("POST", INVOICE + action, media_type, f"Content-Length: {len(body)}") + body)


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def part(name: str, content: bytes, filename: str = "") -> bytes:
    of = f'; filename="{filename}"' if filename else ""
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{of}\r\n\r\n'.encode() + content + b"\r\n"


def test_a_body_at_the_limit_is_taken(server: Listening) -> None:
    body = b'{"backend_id": "x"' + b" " * (1000 - 19) + b"}"

    assert (len(body), post(server, JSON, body).status) == (1000, 200)


@pytest.mark.parametrize("media_type", [JSON, FORM, "Content-Type: text/plain", "X: y"])
def test_a_larger_body_is_refused_before_it_arrives(server: Listening, media_type: str) -> None:
    refused = server.send(head("POST", f"{INVOICE}set_backend_id/", media_type, "Content-Length: 1001"))

    assert (refused.status, refused.detail) == (413, "The body is larger than the 1000 bytes that are accepted.")


@pytest.mark.parametrize("action", ["set_backend_id/", "send_notification/"])
def test_a_larger_body_is_refused_where_no_length_is_announced(server: Listening, action: str) -> None:
    body = chunks(b"x" * 600, b"x" * 600)

    assert server.send(head("POST", INVOICE + action, JSON, CHUNKED) + body).status == 413


def test_a_larger_upload_is_refused_before_it_arrives(server: Listening) -> None:
    refused = server.send(head("POST", f"{INVOICE}paid/", MULTIPART, "Content-Length: 200001"))

    assert (refused.status, refused.detail) == (413, "The body is larger than the 200000 bytes that are accepted.")


def test_a_larger_upload_is_refused_where_no_length_is_announced(server: Listening) -> None:
    body = chunks(*[b"x" * 60_000] * 4)

    assert server.send(head("POST", f"{INVOICE}paid/", MULTIPART, CHUNKED) + body).status == 413


@pytest.mark.parametrize(
    ("media_type", "body", "detail"),
    [
        (FORM, b"&".join([b"a=1"] * 6), "The form has more than 5 fields."),
        (MULTIPART, part("a", b"1") * 6, "The form has more than 5 fields."),
        (MULTIPART, part("a", b"1", "b") * 3, "The form has more than 2 files."),
        (MULTIPART, part("a", b"x" * 1001), "The body is larger than the 1000 bytes that are accepted."),
        (MULTIPART, part("a", b"x" * 501) * 2, "The body is larger than the 1000 bytes that are accepted."),
    ],
)
def test_a_form_has_so_many_fields_and_files(server: Listening, media_type: str, body: bytes, detail: str) -> None:
    refused = post(server, media_type, body + b"--edge--\r\n" * (media_type == MULTIPART))

    assert (refused.status, refused.detail) == (413, detail)


@pytest.mark.parametrize(
    "body", [b"[" * 11, b'{"a":' * 11, b'[{"]": [' * 4, b'{"a": "[[[[[[[[[[[[[[", "b": ' + b"[" * 10]
)
def test_json_is_nested_so_deep(server: Listening, body: bytes) -> None:
    refused = post(server, JSON, body)

    assert (refused.status, refused.detail) == (400, "JSON parse error - More than 10 levels of nesting.")


@pytest.mark.parametrize(
    "body", [b"[" * 10 + b"]" * 10, b'{"a": "[[[[[[[[[[[[[[\\"[[[["}', b"[" + b"[]," * 30 + b"[]]"]
)
def test_brackets_that_are_not_nested_deep_do_not_count(server: Listening, body: bytes) -> None:
    refused = post(server, JSON, body)

    assert b"nesting" not in refused.body


def test_a_longer_url_is_refused(server: Listening) -> None:
    refused = server.send(head("GET", f"/api/invoices/?x={'x' * 2000}"))

    assert (refused.status, refused.detail) == (414, "The path and query have more than 2000 bytes.")
    assert refused.headers["connection"] == "close"


@pytest.mark.parametrize("size", [60_000, 66_000, 200_000])
def test_a_url_that_uvicorn_could_not_read_is_refused_in_the_same_way(size: int) -> None:
    """Longer than 65,535 bytes, it was answered as no HTTP at all."""
    with listening(Limits(head_bytes=300_000)) as server:
        refused = server.send(head("GET", f"/api/invoices/?x={'x' * size}"))

    assert (refused.status, refused.detail) == (414, "The path and query have more than 32768 bytes.")


@pytest.mark.parametrize("number", [21, 900, 10_000, 200_000])
def test_more_headers_are_refused(server: Listening, number: int) -> None:
    refused = server.send(head("GET", "/api/invoices/", *["a: b"] * number))

    assert (refused.status, refused.headers["connection"]) == (431, "close")
    assert refused.detail.startswith("The ")


@pytest.mark.parametrize("size", [4000, 100_000, 5_000_000])
def test_a_larger_head_is_refused(server: Listening, size: int) -> None:
    refused = server.send(head("GET", "/api/invoices/", "X: " + "x" * size))

    assert (refused.status, refused.detail) == (431, "The head of the request has more than 4000 bytes.")


def test_a_head_that_never_ends_is_refused(server: Listening) -> None:
    refused = server.send(b"GET / HTTP/1.1\r\n", *[b"X: " + b"x" * 500 + b"\r\n"] * 20)

    assert refused.status == 431


def test_the_head_of_each_request_counts_alone(server: Listening) -> None:
    with server.connect() as connection:
        for _ in range(10):
            connection.sendall(head("GET", "/api/invoices/", "X: " + "x" * 1500))
            assert answer(connection).status == 200


def test_pipelined_requests_and_bodies_do_not_count_as_heads(server: Listening) -> None:
    body = b'{"backend_id": "x"' + b" " * 900 + b"}"
    request = (
        head("POST", f"{INVOICE}set_backend_id/", JSON, f"Content-Length: {len(body)}", "Connection: close") + body
    )

    assert server.send(head("GET", "/api/invoices/", "X: " + "x" * 1000) * 5 + request).status == 200


def test_a_long_body_does_not_count_for_the_head_after_it() -> None:
    """It did where that head came in two pieces."""
    with listening(Limits(head_bytes=1000)) as server, server.connect() as connection:
        body = b'{"backend_id": "x"' + b" " * 5000 + b"}"
        connection.sendall(head("POST", f"{INVOICE}set_backend_id/", JSON, f"Content-Length: {len(body)}"))
        time.sleep(0.05)
        connection.sendall(body)
        assert answer(connection).status == 200
        question = head("GET", "/api/invoices/")
        connection.sendall(question[:20])
        time.sleep(0.05)
        connection.sendall(question[20:])

        assert answer(connection).status == 200


@pytest.mark.parametrize(
    ("method", "target", "token", "status"),
    [
        ("POST", f"{INVOICE}set_backend_id/", "nonsense", 401),
        ("POST", "/api/invoices/00000000-0000-4000-8000-000000000000/set_backend_id/", "", 404),
        ("POST", "/api/nothing/", "", 404),
        ("PATCH", "/api/invoices/", "", 405),
        ("GET", "/api/invoices/", "", 200),
    ],
)
def test_a_refusal_does_not_wait_for_a_long_body(
    server: Listening, method: str, target: str, token: str, status: int
) -> None:
    sent = head(method, target, MULTIPART, "Content-Length: 190000")

    assert server.send(sent.replace(b"YOUR_API_TOKEN", token.encode()) if token else sent).status == status


def test_a_wrong_state_does_not_wait_for_a_long_body(server: Listening) -> None:
    assert post(server, JSON, b"{}", "paid/").status in (200, 409)

    assert server.send(head("POST", f"{INVOICE}paid/", MULTIPART, "Content-Length: 190000")).status == 409


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /api/inv",
        head("GET", "/api/invoices/")[:-2],
        head("POST", f"{INVOICE}set_backend_id/", JSON, "Content-Length: 900"),
        head("POST", f"{INVOICE}set_backend_id/", JSON, "Content-Length: 900") + b"{",
        head("POST", f"{INVOICE}paid/", MULTIPART, CHUNKED) + b"5\r\nxx",
        head("POST", "/api/nothing/", JSON, "Content-Length: 900") + b"{",
    ],
)
def test_who_is_silent_in_the_middle_of_a_request_is_cut_off(server: Listening, sent: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(sent)
        begun = time.monotonic()
        while connection.recv(65536):
            pass

    assert 0.7 < time.monotonic() - begun < 20


def test_a_head_that_drips_is_cut_off(server: Listening) -> None:
    begun = time.monotonic()
    with server.connect() as connection, suppress(ConnectionError):
        for byte in b"GET /" + b"x" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("question", "status", "afterwards"),
    [
        (head("GET", "/api/invoices/"), 200, b"\r\n"),
        (head("POST", "/api/nothing/", "Content-Length: 100000"), 404, b"x" * 100_000),
    ],
    ids=["a line break", "the body that nobody waited for"],
)
def test_who_is_silent_after_an_answer_is_cut_off(
    server: Listening, question: bytes, status: int, afterwards: bytes
) -> None:
    """uvicorn stops its own clock when anything comes, and starts it with an answer."""
    with server.connect() as connection:
        connection.sendall(question)
        assert answer(connection).status == status
        connection.sendall(afterwards)
        connection.settimeout(20)

        assert connection.recv(65536) == b""


def test_a_body_may_take_its_time_if_it_goes_on(server: Listening) -> None:
    body = b'{"backend_id": "slow"}'
    with server.connect() as connection:
        connection.sendall(head("POST", f"{INVOICE}set_backend_id/", JSON, f"Content-Length: {len(body)}"))
        for place in range(0, len(body), 3):
            connection.sendall(body[place : place + 3])
            time.sleep(0.15)

        assert answer(connection).status == 200


def test_so_many_connections_are_served_at_one_time(server: Listening) -> None:
    others = [server.connect() for _ in range(5)]
    time.sleep(0.05)

    refused = server.send(head("GET", "/api/invoices/"))

    for other in others:
        other.close()
    assert (refused.status, refused.detail) == (503, "The server has more than 5 connections.")
    assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
    time.sleep(0.05)
    assert server.send(head("GET", "/api/invoices/")).status == 200


def test_of_an_upload_only_the_name_and_the_size_are_held() -> None:
    reader = MultipartReader("multipart/form-data; boundary=edge", Limits())
    reader.feed(part("proof", b"", "proof.pdf")[:-2])
    piece = b"\r\n--edg" * 9000
    tracemalloc.start()

    for _ in range(400):
        reader.feed(piece)
    reader.feed(b"\r\n--edge--\r\n")
    form = reader.close()

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert form == {"proof": File("proof.pdf", 400 * len(piece))}
    assert peak < 1_000_000


def test_values_of_long_arguments_are_not_cached() -> None:
    calls: list[str] = []

    def call(text: str) -> None:
        calls.append(text)

    cached = short_cache(10, call)

    for text in ("a", "b" * (LONGEST + 1), "a", "b" * (LONGEST + 1)):
        cached(text)

    assert calls == ["a", "b" * (LONGEST + 1), "b" * (LONGEST + 1)]


def test_the_oldest_texts_are_dropped_when_all_together_are_too_large() -> None:
    cache = TextCache(13_500)
    rows = [Texts() for _ in range(100)]

    for row in rows:
        for key in range(3):
            cache.add(row, key, "x" * 800)

    assert sum(map(len, rows)) == 10
    assert [len(row) for row in rows[-4:]] == [1, 3, 3, 3]


def test_texts_that_a_table_has_dropped_take_no_memory() -> None:
    """They stayed until the cache was full, and a server that was written to grew by its 128 MB."""
    cache, row = TextCache(), Texts()
    cache.add(row, "key", "x" * 800)
    dropped = ref(row)

    del row

    assert dropped() is None


def test_a_text_counts_with_all_of_its_bytes() -> None:
    """A character of a text may need four."""
    cache = TextCache(100_000)
    rows = [Texts() for _ in range(10)]

    for row in rows:
        cache.add(row, "key", "\N{GRINNING FACE}" * 10_000)

    assert sum(map(len, rows)) == 2


def test_long_host_names_are_not_held() -> None:
    """Not even by replies that are short. The journal has a bound of its own."""
    api = Api(Settings(journal_bytes=0), pristine("one-invoice"))
    path, token = "/api/invoices/?field=state&page_size=1", {"Authorization": f"Token {api.user('staff').token}"}
    api.send("GET", path, None, token)  # makes the indexes
    tracemalloc.start()
    try:
        for number in range(100):
            assert api.send("GET", path, None, {"Host": f"{number}.{'x' * 60_000}", **token}).status == 200
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 3_000_000


def test_any_selection_of_fields_is_answered(readable: Api) -> None:
    """More of them than stay compiled."""
    names = ["uuid", "url", "number", "state", "year", "month", "price", "tax", "total", "customer"]
    for first in names:
        for second in names:
            reply = readable.get("/api/invoices/", "staff", field=[first, second], page_size=1)

            assert set(reply.body[0]) == {first, second}


def test_a_parameter_that_is_repeated_costs_no_more(readable: Api) -> None:
    once = readable.get("/api/invoices/", "staff", o="-year", state="created")
    begun = time.process_time()

    often = readable.get("/api/invoices/", "staff", o=["-year"] * 2000, state=["created"] * 2000)

    assert often.body == once.body
    assert time.process_time() - begun < 1
