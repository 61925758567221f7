"""What a connection does besides uvicorn: whole answers at once, and what a proxy says of the client."""

from typing import Final

import pytest
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.asgi import pristine
from tests.fuzz.connection import Answer, Server
from tests.web.listening import answer, head, listening
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.api import Api
from waldur_billing_mock.mock_server.web.connection import LimitedConnection
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.problems import server_error
from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import headers_by_name

INVOICE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
REQUESTS: Final = {
    "an object": head("GET", INVOICE),
    "a page": head("GET", "/api/invoices/?page_size=1"),
    "a refusal": head("GET", "/api/invoices/?state=none"),
    "nothing there": head("GET", "/api/invoices/0/"),
    "no body": head("DELETE", "/api/invoice-items/b81f6c0594ae4d278f3b5e0a7c92d461/"),
    "a preflight": head("OPTIONS", INVOICE, "Access-Control-Request-Method: GET"),
    "a head": head("HEAD", INVOICE),
    "an end": head("GET", INVOICE, "Connection: close"),
    "an old client": b"GET " + INVOICE.encode() + b" HTTP/1.0\r\n\r\n",
    "a page of the control plane": head("GET", "/_mock/health"),
    "two at once": head("GET", INVOICE) + head("GET", "/api/invoices/"),
    "a body": head("GET", INVOICE, "Content-Length: 3") + b"abc",
    "a broken body": head("GET", INVOICE, "Transfer-Encoding: chunked") + b"nonsense\r\n",
    "another protocol": head("GET", INVOICE, "Connection: Upgrade", "Upgrade: h2c"),
    "a question before the body": head("GET", INVOICE, "Expect: 100-continue", "Content-Length: 3") + b"abc",
}


def answers(request: bytes) -> list[Answer]:
    outcome = Server(Settings(), Stage(pristine("one-invoice"))).exchange(
        [request], ["HEAD"] * request.startswith(b"HEAD")
    )
    assert (outcome.rest, outcome.errors, outcome.hangs) == (b"", [], False)
    return outcome.answers


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_an_answer_that_is_sent_at_once_is_the_one_that_uvicorn_would_send(
    request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answers(request_)

    monkeypatch.setattr(LimitedConnection, "send_whole", lambda *_: False)
    for name in ("_start_asgi_task", "on_header"):
        monkeypatch.setattr(LimitedConnection, name, getattr(HttpToolsProtocol, name))
    assert sent == answers(request_)
    assert sent


def test_usual_answers_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent by uvicorn they are the same, but take longer."""
    done: list[bool] = []
    send = LimitedConnection.send_whole

    def spy(*arguments: object) -> bool:
        done.append(send(*arguments))  # type: ignore[arg-type]
        return done[-1]

    monkeypatch.setattr(LimitedConnection, "send_whole", spy)
    statuses = [answers(REQUESTS[name])[0].status for name in ("an object", "a page", "a refusal", "no body")]
    assert statuses == [200, 200, 400, 204]
    assert done == [True] * 4


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_defect_is_answered_as_by_waldur_and_seen_by_the_operator(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(Api, "_respond", fail)
    server = Server(Settings(), Stage(pristine("one-invoice")))
    outcome = server.exchange([head(method, INVOICE, "Content-Length: 0"), head("GET", "/_mock/requests")])
    (answer,) = outcome.answers
    assert (answer.status, answer.body) == (500, server_error().body.encode())
    assert [error.count("ZeroDivisionError: a defect") for error in outcome.errors] == [1]
    assert [line.split()[:2] for line in server.logged] == [[method, "500"]]


def test_no_header_begins_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn gets it, and closes the connection."""
    monkeypatch.setattr(
        "waldur_billing_mock.mock_server.control.controlled.shared",
        lambda reply: Reply(reply.status, [*reply.headers, (b"x-name", b"a\r\nset-cookie: b")], reply.body),
    )
    outcome = Server(Settings(), Stage(pristine("one-invoice"))).exchange([head("GET", INVOICE)])
    assert (outcome.answers, outcome.rest) == ([], b"")
    assert any("Invalid HTTP header" in error for error in outcome.errors)


def test_each_request_of_a_connection_is_read_by_its_own_headers() -> None:
    """Headers that come again are reused, so each of these must be seen where it comes, and not after it."""
    usual = head("GET", INVOICE)
    requests = {
        usual: 200,
        head("GET", INVOICE, "Prefer: code=503"): 503,
        head("GET", INVOICE, "X-Mock-Session: -."): 400,
        head("GET", f"{INVOICE}?mock_session=-."): 400,
        head("GET", INVOICE, "Accept: text/html"): 406,
        usual.replace(b"Token ", b"Token x"): 401,
        usual.replace(b"Token ", b"Token main."): 200,
        usual.replace(b"Token ", b"Token other."): 200,
        usual.replace(b"mock.example", b"other.example"): 200,
    }
    sent = [request for each in requests for request in (each, usual)]
    with listening(Limits()) as server, server.connect() as connection:
        answers = []
        for request in sent:
            connection.sendall(request)
            answers.append(answer(connection))

    assert [found.status for found in answers[::2]] == [*requests.values()]
    assert {found.body for found in answers[1::2]} == {answers[0].body}
    assert b"http://other.example/api/invoices/" in answers[-2].body


def test_the_headers_of_a_request_that_was_changed_are_the_new_ones() -> None:
    scope: Scope = {"headers": [(b"authorization", b"Token a")]}
    assert headers_by_name(scope) is headers_by_name(scope)
    assert headers_by_name({**scope, "headers": [(b"authorization", b"Token b")]}) == {b"authorization": b"Token b"}


@pytest.mark.parametrize("proxies", ["127.0.0.1", "10.0.0.1"])
def test_links_have_the_scheme_that_a_proxy_of_this_machine_was_asked_by(
    proxies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", proxies)
    with listening(Limits()) as server:
        forwarded = server.send(head("GET", INVOICE, "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7"))
        direct = server.send(head("GET", INVOICE))

    scheme = b"https" if proxies == "127.0.0.1" else b"http"
    assert b'"url":"%s://mock.example/api/invoices/' % scheme in forwarded.body
    assert b'"url":"http://mock.example/api/invoices/' in direct.body
