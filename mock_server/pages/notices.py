"""Sentences about what was done, shown on the page that a form leads to. Addresses hold their numbers, not the text."""

from itertools import count
from typing import Final

MOST: Final = 100


class Notices:
    """The last sentences by number."""

    def __init__(self) -> None:
        self._numbers: Final = count(1)
        self._texts: Final[dict[str, str]] = {}

    def add(self, text: str) -> str:
        """The number of a new sentence."""
        number = str(next(self._numbers))
        self._texts[number] = text
        if len(self._texts) > MOST:
            del self._texts[next(iter(self._texts))]
        return number

    def get(self, number: str) -> str:
        """The sentence; an empty text where it is not known any more."""
        return self._texts.get(number, "")
