"""Each peculiarity changes what a caller sees, and the suite finds nothing broken in any of them (`make healthy`)."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final

import pytest
from starlette.types import Scope

from tests.peculiarities.catalogue import NAMED_ALONE, PECULIARITIES, all_at_once
from tests.peculiarities.deployment import Facade
from tests.peculiarities.run import main
from tests.peculiarities.switch import Mock, Peculiarity, compatible, mock_with
from tests.peculiarities.worlds import more_items
from tests.wrapping.proxy import Request, Response, Server

WANTED: Final = 40
UNSEEN: Final = frozenset({"stale-sums", "slow-answers", "slow-growth"})
"""What reading once does not show: figures after a write, and time."""
OFTEN: Final = ("/api/version/",) * 60
"""For what happens once in many requests."""
READS: Final = (
    *("/api/invoices/?page_size=150", "/api/invoice-items/?page_size=20", "/api/invoices/?page_size=300&field=uuid"),
    *("/api/provider-invoice-items/?o=resource_offering_name&page_size=300", "/api/version/", "/api/invoices/?year=x"),
    *("/api/provider-invoice-items/?o=project_name&page_size=300", "/api/invoices/growth/", "/api/invoices/?page=999"),
    *("/api/invoice-items/total_price/", "/api/invoice-items/costs/", "/api/invoices/?state=pending_finalization"),
    *(
        "/api/invoice-items/customer_costs_for_period/",
        "/api/provider-invoice-items/1/",
        "/api/invoices/{invoice}/items/",
    ),
    *("/api/invoices/{invoice}/stats/", "/api/invoice-items/{item}/consumptions/"),
)
SCOPE: Final[Scope] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "scheme": "http",
    "server": ("127.0.0.1", 80),
}
Answers = list[tuple[int, tuple[tuple[str, str], ...], bytes]]


def answers(mock: Mock, targets: Sequence[str]) -> Answers:
    """What a mock answers to staff, or to whoever else has a token."""
    server = Server(Facade(mock.app, [*mock.proxies, *mock.makes], datetime.fromisoformat(mock.now)), SCOPE)
    token = mock.tokens.get("staff") or next(iter(mock.tokens.values()))
    headers = {"authorization": f"Token {token}", "accept-encoding": "gzip", "host": "127.0.0.1:8000"}

    async def ask() -> list[Response]:
        parts = [target.partition("?") for target in targets]
        return [await server.ask(Request("GET", path, query, headers)) for path, _, query in parts]

    return [(response.status, response.headers, response.body) for response in asyncio.run(ask())]


@cache
def plain() -> Mock:
    return mock_with([])


@cache
def reads() -> tuple[str, ...]:
    """The reads, about the first invoice with items and its first item."""
    (response,) = answers(plain(), ["/api/invoices/?page_size=300"])
    row = next(row for row in Response(200).with_body(response[2]).json if row["items"])
    return tuple(target.format(invoice=row["uuid"], item=row["items"][0]["uuid"]) for target in READS)


@cache
def plain_answers(targets: tuple[str, ...]) -> Answers:
    return answers(plain(), targets)


@pytest.mark.parametrize("peculiarity", PECULIARITIES.values(), ids=PECULIARITIES)
def test_a_peculiarity_changes_what_a_caller_sees(peculiarity: Peculiarity) -> None:
    mock = mock_with([peculiarity])
    targets = OFTEN if peculiarity.group == "once" else reads()

    differs = mock.tokens != plain().tokens or answers(mock, targets) != plain_answers(targets)

    assert differs == (peculiarity.identifier not in UNSEEN)


def test_there_are_enough_peculiarities_and_each_has_a_name_and_a_sentence() -> None:
    sentences = {one.sentence for one in PECULIARITIES.values()}

    assert len(sentences) == len(PECULIARITIES) >= WANTED
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in PECULIARITIES)


def test_items_are_added_to_many_invoices() -> None:
    large = replace(NAMED_ALONE["hundred-thousand-items"], change=more_items(400, invoices=1_000))

    ((_, headers, body),) = answers(mock_with([large]), ["/api/invoice-items/?page_size=300&page=last"])
    ((_, before, _),) = answers(plain(), ["/api/invoice-items/?page_size=1"])

    counts = [int(dict(one)["x-result-count"]) for one in (headers, before)]
    assert counts[0] - counts[1] == 400
    assert len({row["invoice"] for row in json.loads(body)}) > 20


def test_most_peculiarities_go_together() -> None:
    assert compatible(all_at_once())
    assert len(all_at_once()) > WANTED / 2


def test_the_control_plane_of_a_deployment_is_hidden_and_its_clock_stands_in_the_date() -> None:
    ((status, headers, _),) = answers(plain(), ["/_mock/users"])

    assert status == 404
    assert dict(headers)["date"] == "Sat, 22 Nov 2025 09:00:00 GMT"


def test_peculiarities_that_exclude_each_other_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--only", "ties-per-request", "--only", "ties-per-worker"])

    assert code == 2
    assert "cannot be on together" in capsys.readouterr().err
