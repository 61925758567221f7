"""One line for each request, without what nobody else may know."""

import json

import pytest
from starlette.types import Receive, Scope, Send

from tests.web.toy import Shop, api
from waldur_billing_mock.mock_server.web.request_log import RequestLog


def logged(as_json: bool) -> tuple[Shop, list[str]]:
    """A shop whose requests take 1.5 ms, and the lines that it writes."""
    lines: list[str] = []
    ticks = iter(number * 0.0015 for number in range(1000))
    return Shop(RequestLog(api(), write=lines.append, clock=lambda: next(ticks), as_json=as_json)), lines


@pytest.mark.parametrize("as_json", [True, False])
def test_a_request_is_one_line(as_json: bool) -> None:
    shop, lines = logged(as_json)

    for path in ("/fruits/", "/nuts/?x=1"):
        shop.ask("GET", path)

    assert len(lines) == 2
    assert all("\n" not in line for line in lines)


def test_a_line_tells_method_path_status_and_duration() -> None:
    shop, lines = logged(as_json=False)

    shop.ask("GET", "/nuts/?x=1")

    (line,) = lines
    assert line.split() == ["GET", "404", "1.5", "ms", "'/nuts/?x=1'"]


def test_a_line_of_json_has_the_same_as_members() -> None:
    shop, lines = logged(as_json=True)

    shop.ask("GET", "/nuts/?x=%22")

    (line,) = lines
    assert json.loads(line) == {"method": "GET", "path": "/nuts/?x=%22", "status": 404, "ms": 1.5}


@pytest.mark.parametrize("as_json", [True, False])
def test_neither_tokens_nor_bodies_are_written(as_json: bool) -> None:
    shop, lines = logged(as_json)

    shop.ask("POST", "/fruits/", "guest", {"Content-Type": "application/json"}, b'{"name": "secret"}')

    (line,) = lines
    assert "guest" not in line
    assert "secret" not in line


@pytest.mark.parametrize("as_json", [True, False])
def test_a_path_cannot_forge_a_line(as_json: bool) -> None:
    shop, lines = logged(as_json)

    shop.ask("GET", "/nuts/%0AGET%20200/?x=%0A")

    (line,) = lines
    assert "\n" not in line


def test_a_failure_is_logged_as_an_error() -> None:
    lines: list[str] = []

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    shop = Shop(RequestLog(failing, write=lines.append, clock=lambda: 0.0, as_json=True))

    with pytest.raises(ValueError, match="unpack"):
        shop.ask("GET", "/fruits/")

    assert [json.loads(line)["status"] for line in lines] == [500]
