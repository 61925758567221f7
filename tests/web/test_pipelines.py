"""Requests that come one after the other through a connection are answered in order, whatever follows them."""

from typing import Final

import pytest

from tests.asgi import pristine
from tests.fuzz.connection import Server
from tests.web.listening import head
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.limits import Limits

INVOICE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
BODY: Final = b'{"backend_id": "first"}'
JSON: Final = "Content-Type: application/json"
WRITE: Final = head("POST", f"{INVOICE}set_backend_id/", JSON, f"Content-Length: {len(BODY)}") + BODY
BROKEN: Final = head("POST", f"{INVOICE}paid/", JSON, "Transfer-Encoding: chunked") + b"zz\r\n"


@pytest.fixture(scope="module")
def made() -> Server:
    return Server(Settings(limits=Limits(head_bytes=2000)), Stage(pristine("one-invoice")))


@pytest.fixture
def server(made: Server) -> Server:
    made.stage.reset()
    return made


@pytest.mark.parametrize(
    "rest",
    [b"more", b"\x00", b"POST /x HTTP/1.1\r\n: \r\n\r\n", BROKEN],
    ids=["longer than announced", "no HTTP", "a bad head", "a broken chunk"],
)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["at once", "in pieces"])
def test_a_whole_request_gets_its_answer_also_where_nonsense_follows(
    server: Server, rest: bytes, in_pieces: bool
) -> None:
    """The client got 400 for its write, which was done."""
    outcome = server.exchange([WRITE, rest] if in_pieces else [WRITE + rest])

    statuses = [one.status for one in outcome.answers]
    assert statuses in ([200], [200, 400])
    assert outcome.answers[0].header("connection") == ("close" if len(statuses) == 1 else "")
    assert {row.backend_id for row in server.stage.world.invoices} == {"first"}
    assert {row.state for row in server.stage.world.invoices} == {"created"}
    assert (outcome.errors, outcome.hangs) == ([], False)


def test_several_whole_requests_before_nonsense_are_all_answered(server: Server) -> None:
    outcome = server.exchange([head("GET", INVOICE) + WRITE + head("GET", INVOICE) + b"more"])

    assert [one.status for one in outcome.answers] == [200, 200, 200]
    assert [one.header("connection") for one in outcome.answers] == ["", "", "close"]


def test_a_head_that_is_too_large_does_not_answer_for_the_request_before_it(server: Server) -> None:
    outcome = server.exchange([WRITE + b"GET / HTTP/1.1\r\nX: ", b"x" * 3000])

    assert outcome.answers[0].status == 200
    assert {row.backend_id for row in server.stage.world.invoices} == {"first"}


def test_a_request_that_is_broken_itself_is_refused_and_not_done(server: Server) -> None:
    outcome = server.exchange([BROKEN])

    assert [one.status for one in outcome.answers] == [400]
    assert {row.state for row in server.stage.world.invoices} == {"created"}
