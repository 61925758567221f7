"""Sorted ids that are cheap to copy."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from operator import pos
from typing import Any, overload

Position = Callable[[int], Any] | None
"""What the row with an id is sorted by; None for the id."""

_PIECE = 512


class SortedIds(Sequence[int]):
    """The ids of rows in an order, in tuples of up to 1,024, so that a copy shares all but the one that changes.

    Only who knows the `owner` may change it; others copy it first.
    """

    __slots__ = ("_ends", "_length", "_pieces", "owner")

    def __init__(self, owner: object, ids: Sequence[int] = ()) -> None:
        self.owner = owner
        self._pieces = [tuple(ids[start : start + _PIECE]) for start in range(0, len(ids), _PIECE)]
        self._length = len(ids)
        self._ends: Sequence[int] = ()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._pieces)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        """An id, or those of a slice with the step 1."""
        if isinstance(place, int):
            start = range(self._length)[place]
            return self[start : start + 1][0]
        start, stop, _ = place.indices(self._length)
        if stop <= start:
            return []
        if not self._ends:
            self._ends = list(accumulate(map(len, self._pieces)))
        number = bisect_right(self._ends, start)
        offset = self._ends[number] - len(self._pieces[number])
        found = list(self._pieces[number][start - offset : stop - offset])
        while len(found) < stop - start:
            number += 1
            found += self._pieces[number][: stop - start - len(found)]
        return found

    def insert(self, id: int, position: Position) -> None:
        self._length += 1
        self._ends = ()
        last = self._pieces[-1][-1] if self._pieces else None
        if last is None or (id > last if position is None else position(id) > position(last)):
            if self._pieces and len(self._pieces[-1]) < _PIECE:
                self._pieces[-1] += (id,)
            else:
                self._pieces.append((id,))
            return
        number, place = self._find(id, position)
        piece = self._pieces[number]
        piece = (*piece[:place], id, *piece[place:])
        half = len(piece) // 2
        self._pieces[number : number + 1] = [piece] if len(piece) <= 2 * _PIECE else [piece[:half], piece[half:]]

    def remove(self, id: int, position: Position) -> None:
        self._length -= 1
        self._ends = ()
        number, place = self._find(id, position)
        piece = self._pieces[number]
        left = piece[:place] + piece[place + 1 :]
        self._pieces[number : number + 1] = [left] if left else []

    def copy(self, owner: object) -> SortedIds:
        copied = SortedIds(owner)
        copied._pieces, copied._length, copied._ends = list(self._pieces), self._length, self._ends
        return copied

    def _find(self, id: int, position: Position) -> tuple[int, int]:
        """The piece, and the place in it, where the id is or would be inserted."""
        of = position or pos
        wanted = of(id)
        number = bisect_left(self._pieces, wanted, key=lambda piece: of(piece[-1]))
        return number, bisect_left(self._pieces[number], wanted, key=of)
