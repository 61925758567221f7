"""Answers come in time: slow ones are asked for again, so that a busy machine alone is no defect."""

from statistics import median
from typing import Final

from waldur_billing_mock.contracts.context import Context
from waldur_billing_mock.contracts.declare import always
from waldur_billing_mock.contracts.exchange import Complaint, Exchange

_AGAIN: Final = 3
_MUCH: Final = 20.0
"""How many times slower than its median answer a server may be before that is told."""
_LEAST: Final = 1.0
"""Answers that take less than this, in seconds, are never slow."""


@always("conventions")
def answers_come_in_time(context: Context) -> None:
    """No read takes longer than a second in this process, or ten over a network, each time it is asked for."""
    limit = context.coverage.slow_from
    for slow in sorted(context.coverage.slow.values(), key=lambda one: -one.answer.seconds)[:10]:
        if slow.answer.seconds >= limit:
            best = _best(context, slow)
            seconds = best.answer.seconds
            best.must.hold(seconds < limit, f"an answer must come within {limit:g} seconds", round(seconds, 1))


@always("conventions")
def no_answer_is_slow_beside_the_others(context: Context) -> None:
    """No read takes twenty times as long as the median one, each time it is asked for."""
    usual = median(context.coverage.seconds or [0.0])
    limit = max(_LEAST, _MUCH * usual)
    for slow in sorted(context.coverage.slow.values(), key=lambda one: -one.answer.seconds)[:5]:
        if slow.answer.seconds < limit:
            continue
        best = _best(context, slow)
        if best.answer.seconds >= limit:
            what = f"{slow.request.path} is slow beside the other answers"
            detail = f"{best.answer.seconds:.1f} s, where the median answer takes {usual:.2f} s"
            context.note(Complaint(what, slow.place, None, round(best.answer.seconds, 1), best, detail))


def _best(context: Context, slow: Exchange) -> Exchange:
    """The quickest of several answers to the same request."""
    best = slow
    for _ in range(_AGAIN):
        again = context.send(slow.request, slow.role, slow.place, fresh=True)
        best = min(best, again, key=lambda exchange: exchange.answer.seconds)
    return best
