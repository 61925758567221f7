"""The same question is answered from what is kept, and a question is the same only in every respect that counts."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.web.toy import EATERS, FUNCTIONS, PEAR, Shop, api

MARKED: Final = "/fruits/?page_size=2"


class Counted:
    """A shop whose functions are counted, and whose state is a number."""

    def __init__(self) -> None:
        self.state = 0
        self.calls = 0
        counted = {name: self._count(function) for name, function in FUNCTIONS.items()}
        self.shop = Shop(api(counted, state=lambda request: self.state))

    def _count(self, function: Any) -> Any:
        def called(intake: Any) -> Any:
            self.calls += 1
            return function(intake)

        return called


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_a_question_that_was_asked_is_not_worked_out_again(counted: Counted) -> None:
    first, second = (counted.shop.ask("GET", MARKED) for _ in range(2))

    assert (first, counted.calls) == (second, 1)


def test_what_was_answered_in_another_state_does_not_count(counted: Counted) -> None:
    counted.shop.ask("GET", MARKED)
    counted.state += 1
    counted.shop.ask("GET", MARKED)

    assert counted.calls == 2


@pytest.mark.parametrize(
    ("target", "token", "headers"),
    [
        ("/fruits/?page_size=1", "guest", {}),
        (MARKED, "cook", {}),
        (MARKED, "guest", {"Host": "other.example"}),
        (MARKED, "guest", {"X-Forwarded-Proto": "https"}),
        (MARKED, "cook", {"X-Impersonated-User-Uuid": EATERS["guest"].uuid}),
    ],
)
def test_another_question_is_worked_out(counted: Counted, target: str, token: str, headers: Mapping[str, str]) -> None:
    counted.shop.ask("GET", MARKED)
    counted.shop.ask("GET", target, token, headers)

    assert counted.calls == 2


def test_a_question_in_another_format_is_refused_though_the_answer_is_known(counted: Counted) -> None:
    counted.shop.ask("GET", MARKED)

    assert counted.shop.ask("GET", MARKED, headers={"Accept": "text/html"}).status == 406


@pytest.mark.parametrize("method", ["POST", "DELETE", "HEAD"])
def test_only_reading_is_remembered(counted: Counted, method: str) -> None:
    target = f"/fruits/{PEAR}/eat/" if method == "POST" else f"/fruits/{PEAR}/"
    for _ in range(2):
        counted.shop.ask(method, target, "cook")

    assert counted.calls == 2


def test_without_a_state_every_question_is_new() -> None:
    counted = Counted()
    shop = Shop(api({name: counted._count(call) for name, call in FUNCTIONS.items()}))
    for _ in range(2):
        shop.ask("GET", MARKED)

    assert counted.calls == 2
