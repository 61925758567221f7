"""The replay notices where an answer is not the recorded one, in every part, and on pages whose rows tie."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.parity.age import AGE
from tests.parity.recording import HERE, Exchange, Recording, read
from tests.parity.replay import SETTINGS, Outcome, Replay, idle, report

PAGE = 148
"""A page of three invoices that tie with others: state=created&page_size=3."""
DETAIL = 430
"""A refusal: 404, as the invoice is in another state."""

Tamper = Callable[[Exchange], Exchange]


def rows_changed(exchange: Exchange, name: str, value: object) -> Exchange:
    """The exchange with another value in its first row."""
    rows = json.loads(exchange.response_body)
    rows[0][name] = value
    return replace(exchange, response_body=json.dumps(rows))


def replayed(n: int, tamper: Tamper) -> Outcome:
    """The outcome of one recorded exchange that was tampered with."""
    recording = read(HERE)
    (exchange,) = [exchange for exchange in recording.exchanges if exchange.n == n]
    (outcome,) = Replay(Recording(recording.world, (tamper(exchange),)), SETTINGS).run()
    return outcome


@pytest.mark.parametrize("n", [PAGE, DETAIL])
def test_what_was_recorded_agrees(n: int) -> None:
    assert replayed(n, lambda exchange: exchange).agrees


@pytest.mark.parametrize(
    ("n", "tamper", "part"),
    [
        (DETAIL, lambda exchange: replace(exchange, status=200), "status"),
        (DETAIL, lambda exchange: replace(exchange, response_body='{"detail":"Not found."}'), "body"),
        (DETAIL, lambda exchange: replace(exchange, response_headers={}), "header"),
        (PAGE, lambda exchange: rows_changed(exchange, "state", "paid"), "body"),
        (PAGE, lambda exchange: rows_changed(exchange, "price", "0.01"), "body"),
        (PAGE, lambda exchange: rows_changed(exchange, "uuid", "265ee98059714b34a78959966cb21736"), "body"),
        (PAGE, lambda exchange: rows_changed(exchange, "unheard_of", None), "body"),
        (PAGE, lambda exchange: replace(exchange, query="state=created&page_size=3&o=year"), "body"),
    ],
)
def test_what_was_not_recorded_is_noticed(n: int, tamper: Tamper, part: str) -> None:
    outcome = replayed(n, tamper)

    assert not outcome.agrees_in(part)


def test_rows_that_tie_may_change_places() -> None:
    def turned(exchange: Exchange) -> Exchange:
        return replace(exchange, response_body=json.dumps(json.loads(exchange.response_body)[::-1]))

    assert replayed(PAGE, turned).agrees


def test_a_name_for_no_difference_is_told() -> None:
    outcome = replayed(DETAIL, lambda exchange: exchange)

    assert idle([outcome], AGE) == list(AGE)


def test_the_report_ends_with_the_score() -> None:
    agreeing = replayed(DETAIL, lambda exchange: exchange)
    differing = replayed(DETAIL, lambda exchange: replace(exchange, status=200))

    lines = list(report([agreeing, differing]))

    assert lines[-1] == "1 of 2 exchanges agree"
    assert "1 × invoices_retrieve status 200 → 404" in lines
