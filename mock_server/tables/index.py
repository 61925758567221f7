"""Indexes: the ids of rows by key, each group sorted; and sums of the groups. Copies share what neither changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import pos
from typing import Any, TypeAlias

from immutables import Map

from waldur_billing_mock.mock_server.tables.row_blocks import RowBlocks
from waldur_billing_mock.mock_server.tables.schema import Aggregate, Find, IndexKey, Schema
from waldur_billing_mock.mock_server.tables.shared_map import SharedMap, frozen, mutable
from waldur_billing_mock.mock_server.tables.sorted_ids import Position, SortedIds

RowOf: TypeAlias = Callable[[int], Any]

_FEW = 64
"""A group of up to so many ids is a plain tuple: most groups are small, and there are many of them."""


class Index:
    """The rows of a table by a key. Only who knows the `owner` may change it; others copy it first."""

    __slots__ = ("_ids", "key", "owner")

    def __init__(self, key: IndexKey, owner: object) -> None:
        self.key = key
        self.owner = owner
        self._ids: SharedMap[Hashable, tuple[int, ...] | SortedIds] = Map()

    def fill(self, rows: RowBlocks, find: Find) -> None:
        """Add all rows of a table, in the order of their ids."""
        read, position, fields = self.key.read, self.key.position, self.key.fields
        found: dict[Hashable, list[int]] = {}
        if position is None and fields is not None and rows.columns is not None:
            for key, id in zip(rows.columns.keys(fields), rows.columns.ids, strict=True):
                found.setdefault(key, []).append(id)
        else:
            for row in rows if position is None else sorted(rows, key=lambda row: position(row, find)):
                found.setdefault(read(row, find), []).append(row.id)
        self._ids = Map({key: self._group(ids) for key, ids in found.items()})

    def ids(self, key: Hashable) -> Sequence[int]:
        """The ids of the rows with this key. The caller does not change them."""
        return self._ids.get(key, ())

    def is_moved(self, before: Any, after: Any, find: Find) -> bool:
        """Whether a row that replaces another belongs elsewhere in this index."""
        key = self.key
        if key.read(before, find) != key.read(after, find):
            return True
        return key.position is not None and key.position(before, find) != key.position(after, find)

    def insert(self, row: Any, row_of: RowOf, find: Find) -> None:
        """Add a row, which must be in the table already."""
        key, id = self.key.read(row, find), row.id
        ids = self._ids.get(key, ())
        if type(ids) is SortedIds:  # `isinstance` takes long where the answer is no, as this is a `Sequence`
            self._writable(key, ids).insert(id, self._position(row_of, find))
            return
        if self.key.position is None and (not ids or id > ids[-1]):
            ids = (*ids, id)
        else:
            position = self._position(row_of, find) or pos
            place = bisect_left(ids, position(id), key=position)
            ids = (*ids[:place], id, *ids[place:])
        self._set(key, ids if len(ids) <= _FEW else self._group(ids))

    def remove(self, row: Any, row_of: RowOf, find: Find) -> None:
        """Remove a row. It, and the rows that it refers to, must still be as they were when it was inserted."""
        key = self.key.read(row, find)
        ids = self._ids[key]
        if isinstance(ids, SortedIds):
            ids = self._writable(key, ids)
            ids.remove(row.id, self._position(row_of, find))
        else:
            place = ids.index(row.id)
            ids = ids[:place] + ids[place + 1 :]
        if ids:
            self._set(key, ids)
        else:
            self._ids = mutable(self._ids)
            del self._ids[key]

    def copy(self, owner: object) -> Index:
        copied = Index(self.key, owner)
        copied._ids = self._ids = frozen(self._ids)
        return copied

    def _position(self, row_of: RowOf, find: Find) -> Position:
        position = self.key.position
        return None if position is None else lambda id: position(row_of(id), find)

    def _group(self, ids: Sequence[int]) -> tuple[int, ...] | SortedIds:
        return tuple(ids) if len(ids) <= _FEW else SortedIds(self.owner, ids)

    def _writable(self, key: Hashable, ids: SortedIds) -> SortedIds:
        if ids.owner is not self.owner:
            ids = ids.copy(self.owner)
            self._set(key, ids)
        return ids

    def _set(self, key: Hashable, ids: tuple[int, ...] | SortedIds) -> None:
        self._ids = changed = mutable(self._ids)
        changed[key] = ids


def add_up(schema: Schema, rows: Iterable[Any], find: Find) -> dict[Hashable, Aggregate]:
    """The declared sums of some rows, by group."""
    make, group_of = schema.sums.make, schema.key(schema.sums.by).read
    groups: dict[Hashable, Aggregate] = {}
    for row in rows:
        group = group_of(row, find)
        if group not in groups:
            groups[group] = make()
        groups[group].add(row)
    return groups


class GroupedSums:
    """What the rows with each key of an index add up to, by group; counted when somebody first asks for the key."""

    __slots__ = ("_by_key", "_key", "_schema")

    def __init__(self, schema: Schema, key: IndexKey) -> None:
        self._schema = schema
        self._key = key
        self._by_key: SharedMap[Hashable, Mapping[Hashable, Aggregate]] = Map()

    def of(self, key: Hashable) -> Mapping[Hashable, Aggregate] | None:
        """The sums of a key by group; None before they have been counted."""
        return self._by_key.get(key)

    def count(self, key: Hashable, rows: Iterable[Any], find: Find) -> Mapping[Hashable, Aggregate]:
        """Add up the rows with this key. From now on the sums are kept up to date."""
        groups = add_up(self._schema, rows, find)
        self._by_key = mutable(self._by_key)
        self._by_key[key] = groups
        return groups

    def add(self, row: Any, find: Find) -> None:
        if (found := self._figure(row, find)) is not None:
            found.add(row)

    def take_out(self, row: Any, find: Find) -> None:
        if (found := self._figure(row, find)) is not None:
            found.take_out(row)

    def copy(self) -> GroupedSums:
        copied = GroupedSums(self._schema, self._key)
        copied._by_key = self._by_key = frozen(self._by_key)
        return copied

    def _figure(self, row: Any, find: Find) -> Aggregate | None:
        """The figure that the row counts in, as one that no copy shares; None where it has not been counted."""
        key = self._key.read(row, find)
        groups = self._by_key.get(key)
        if groups is None:
            return None
        sums = self._schema.sums
        group = self._schema.key(sums.by).read(row, find)
        figure = groups[group].copy() if group in groups else sums.make()
        self._by_key = mutable(self._by_key)
        self._by_key[key] = {**groups, group: figure}
        return figure
