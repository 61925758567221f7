"""Answers to questions that were asked before: while nothing has changed, the same question has the same answer."""

from collections.abc import Callable, Hashable
from typing import Final

from mock_server.web.reply import Reply
from mock_server.web.request import Request

_ASKED_BY: Final = (b"host", b"authorization", b"accept", b"x-impersonated-user-uuid")
"""All headers that an answer to a reading request depends on."""

_MOST: Final = 256
_LONGEST: Final = 1 << 18
"""Bytes of an answer that is kept."""


class Answers:
    """Keeps what was answered to GET. `state` tells something else whenever anything has changed that is answered."""

    def __init__(self, state: Callable[[], Hashable]) -> None:
        self._state: Final = state
        self._kept_in: Hashable = None
        self._kept: Final[dict[Hashable, Reply]] = {}

    def find(self, request: Request) -> Reply | None:
        """The answer that this request had in the state of now."""
        if request.method != "GET":
            return None
        state = self._state()
        if state != self._kept_in:
            self._kept.clear()
            self._kept_in = state
        return self._kept.get(_question(request))

    def keep(self, request: Request, answer: Reply) -> None:
        """Keeps an answer that was made in the state of now."""
        if request.method == "GET" and len(answer.body) <= _LONGEST and self._state() == self._kept_in:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[_question(request)] = answer


def _question(request: Request) -> Hashable:
    scope = request.scope
    server = tuple(scope["server"] or ())
    return request.path, request.query_string, scope["scheme"], server, *map(request.raw_header, _ASKED_BY)
