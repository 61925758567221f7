"""What a served mock holds under random traffic, briefly; `make soak` runs ten minutes."""

import pytest

from tests.soak.run import soak, under_load
from tests.soak.traffic import Traffic


@pytest.mark.slow
def test_after_writes_by_50_clients_the_journal_explains_the_world_and_all_figures_agree() -> None:
    said = under_load(seconds=2, seed=1)

    assert "writes repeated" in said


@pytest.mark.slow
def test_memory_stays_flat_and_figures_stay_right_under_random_traffic() -> None:
    said = soak(seconds=8, seed=2, most=6000)

    assert "figures of" in said


def test_the_same_seed_draws_the_same_requests_and_no_question_comes_twice() -> None:
    first, second = Traffic(3), Traffic(3)

    drawn = [first.any() for _ in range(300)]
    assert drawn == [second.any() for _ in range(300)]
    questions = [first.read().target for _ in range(300)]
    assert len(set(questions)) == 300
