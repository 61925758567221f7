"""Sentences about what was done, shown on the page that a form leads to. Addresses hold their numbers, not the text."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence, whether it says that something was refused, and what else the page shows about it."""

    text: str
    failed: bool = False
    details: Mapping[str, Any] | None = None


class Notices:
    """The last sentences by number."""

    def __init__(self) -> None:
        self._numbers: Final = count(1)
        self._notices: Final[dict[str, Notice]] = {}

    def add(self, notice: Notice) -> str:
        """The number of a new sentence."""
        number = str(next(self._numbers))
        self._notices[number] = notice
        if len(self._notices) > MOST:
            del self._notices[next(iter(self._notices))]
        return number

    def get(self, number: str) -> Notice | None:
        """The sentence; None where it is not known any more."""
        return self._notices.get(number)
