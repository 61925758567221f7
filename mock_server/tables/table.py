"""Reading access to the rows of one class."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from waldur_billing_mock.mock_server.tables.schema import Find, Row
from waldur_billing_mock.mock_server.tables.store import IndexName, Store

R = TypeVar("R", bound=Row)


class Stores(dict[type[Any], Store]):
    """The stores of one database, by row class."""

    def find(self, kind: type[Any], uuid: Any) -> Any:
        """The row of a class with this uuid; None for an unknown one, and for None."""
        store = self[kind]
        id = store.ids.get(uuid)
        return None if id is None else store.rows[id]


class Table(Generic[R]):
    """The rows of a class, in the order of their ids. `Database.put` and `Database.remove` change them."""

    __slots__ = ("_kind", "_stores")

    def __init__(self, stores: Stores, kind: type[R]) -> None:
        self._stores = stores
        self._kind = kind

    def __len__(self) -> int:
        return len(self._store.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._store)

    @property
    def next_id(self) -> int:
        """The id after the highest that was ever in use, so ids of removed rows are not used again."""
        return self._stores[self._kind].last_id + 1

    def get(self, uuid: str | None) -> R | None:
        """The row with this uuid; None for an unknown one, and for None."""
        found: R | None = self._stores.find(self._kind, uuid)
        return found

    def one(self, uuid: str) -> R:
        """The row of a foreign key that must be there. Raises `KeyError`."""
        store = self._stores[self._kind]
        found: R = store.rows[store.ids[uuid]]
        return found

    def by_id(self, id: int) -> R | None:
        found: R | None = self._store.rows.get(id)
        return found

    def where(self, **wanted: Hashable) -> list[R]:
        """The rows with these values of declared keys, in the order of their ids. An index is made for these keys."""
        store, ids = self._found(wanted)
        return store.rows.several(ids)

    def first(self, **wanted: Hashable) -> R | None:
        """The row with the least id of those that `where` finds."""
        store, ids = self._found(wanted)
        return store.rows[ids[0]] if ids else None

    def has(self, **wanted: Hashable) -> bool:
        """Whether `where` finds a row."""
        _, ids = self._found(wanted)
        return len(ids) > 0

    def _found(self, wanted: Mapping[str, Hashable]) -> tuple[Store, Sequence[int]]:
        store = self._stores[self._kind]
        name = ("id", tuple(wanted))
        index = store.indexes.get(name) or store.index(name, self._stores.find)
        return store, index.ids(tuple(wanted.values()))

    def ordered(self, order: str) -> Rows[R]:
        """All rows in a declared order."""
        return Rows(self._stores, self._kind, (order, ()), ())

    def in_order(self, ids: Sequence[int]) -> Found[R]:
        """The rows with these ids, in the order of the ids."""
        store = self._store
        return _Picked(_RowsById(store, ids), store, self._stores.find)

    def position(self, order: str) -> Callable[[R], tuple[Any, ...]]:
        """Reads what a row is sorted by in a declared order. No two rows have the same."""
        position, find = self._store.schema.index(order, ()).position, self._stores.find
        assert position is not None, "the order is declared"
        return lambda row: position(row, find)

    @property
    def total(self) -> Any:
        """The declared aggregate over all rows. The caller does not change it."""
        return self._store.total

    @property
    def _store(self) -> Store:
        return self._stores[self._kind]


class Found(Sequence[R]):
    """Rows of one class that were found in a table."""

    @abstractmethod
    def narrowed(self, wanted: Mapping[str, Hashable]) -> tuple[Found[R], frozenset[str]]:
        """The smallest subset that one index finds, and the keys of what is wanted that all of its rows have.

        `wanted` are values by the names of declared keys.
        """

    @abstractmethod
    def picked(self, rows: Sequence[R]) -> Found[R]:
        """Some of these rows, which somebody else has chosen."""

    @property
    @abstractmethod
    def whole_order(self) -> str | None:
        """The declared order of these rows where they are all of their table; else None."""

    @abstractmethod
    def sums(self) -> Mapping[Any, Any]:
        """The declared sums of these rows, by group. The caller does not change them."""


class _RowsById(Sequence[R]):
    """Rows by their ids, read when they are asked for."""

    def __init__(self, store: Store, ids: Sequence[int]) -> None:
        self._store = store
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R]: ...
    def __getitem__(self, place: int | slice) -> R | Sequence[R]:
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return self._store.rows.several(self._ids[start:stop])
        found: R = self._store.rows[self._ids[place]]
        return found


class Rows(_RowsById[R], Found[R]):
    """Rows in a declared order, all or those with some values of keys. Rows are read when they are asked for."""

    def __init__(self, stores: Stores, kind: type[R], index: IndexName, key: tuple[Hashable, ...]) -> None:
        store = stores[kind]
        super().__init__(store, store.index(index, stores.find).ids(key))
        self._stores = stores
        self._kind = kind
        self._index = index
        self._key = key

    def __iter__(self) -> Iterator[R]:
        return iter(self[:])

    def narrowed(self, wanted: Mapping[str, Hashable]) -> tuple[Rows[R], frozenset[str]]:
        order, names = self._index
        known = dict(zip(names, self._key, strict=True))
        # What these rows were found by holds: another value that is wanted for the same key is left to the caller.
        merged = {**wanted, **known}
        best = self
        singles = [] if names else [(name,) for name in wanted]
        for candidate in (*singles, *self._store.schema.combinations(order)):
            if known.keys() < set(candidate) <= merged.keys():
                found = Rows(self._stores, self._kind, (order, candidate), tuple(merged[name] for name in candidate))
                if len(found) <= len(best):
                    best = found
        held = best._index[1]
        return best, frozenset(name for name in held if name in wanted and wanted[name] == merged[name])

    def picked(self, rows: Sequence[R]) -> Found[R]:
        return _Picked(rows, self._store, self._stores.find)

    @property
    def whole_order(self) -> str | None:
        order, names = self._index
        return None if names else order

    def merged(self, parts: Iterable[Iterable[R]]) -> Found[R]:
        """Rows of several parts, in the order of these rows."""
        rows = [row for part in parts for row in part]
        return self.picked(sorted(rows, key=Table(self._stores, self._kind).position(self._index[0])))

    def sums(self) -> Mapping[Any, Any]:
        return self._store.sums(self._index, self._key, self._stores.find)


class _Picked(Found[R]):
    """Rows that no index finds."""

    def __init__(self, rows: Sequence[R], store: Store, find: Find) -> None:
        self._rows = rows
        self._store = store
        self._find = find

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R]: ...
    def __getitem__(self, place: int | slice) -> R | Sequence[R]:
        return self._rows[place]

    def narrowed(self, wanted: Mapping[str, Hashable]) -> tuple[Found[R], frozenset[str]]:
        return self, frozenset()

    @property
    def whole_order(self) -> str | None:
        return None

    def picked(self, rows: Sequence[R]) -> Found[R]:
        return _Picked(rows, self._store, self._find)

    def sums(self) -> Mapping[Any, Any]:
        return self._store.add_up(self._rows, self._find)
