"""Indexes: the ids of rows by key, each group sorted; and sums of the groups. Copies share what neither changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from immutables import Map, MapMutation

from waldur_billing_mock.mock_server.tables.schema import Aggregate, Find, IndexKey, Schema
from waldur_billing_mock.mock_server.tables.sorted_ids import Position, SortedIds

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
SharedMap: TypeAlias = "Map[K, V] | MapMutation[K, V]"
"""A persistent map. As a mutation it is changed in place, until it is shared."""

RowOf: TypeAlias = Callable[[int], Any]


def mutable(shared: SharedMap[K, V]) -> MapMutation[K, V]:
    """The map, to be changed in place."""
    return shared.mutate() if isinstance(shared, Map) else shared


def frozen(changed: SharedMap[K, V]) -> Map[K, V]:
    """The map, to be shared: it is not changed any more."""
    return changed if isinstance(changed, Map) else changed.finish()


class Index:
    """The rows of a table by a key. Only who knows the `owner` may change it; others copy it first."""

    __slots__ = ("_ids", "key", "owner")

    def __init__(self, key: IndexKey, owner: object) -> None:
        self.key = key
        self.owner = owner
        self._ids: SharedMap[Hashable, SortedIds] = Map()

    def fill(self, rows: Iterable[Any], find: Find) -> None:
        """Take in all rows of a table, which come in the order of their ids."""
        read, position = self.key.read, self.key.position
        if position is not None:
            rows = sorted(rows, key=lambda row: position(row, find))
        found: dict[Hashable, list[int]] = {}
        for row in rows:
            found.setdefault(read(row, find), []).append(row.id)
        self._ids = Map({key: SortedIds(self.owner, ids) for key, ids in found.items()})

    def ids(self, key: Hashable) -> SortedIds:
        """The ids of the rows with this key. The caller does not change them."""
        found = self._ids.get(key)
        return _NONE if found is None else found

    def is_moved(self, before: Any, after: Any, find: Find) -> bool:
        """Whether a row that replaces another belongs elsewhere in this index."""
        key = self.key
        if key.read(before, find) != key.read(after, find):
            return True
        return key.position is not None and key.position(before, find) != key.position(after, find)

    def insert(self, row: Any, row_of: RowOf, find: Find) -> None:
        """Add a row, which must be in the table already."""
        self._writable(self.key.read(row, find)).insert(row.id, self._position(row_of, find))

    def remove(self, row: Any, row_of: RowOf, find: Find) -> None:
        """Remove a row. It, and the rows that it refers to, must still be as they were when it was inserted."""
        key = self.key.read(row, find)
        ids = self._writable(key)
        ids.remove(row.id, self._position(row_of, find))
        if not ids:
            self._ids = mutable(self._ids)
            del self._ids[key]

    def copy(self, owner: object) -> Index:
        copied = Index(self.key, owner)
        copied._ids = self._ids = frozen(self._ids)
        return copied

    def _position(self, row_of: RowOf, find: Find) -> Position:
        position = self.key.position
        return None if position is None else lambda id: position(row_of(id), find)

    def _writable(self, key: Hashable) -> SortedIds:
        ids = self._ids.get(key)
        if ids is None or ids.owner is not self.owner:
            ids = SortedIds(self.owner) if ids is None else ids.copy(self.owner)
            self._ids = mutable(self._ids)
            self._ids[key] = ids
        return ids


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


_NONE = SortedIds(None)
