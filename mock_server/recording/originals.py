"""The originals of a file: looked up in texts at any place, however many there are."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

SHORTEST: Final = 3
"""Shorter texts are everywhere, and tell nothing."""


class Originals:
    """Texts that must not be left, and the kinds of those that are names and may stand in other texts."""

    def __init__(self, names: Mapping[str, Any], others: frozenset[str] = frozenset()) -> None:
        self.names: Final = names
        self._names: Final = _Index(frozenset(name for name in names if len(name) >= SHORTEST))
        self._all: Final = _Index(
            frozenset(text.casefold() for text in (*names, *others) if len(text.strip()) >= SHORTEST)
        )

    def __len__(self) -> int:
        return len(self._all.texts)

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """The parts of a text, each with whether it is a name."""
        last = 0
        place = 0
        while place < len(text):
            found = self._names.at(text, place)
            if found:
                if last < place:
                    yield text[last:place], False
                yield found, True
                place += len(found)
                last = place
            else:
                place += 1
        if last < len(text):
            yield text[last:], False

    def within(self, text: str) -> str:
        """An original that a text contains, in any case; blank where it contains none."""
        folded = text.casefold()
        return next((found for place in range(len(folded)) if (found := self._all.at(folded, place))), "")


class _Index:
    """Texts by their first characters and lengths."""

    def __init__(self, texts: frozenset[str]) -> None:
        self.texts: Final = texts
        lengths: dict[str, set[int]] = {}
        for text in texts:
            lengths.setdefault(text[:SHORTEST], set()).add(len(text))
        self._lengths: Final = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def at(self, text: str, place: int) -> str:
        """The longest of the texts that stands at a place, as a whole word; blank where none does."""
        for length in self._lengths.get(text[place : place + SHORTEST], ()):
            found = text[place : place + length]
            if found in self.texts and _ends(text, place) and _ends(text, place + length):
                return found
        return ""


def _ends(text: str, place: int) -> bool:
    """Whether a word ends at a place. Where words are written without blanks, it may end anywhere."""
    if not 0 < place < len(text):
        return True
    before, after = text[place - 1], text[place]
    if not (before.isalnum() and after.isalnum()):
        return True
    return ord(before) > 0x2E80 or ord(after) > 0x2E80 or before.isdecimal() != after.isdecimal()
