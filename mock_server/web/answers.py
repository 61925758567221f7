"""Answers to questions that were asked before: while nothing has changed, the same question has the same answer."""

from collections.abc import Callable, Hashable
from typing import Final

from waldur_billing_mock.mock_server.web.reply import Reply
from waldur_billing_mock.mock_server.web.request import Request

_MOST: Final = 64
_LONGEST: Final = 1 << 17
"""Bytes of an answer that is kept."""


class Answers:
    """Keeps what was answered to GET. `state` tells something else whenever anything has changed that is answered."""

    def __init__(self, state: Callable[[Request], Hashable]) -> None:
        self._state: Final = state
        self._kept_in: Hashable = None
        self._kept: Final[dict[Hashable, Reply]] = {}

    def find(self, request: Request, question: Hashable) -> Reply | None:
        """The answer that the question had in the state of now."""
        state = self._state(request)
        if state != self._kept_in:
            self._kept.clear()
            self._kept_in = state
        return self._kept.get(question)

    def keep(self, request: Request, question: Hashable, answer: Reply) -> None:
        """Keeps an answer that was made in the state of now."""
        if len(answer.body) <= _LONGEST and self._state(request) == self._kept_in:
            if len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[question] = answer


def question(request: Request) -> Hashable:
    """All of a reading request that its answer depends on."""
    header = request.raw_header
    return (
        request.path,
        request.query_string,
        request.base,
        header(b"authorization"),
        header(b"accept"),
        header(b"x-impersonated-user-uuid"),
    )
