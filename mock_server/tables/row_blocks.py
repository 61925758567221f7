"""The rows of a table by id, in blocks that copies share."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from immutables import Map

from waldur_billing_mock.mock_server.tables.columns import Columns
from waldur_billing_mock.mock_server.tables.shared_map import SharedMap, frozen, mutable

_BITS = 6
_SIZE = 1 << _BITS
_MASK = _SIZE - 1
Block: TypeAlias = tuple[Any, ...]
"""Rows of consecutive ids, None where no row has the id. It ends with the last row."""


class _Packed(dict[int, Any]):
    """The rows of a block by their places, made of columns when one of them is first read."""

    __slots__ = ("_columns", "_start", "_stop")

    def __init__(self, columns: Columns, start: int, stop: int) -> None:
        self._columns = columns
        self._start, self._stop = start, stop

    def __missing__(self, place: int) -> Any:
        """The row, or None where no row has the id."""
        self._unpack()
        return self.get(place)

    def block(self) -> Block:
        self._unpack()
        return tuple([self.get(place) for place in range(max(self) + 1)])

    def _unpack(self) -> None:
        if not self:
            start, stop = self._start, self._stop
            places = [id & _MASK for id in self._columns.ids[start:stop]]
            self.update(zip(places, self._columns.rows(start, stop), strict=True))


class RowBlocks:
    """Rows by id. A change replaces the block of up to 64 rows in which the row is.

    A row in a block takes 8 bytes, in a map of its own 60 to 80. The block to which rows were added last is a list, to
    which more are added in place, until it is shared.
    """

    __slots__ = ("_blocks", "_length", "_open", "_open_number", "columns")

    def __init__(self) -> None:
        self._blocks: SharedMap[int, Block | list[Any] | _Packed] = Map()
        self._length = 0
        self._open: list[Any] = []
        self._open_number = -1
        self.columns: Columns | None = None
        """The columns of which all of these rows are made, until one is changed."""

    @classmethod
    def of(cls, columns: Columns) -> RowBlocks:
        """The rows of columns, each block made when one of its rows is first read."""
        made, ids = cls(), columns.ids
        made.columns, made._length = columns, len(ids)
        blocks: dict[int, _Packed] = {}
        start = 0
        while start < len(ids):
            number = ids[start] >> _BITS
            stop = bisect_left(ids, (number + 1) << _BITS, start, min(start + _SIZE, len(ids)))
            blocks[number] = _Packed(columns, start, stop)
            start = stop
        made._blocks = Map(blocks)
        return made

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        """The rows, in the order of their ids, as they are now."""
        self._blocks = blocks = frozen(self._blocks)
        return iter([row for number in sorted(blocks) for row in _rows(blocks[number]) if row is not None])

    def __getitem__(self, id: int) -> Any:
        """The row with an id that is in use."""
        return self._blocks[id >> _BITS][id & _MASK]

    def several(self, ids: Iterable[int]) -> list[Any]:
        """The rows with ids that are in use."""
        blocks = self._blocks
        return [blocks[id >> _BITS][id & _MASK] for id in ids]

    def get(self, id: int) -> Any:
        """The row with an id; None where there is none."""
        try:
            return self._blocks[id >> _BITS][id & _MASK]
        except (KeyError, IndexError):
            return None

    def set(self, id: int, row: Any) -> None:
        """Add a row, or replace the one with the id."""
        number, place = id >> _BITS, id & _MASK
        if number == self._open_number and place == len(self._open):
            self._open.append(row)
            self._length += 1
            return
        block = self._changed(number)
        if place < len(block):
            self._length += block[place] is None
            block[place] = row
        else:
            self._length += 1
            block += (None,) * (place - len(block))
            block.append(row)

    def remove(self, id: int) -> None:
        """Remove a row that is there."""
        self._changed(id >> _BITS)[id & _MASK] = None
        self._length -= 1

    def copy(self) -> RowBlocks:
        self._close()
        copied = RowBlocks()
        copied._blocks = self._blocks = frozen(self._blocks)
        copied._length, copied.columns = self._length, self.columns
        return copied

    def _changed(self, number: int) -> list[Any]:
        """A block that is changed in place."""
        if number != self._open_number:
            self._close()
            self.columns = None
            self._blocks = blocks = mutable(self._blocks)
            self._open = blocks[number] = list(_rows(blocks.get(number, ())))
            self._open_number = number
        return self._open

    def _close(self) -> None:
        if self._open_number >= 0:
            self._blocks = blocks = mutable(self._blocks)
            blocks[self._open_number] = tuple(self._open)
            self._open_number = -1


def _rows(block: Block | list[Any] | _Packed) -> Sequence[Any]:
    return block.block() if isinstance(block, _Packed) else block
