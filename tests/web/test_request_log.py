"""One line for each request, without what nobody else may know."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from starlette.types import Receive, Scope, Send

from tests.web.toy import Shop, api
from waldur_billing_mock.mock_server.web.request_log import Logged, RequestLog, masked

TOKENS: Final = frozenset({"guest", "YOUR_API_TOKEN"})

Lines = list[tuple[str, Mapping[str, Any]]]


def logged() -> tuple[Shop, Lines]:
    """A shop whose requests take 1.5 ms, and the lines that it writes."""
    lines: Lines = []
    ticks = iter(number * 0.0015 for number in range(1000))
    log = RequestLog(
        write=lambda text, fields: lines.append((text, fields)),
        tokens=lambda scope: TOKENS,
        describe=lambda scope: {"user": "anna"},
    )
    return Shop(Logged(api(), log=log, clock=lambda: next(ticks))), lines


def test_a_line_tells_method_path_status_and_duration() -> None:
    shop, lines = logged()

    shop.ask("GET", "/nuts/?x=1")

    ((text, _),) = lines
    assert text.split() == ["GET", "404", "1.5", "ms", "'/nuts/?x=1'"]


def test_the_fields_of_a_line_tell_also_who_asked_and_how_much_was_sent() -> None:
    shop, lines = logged()

    reply = shop.ask("GET", "/nuts/?x=%22")

    ((_, fields),) = lines
    assert fields == {
        "request_id": "1",
        "user": "anna",
        "method": "GET",
        "path": "/nuts/?x=%22",
        "status": 404,
        "ms": 1.5,
        "size": len(reply.text.encode()),
    }


@pytest.mark.parametrize(("given", "logged_as"), [("a1-b_2.c", "a1-b_2.c"), ("a b", "1"), ("x" * 65, "1")])
def test_the_request_id_of_the_caller_is_logged_if_it_is_one(given: str, logged_as: str) -> None:
    shop, lines = logged()

    shop.ask("GET", "/fruits/", None, {"X-Request-ID": given})

    assert lines[0][1]["request_id"] == logged_as


def test_neither_tokens_nor_bodies_are_written() -> None:
    shop, lines = logged()

    shop.ask("POST", "/fruits/", "guest", {"Content-Type": "application/json"}, b'{"name": "secret"}')

    assert "guest" not in str(lines)
    assert "secret" not in str(lines)


@pytest.mark.parametrize(
    ("path", "query", "shown"),
    [
        ("/a/b/", "page=1&state=paid", "/a/b/?page=1&state=paid"),
        ("/a/", "token=abc&x=1", "/a/?token=***&x=1"),
        ("/a/", "Access_Token=abc", "/a/?Access_Token=***"),
        ("/a/", "t%6Fken=abc", "/a/?t%6Fken=***"),
        ("/a/", "api-key=abc&password=def&auth=ghi", "/a/?api-key=***&password=***&auth=***"),
        ("/a/", "name=guest", "/a/?name=***"),
        ("/a/", "name=Token%20guest", "/a/?name=***"),
        ("/a/", "name=Token+guest", "/a/?name=***"),
        ("/a/", "name=%67uest", "/a/?name=***"),
        ("/a/", "name=%2567uest", "/a/?name=***"),
        ("/a/", "guest", "/a/?***"),
        ("/a/", "name=guests", "/a/?name=guests"),
        ("/a/", "name=xYOUR_API_TOKENx", "/a/?name=***"),
        ("/api/YOUR_API_TOKEN/", "", "/api/***/"),
        ("/api/" + "0f" * 20 + "/", "", "/api/***/"),
        ("/api/" + "0f" * 16 + "/", "", "/api/" + "0f" * 16 + "/"),
    ],
)
def test_no_token_is_logged_wherever_it_is(path: str, query: str, shown: str) -> None:
    assert masked(path, query, TOKENS) == shown


def test_a_path_cannot_forge_a_line_or_steer_a_terminal() -> None:
    shop, lines = logged()

    shop.ask("GET", "/nuts/%0AGET%20200/%1B[2J?x=%0A")

    ((text, _),) = lines
    assert text.isprintable()


def test_a_long_path_is_cut() -> None:
    shop, lines = logged()

    shop.ask("GET", f"/nuts/{'x' * 5000}/")

    ((text, fields),) = lines
    assert len(text) < 1100
    assert len(fields["path"]) == 1001


def test_a_failure_is_logged_as_an_error() -> None:
    lines: Lines = []

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    log = RequestLog(
        write=lambda text, fields: lines.append((text, fields)),
        tokens=lambda scope: frozenset(),
        describe=lambda scope: {},
    )

    with pytest.raises(ValueError, match="unpack"):
        Shop(Logged(failing, log=log, clock=lambda: 0.0)).ask("GET", "/fruits/")

    assert [fields["status"] for _, fields in lines] == [500]
