"""The stored rows of one class in one database, with their indexes and sums."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any

from immutables import Map

from waldur_billing_mock.mock_server.tables.columns import (
    Columns,
    Converter,
    Packing,
    Spec,
    pack_numbers,
    pack_rows,
    unpack_numbers,
)
from waldur_billing_mock.mock_server.tables.index import GroupedSums, Index, add_up
from waldur_billing_mock.mock_server.tables.row_blocks import RowBlocks
from waldur_billing_mock.mock_server.tables.schema import Aggregate, Find, Schema, Total
from waldur_billing_mock.mock_server.tables.shared_map import LateMap, SharedMap, frozen, mutable

IndexName = tuple[str, tuple[str, ...]]
"""An order and some keys."""


class Store:
    """Rows by id and uuid. Forked databases share a store until one of them writes to it.

    Indexes and sums are made when they are first needed, which may be while the store is shared: they hold for all who
    share it, as all of them have the same rows here, and the same values in the rows that keys follow.
    """

    __slots__ = ("_sums", "ids", "indexes", "last_id", "owner", "rows", "schema", "total")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.owner = object()
        self.rows = RowBlocks()
        self.ids: SharedMap[str, int] | LateMap[str, int] = Map()
        self.last_id = 0
        make = schema.options.total
        self.total: Total | None = make() if make is not None else None
        self.indexes: dict[IndexName, Index] = {}
        self._sums: dict[IndexName, GroupedSums] = {}

    def pack(self, packing: Packing, fields: Mapping[str, Converter]) -> Spec:
        """The rows as columns, which `unpacked` reads. Raises what `pack_rows` raises."""
        rows = list(self.rows)
        return {
            "last_id": self.last_id,
            "ids": pack_numbers(packing, [row.id for row in rows]),
            "columns": pack_rows(packing, rows, fields),
            "total": None if self.total is None else self.total.dump(),
        }

    @classmethod
    def unpacked(cls, schema: Schema, spec: Spec, content: memoryview, fields: Mapping[str, Converter]) -> Store:
        """The store that was packed. Rows are made when they are first read, and so is the map of uuids.

        Raises `KeyError`, `TypeError` or `ValueError` for what `pack` did not write.
        """
        made = cls(schema)
        columns = Columns(schema.kind, unpack_numbers(spec["ids"], content), spec["columns"], content, fields)
        made.rows = RowBlocks.of(columns)
        made.ids = LateMap(lambda: Map(zip(columns.values("uuid"), columns.ids, strict=True)))
        made.last_id = spec["last_id"]
        if made.total is not None:
            made.total.load(spec["total"])
        return made

    def copy(self) -> Store:
        """A store with the same rows, which can be changed without changing this one. This one must not change."""
        copied = Store.__new__(Store)
        copied.schema, copied.owner, copied.last_id = self.schema, object(), self.last_id
        copied.rows = self.rows.copy()
        copied.ids = self.ids = frozen(self.ids)
        copied.total = self.total.copy() if self.total is not None else None
        copied.indexes = dict(self.indexes)
        copied._sums = {name: sums.copy() for name, sums in self._sums.items()}
        return copied

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def index(self, name: IndexName, find: Find) -> Index:
        """The index of this name, which is made if it is missing."""
        index = self.indexes.get(name)
        if index is None:
            index = Index(self.schema.index(*name), self.owner)
            index.fill(self.rows, find)
            self.indexes[name] = index
        return index

    def sums(self, name: IndexName, key: Hashable, find: Find) -> Mapping[Hashable, Aggregate]:
        """The declared sums of the rows with a key in an index, by group; groups without rows are left out."""
        sums = self._sums.get(name)
        if sums is None:
            sums = self._sums[name] = GroupedSums(self.schema, self.schema.index(*name))
        found = sums.of(key)
        if found is None:
            found = sums.count(key, self.rows.several(self.index(name, find).ids(key)), find)
        return {group: figure for group, figure in found.items() if not figure.is_empty}

    def add_up(self, rows: Iterable[Any], find: Find) -> Mapping[Hashable, Aggregate]:
        """The declared sums of some rows, by group."""
        return add_up(self.schema, rows, find)

    def add(self, row: Any, find: Find) -> None:
        """Add a row with an id and a uuid that no other has."""
        id = row.id
        self.ids = ids = mutable(self.ids)
        ids[row.uuid] = id
        if id > self.last_id:
            self.last_id = id
        self.rows.set(id, row)
        if self.indexes:
            self._insert(row, self.indexes, self._sums, find)
        if self.total is not None:
            self.total.add(row)

    def replace(self, before: Any, after: Any, find: Find) -> None:
        """Put a row in the place of the one with its id, or remove that one (None)."""
        moved: Collection[IndexName] = self.indexes
        if after is not None:
            moved = [name for name, index in self.indexes.items() if index.is_moved(before, after, find)]
        recounted = self._recounted(before, after, moved)
        self._take_out(before, moved, recounted, find)
        if self.total is not None:
            self.total.take_out(before)
        if after is None or before.uuid != after.uuid:
            self.ids = ids = mutable(self.ids)
            del ids[before.uuid]
            if after is None:
                self.rows.remove(before.id)
                return
            ids[after.uuid] = after.id
        self.rows.set(after.id, after)
        self._insert(after, moved, recounted, find)
        if self.total is not None:
            self.total.add(after)

    def take_out(self, rows: Iterable[Any], through: str, find: Find) -> None:
        """Take rows out of the indexes and sums that follow a foreign key, before the rows there change."""
        names = self._following(through)
        for row in rows:
            self._take_out(row, names, [name for name in names if name in self._sums], find)

    def put_back(self, rows: Iterable[Any], through: str, find: Find) -> None:
        """Insert rows again that were taken out."""
        names = self._following(through)
        for row in rows:
            self._insert(row, names, [name for name in names if name in self._sums], find)

    def _following(self, through: str) -> list[IndexName]:
        return [name for name, index in self.indexes.items() if through in index.key.routes]

    def _recounted(self, before: Any, after: Any, moved: Collection[IndexName]) -> Iterable[IndexName]:
        """The sums in which the two rows may count differently."""
        if not self._sums:
            return ()
        fields = (*self.schema.sums.reads, *self.schema.foreign_keys)
        if after is None or any(getattr(before, name) is not getattr(after, name) for name in fields):
            return self._sums
        return [name for name in self._sums if name in moved]

    def _take_out(self, row: Any, names: Iterable[IndexName], summed: Iterable[IndexName], find: Find) -> None:
        for name in summed:
            self._sums[name].take_out(row, find)
        for name in names:
            self._writable(name).remove(row, self.rows.__getitem__, find)

    def _insert(self, row: Any, names: Iterable[IndexName], summed: Iterable[IndexName], find: Find) -> None:
        owner, row_of = self.owner, self.rows.__getitem__
        for name in names:
            index = self.indexes[name]
            (index if index.owner is owner else self._writable(name)).insert(row, row_of, find)
        for name in summed:
            self._sums[name].add(row, find)

    def _writable(self, name: IndexName) -> Index:
        index = self.indexes[name]
        if index.owner is not self.owner:
            index = self.indexes[name] = index.copy(self.owner)
        return index
