"""A database: the tables of some row classes, the one way to write to them, and copies that cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from waldur_billing_mock.mock_server.tables.columns import Converter, Packing, Spec
from waldur_billing_mock.mock_server.tables.schema import Key, Row, schema_of
from waldur_billing_mock.mock_server.tables.store import Store
from waldur_billing_mock.mock_server.tables.table import Stores, Table

R = TypeVar("R", bound=Row)


class Listener(Protocol):
    """Derived data that one database keeps, and a copy of which each fork gets."""

    def changed(self, database: Any, before: Row | None, after: Row | None) -> None:
        """A row was added (`before` is None), replaced, or removed (`after` is None)."""

    def clear(self) -> None:
        """Something else changed from which data may derive: drop all that may."""

    def copy(self) -> Self:
        """What a fork starts with. It costs nothing, and neither of the two changes the other."""


L = TypeVar("L", bound=Listener)


class Database:
    """Tables of immutable rows, and what listens to their changes.

    A fork shares everything until one side writes: a table is copied at the first write to it, which copies a few
    references. `put` and `remove` are the only ways to change rows.
    """

    def __init__(self, kinds: Iterable[type[Any]]) -> None:
        self._stores = Stores({kind: Store(schema_of(kind)) for kind in kinds})
        self._owned = set(self._stores)
        self._is_frozen = False
        self.changes = 0
        """How often a row was put or removed, here and in the databases that this is a fork of."""
        self.size = 0
        """The number of rows of all tables."""
        self._following = {
            leader: [
                (kind, through, read)
                for kind in self._stores
                for through, read in schema_of(kind).followed.items()
                if schema_of(kind).foreign_keys[through] is leader
            ]
            for leader in self._stores
        }
        """By class, the foreign keys through which keys of other tables read its rows, and what they read."""
        self._listeners: dict[type[Any], Listener] = {}

    def table(self, kind: type[R]) -> Table[R]:
        """Reading access to the rows of a class."""
        return Table(self._stores, kind)

    def read(self, key: Key, row: Row) -> Any:
        """The value of a key for a row."""
        return key.read(row, self._stores.find)

    def listener(self, kind: type[L], make: Callable[[], L] | None = None) -> L:
        """The listener of this class, of which a database has one. It is made when it is first asked for."""
        found: Any = self._listeners.get(kind)
        if found is None:
            found = self._listeners[kind] = (make or kind)()
        listener: L = found
        return listener

    def put(self, row: R) -> R:
        """Add a row, or replace the one that has its id. Raises `ValueError` for a uuid that another row has.

        Like all that changes rows, it raises `RuntimeError` where the database is frozen.
        """
        kind = type(row)
        store = self._stores[kind] if kind in self._owned and not self._is_frozen else self._writable(kind)
        id, uuid = row.id, row.uuid
        before = store.rows.get(id) if id <= store.last_id else None
        if before is None or before.uuid != uuid:
            other = store.ids.get(uuid)
            if other is not None and other != id:
                raise ValueError(f"The uuid {uuid} belongs to the row {other} already.")
        self._replace(store, before, row)
        return row

    def remove(self, row: Row) -> None:
        """Remove the row with this id. Raises `KeyError`."""
        store = self._writable(type(row))
        self._replace(store, store.rows[row.id], None)

    def reserve(self, kind: type[Any], id: int) -> None:
        """Ids up to this one count as having been in use."""
        store = self._writable(kind)
        store.last_id = max(store.last_id, id)

    def pack(self, packing: Packing, fields: Mapping[type[Any], Mapping[str, Converter]]) -> list[Spec]:
        """All tables as columns, which `unpack` reads. `fields` are all fields of each class."""
        return [store.pack(packing, fields[kind]) for kind, store in self._stores.items()]

    def unpack(
        self, specs: Sequence[Spec], content: memoryview, fields: Mapping[type[Any], Mapping[str, Converter]]
    ) -> None:
        """Take the rows that a database of the same classes has packed; this one must be new.

        Raises `KeyError`, `TypeError` or `ValueError` for what `pack` did not write.
        """
        self.must_be_writable()
        for (kind, store), spec in zip(list(self._stores.items()), specs, strict=True):
            self._stores[kind] = Store.unpacked(store.schema, spec, content, fields[kind])
        self.size = sum(len(store.rows) for store in self._stores.values())

    def fork(self) -> Self:
        """A copy that can be changed without changing this database, and the other way round."""
        copied = type(self).__new__(type(self))
        copied._stores = Stores(self._stores)
        # Neither owns what both hold.
        copied._owned, self._owned = set(), set()
        copied._is_frozen = False
        copied._following = self._following
        copied.changes, copied.size = self.changes, self.size
        copied._listeners = {kind: listener.copy() for kind, listener in self._listeners.items()}
        return copied

    def _replace(self, store: Store, before: Any, after: Any) -> None:
        self.changes += 1
        self.size += (after is not None) - (before is not None)
        find = self._stores.find
        followers = list(self._followers(store, before, after)) if self._following[store.schema.kind] else ()
        for follower, rows, through in followers:
            follower.take_out(rows, through, find)
        if before is None:
            store.add(after, find)
        else:
            store.replace(before, after, find)
        for follower, rows, through in followers:
            follower.put_back(rows, through, find)
        for listener in self._listeners.values():
            listener.changed(self, before, after)

    def clear_derived(self) -> None:
        """Have listeners drop what derives from anything but rows, which has changed."""
        for listener in self._listeners.values():
            listener.clear()

    def _followers(self, leader: Store, before: Any, after: Any) -> Iterator[tuple[Store, list[Any], str]]:
        """Where keys of other tables read what changes in a row: the rows there that refer to it."""
        for kind, through, read in self._following[leader.schema.kind]:
            if not self._stores[kind].rows:
                # Without rows nothing refers to it, and the index that finds them need not be kept from now on.
                continue
            same_uuid = before is not None and after is not None and before.uuid == after.uuid
            if same_uuid and read(before) == read(after):
                continue
            uuids = {row.uuid for row in (before, after) if row is not None}
            rows = [row for uuid in sorted(uuids) for row in self.table(kind).where(**{through: uuid})]
            if rows:
                yield self._writable(kind), rows, through

    def freeze(self) -> Self:
        """Have all changes refused from now on, here and not in forks. Returns this database."""
        self._is_frozen = True
        return self

    def must_be_writable(self) -> None:
        """Raises `RuntimeError` where it is frozen."""
        if self._is_frozen:
            raise RuntimeError("This database is frozen, as others may hold it too. Change a fork of it.")

    def _writable(self, kind: type[Any]) -> Store:
        self.must_be_writable()
        if kind not in self._owned:
            self._stores[kind] = self._stores[kind].copy()
            self._owned.add(kind)
        return self._stores[kind]
