"""Answers come in time. Slow ones are asked for again, so that a busy machine alone is no defect."""

from waldur_billing_mock.contracts.trial import Trial

_AGAIN = 3


def answers_come_in_time(trial: Trial) -> None:
    """No read takes longer than a second in this process, or ten over a network, each time it is asked for."""
    for slow in list(trial.tally.slow.values())[:10]:
        best = slow
        for _ in range(_AGAIN):
            trial.forget()
            again = trial.send(slow.request, slow.role, slow.place)
            best = min(best, again, key=lambda exchange: exchange.answer.seconds)
        limit = trial.tally.slow_from
        best.must.hold(
            best.answer.seconds < limit, f"an answer must come within {limit:g} seconds", best.answer.seconds
        )
