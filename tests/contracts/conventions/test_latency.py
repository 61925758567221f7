"""Slow answers are asked for again; what is slow each time is reported, slower than the others a note."""

from typing import Final

import pytest

from tests.contracts.scripted import Site, answer, context_of
from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.conventions.latency import answers_come_in_time, no_answer_is_slow_beside_the_others
from waldur_billing_mock.contracts.exchange import Answer, Broken, Request

LIMIT: Final = 10.0
"""From how many seconds on an answer is too slow in the context of these tests."""


def took(seconds: float) -> Answer:
    found = answer()
    return Answer(found.status, found.headers, found.body, seconds)


def asked(again: float, *first: float, quick: float = 0.5, others: int = 30) -> tuple[Context, Site]:
    """A context that has asked for addresses which took so long at first, and take another time from then on.

    So many others were quick.
    """
    site = Site(took(quick))
    context = context_of(site)
    for number in range(others):
        context.send(Request("GET", f"/quick/{number}/"))
    for number, seconds in enumerate(first):
        site.otherwise = took(seconds)
        context.send(Request("GET", f"/slow/{number}/"))
    site.otherwise = took(again)
    site.sent.clear()
    return context, site


@pytest.mark.parametrize(
    ("first", "again", "is_kept"),
    [(9.9, 99.0, True), (LIMIT, LIMIT, False), (LIMIT, 9.99, True), (30.0, 20.0, False), (LIMIT, 20.0, False)],
)
def test_an_answer_is_too_slow_where_it_is_each_time(first: float, again: float, is_kept: bool) -> None:
    context, _ = asked(again, first)

    if is_kept:
        answers_come_in_time(context)
        return
    with pytest.raises(Broken, match="an answer must come within 10 seconds") as raised:
        answers_come_in_time(context)
    assert raised.value.complaints[0].got == min(first, again)


def test_seconds_are_told_to_a_tenth() -> None:
    context, _ = asked(12.345, 30.0)

    with pytest.raises(Broken) as raised:
        answers_come_in_time(context)

    assert raised.value.complaints[0].got == 12.3


def test_the_ten_slowest_answers_are_asked_for_three_times() -> None:
    context, site = asked(1.0, *(LIMIT + number for number in range(12)))

    answers_come_in_time(context)

    assert site.targets == [f"/slow/{number}/" for number in range(11, 1, -1) for _ in range(3)]


@pytest.mark.parametrize(
    ("first", "again", "quick", "noted"),
    [
        (9.9, 9.9, 0.5, 0),
        (10.0, 10.0, 0.5, 1),
        (10.0, 9.9, 0.5, 0),
        (15.0, 15.0, 0.5, 1),
        (0.9, 0.9, 0.01, 0),
        (1.0, 1.0, 0.01, 1),
    ],
)
def test_an_answer_is_slow_beside_others_from_twenty_times_and_a_second_on(
    first: float, again: float, quick: float, noted: int
) -> None:
    context, site = asked(again, first, quick=quick)

    no_answer_is_slow_beside_the_others(context)

    assert len(context.noted) == noted
    if noted:
        (note,) = context.noted
        assert note.complaint.what == "/slow/0/ is slow beside the other answers"
        assert note.complaint.detail == f"{again:.1f} s, where the median answer takes {quick:.2f} s"
        assert note.complaint.got == again
    assert bool(site.sent) is (first >= max(1.0, 20 * quick))


def test_the_seconds_of_a_note_are_told_to_a_tenth() -> None:
    context, _ = asked(1.26, 5.0, quick=0.01)

    no_answer_is_slow_beside_the_others(context)

    assert context.noted[0].complaint.got == 1.3


def test_the_five_slowest_answers_are_looked_at_beside_the_others() -> None:
    context, site = asked(0.1, *(5.0 + number for number in range(7)), quick=0.01)

    no_answer_is_slow_beside_the_others(context)

    assert list(dict.fromkeys(site.targets)) == [f"/slow/{number}/" for number in range(6, 1, -1)]


def test_where_nothing_was_asked_nothing_is_slow() -> None:
    context, site = asked(1.0, others=0)

    no_answer_is_slow_beside_the_others(context)
    answers_come_in_time(context)

    assert site.sent == []
