"""The tables of a world. Rows are immutable values; a change is a new row put in the place of the old one.

Indexes and sums are derived from the rows, so they could be dropped and rebuilt at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeAlias, TypeVar, overload

from waldur_billing_mock.mock_server.billing.index import Bucket, Index, Layered, Order, Sum, Terms, same_terms
from waldur_billing_mock.mock_server.billing.money import ZERO, add, subtract
from waldur_billing_mock.mock_server.billing.period import Month

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.store import World


class Identified(Protocol):
    """What every row has: an integer of its table, 32 lower-case hexadecimal digits, and the world that it is in."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]

    @property
    def id(self) -> int: ...

    @property
    def uuid(self) -> str: ...

    @property
    def world(self) -> World: ...


Row = TypeVar("Row", bound=Identified)
Other = TypeVar("Other", bound=Identified)
Written: TypeAlias = dict[Hashable, str | bytes]

_MOST_WRITTEN = 10_000
"""Rows of a table of which others keep what they made."""


class Table(Generic[Row]):
    """The rows of one kind, in the order of their ids; found by uuid, by id and by declared indexes and orders.

    `terms` are what rows add up to, `facts` what the keys of followers read of a row. `changed` is told every row that
    comes or goes. `written` holds, by uuid, what others have made of single rows; `changed` drops what holds no more.
    """

    def __init__(
        self,
        world: World,
        indexes: Mapping[str, Callable[[Row], Hashable]] | None = None,
        *,
        orders: Mapping[str, Order[Row]] | None = None,
        terms: Callable[[Row], Terms] | None = None,
        sums: Mapping[str, Callable[[Row], Decimal]] | None = None,
        facts: Callable[[Row], object] | None = None,
        changed: Callable[[Row], None] | None = None,
    ) -> None:
        self._world = world
        self._rows: Layered[int, Row] = Layered()
        self._ids: Layered[str, int] = Layered()
        by_id: Order[Row] = Order(None, {(name,): key for name, key in (indexes or {}).items()})
        self._orders = {"id": by_id, **(orders or {})}
        self._indexes = {
            (name, names): Index(key, order.place)
            for name, order in self._orders.items()
            for names, key in order.keys.items()
        }
        self._by_name = {name: self._indexes["id", (name,)] for name in indexes or {}}
        self._made: list[Index[Row]] = []
        self._terms = terms
        self._kept = dict(sums or {})
        self._sums = dict.fromkeys(self._kept, ZERO)
        self._facts = facts
        self._changed = changed
        self._followers: list[Callable[[str], Callable[[], None]]] = []
        self._last_id = 0
        self.written: dict[str, Written] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter([self.at(id) for id in sorted(id for id, _ in self._rows.items())])

    @property
    def next_id(self) -> int:
        """The id after the highest that was ever in use, so ids of removed rows do not return. A put takes it."""
        return self._last_id + 1

    def reserve(self, id: int) -> None:
        """Ids up to this one count as having been in use."""
        self._last_id = max(self._last_id, id)

    def get(self, uuid: str | None) -> Row | None:
        """The row with this uuid; None for an unknown one, and for the link that is not set."""
        id = None if uuid is None else self._ids.get(uuid)
        return None if id is None else self.at(id)

    def one(self, uuid: str) -> Row:
        """The row of a link that must be there. A KeyError tells of a world that was put together wrongly."""
        id = self._ids.get(uuid)
        if id is None:
            raise KeyError(uuid)
        return self.at(id)

    def by_id(self, id: int) -> Row | None:
        return self.at(id) if self._rows.get(id) is not None else None

    def at(self, id: int) -> Row:
        """The row with an id that is in use."""
        row = self._rows.get(id)
        if row is None:
            raise KeyError(id)
        # A row that a copy of the world shares with its original knows the world in which it was made.
        return row if row.world is self._world else replace(row, world=self._world)

    def where(self, index: str, key: Hashable) -> list[Row]:
        """The rows that have this key in a declared index."""
        return self.of(self._index(self._by_name[index]).bucket(key).all_ids())

    def listed(self, order: str) -> Rows[Row]:
        """All rows in a declared order."""
        return Rows(self, order, {}, self.bucket(order, (), ()))

    def bucket(self, order: str, names: tuple[str, ...], key: Hashable) -> Bucket:
        """The ids of the rows with a key in a declared index."""
        return self._index(self._indexes[order, names]).bucket(key)

    def in_order(self, order: str, rows: Iterable[Row]) -> list[Row]:
        """The rows in a declared order."""
        place = self._orders[order].place
        return sorted(rows, key=place or (lambda row: (row.id,)))

    def names(self, order: str) -> Iterable[tuple[str, ...]]:
        """What rows can be found by in a declared order."""
        return self._orders[order].keys

    def written_of(self, uuid: str) -> Written:
        """Where others keep what they made of a row, until the row or what it derives from changes."""
        found = self.written.get(uuid)
        if found is None:
            if len(self.written) >= _MOST_WRITTEN:
                self.written.clear()
            found = self.written[uuid] = {}
        return found

    def sum(self, name: str) -> Decimal:
        """A declared sum over all rows, kept up to date by every put and remove."""
        return self._sums[name]

    def sums_of(self, bucket: Bucket) -> Mapping[Month, tuple[Sum, ...]]:
        """The terms of the rows in a bucket, added up by group: counted once, and from then on kept."""
        if bucket.sums is None and len(bucket) and self._terms is not None:
            bucket.sums = {}
            for id in bucket.ids(0, len(bucket)):
                bucket.add_up(*self._terms(self.at(id)))
        return {group: sums for group, sums in (bucket.sums or {}).items() if not sums[0].is_empty}

    def put(self, row: Row) -> Row:
        """Insert the row, or replace the one that has its id: the one place where rows enter a world."""
        previous = self.by_id(row.id) if row.id <= self._last_id else None
        renamed = previous is None or previous.uuid != row.uuid
        if renamed and (holder := self._ids.get(row.uuid)) not in (None, row.id):
            raise ValueError(f"The uuid {row.uuid} belongs to the row {holder} already.")
        put_back = self._take_out_followers(previous, row) if self._followers else ()
        moved = self._made
        if previous is not None:
            moved = [index for index in moved if index.is_moved(previous, row)]
            self._take_out(previous, row, moved)
        else:
            self.reserve(row.id)
            self._count(None, row)
        self._rows.set(row.id, row)
        if renamed:
            self._ids.set(row.uuid, row.id)
        for index in moved:
            index.insert(row, self.at, self._terms)
        for put in put_back:
            put()
        self._world.changes += 1
        if self._changed is not None:
            self._changed(row)
        return row

    def remove(self, row: Row) -> None:
        """Take the row with this id out of the world."""
        row = self.at(row.id)
        put_back = self._take_out_followers(row, None)
        self._take_out(row, None, self._made)
        self._rows.remove(row.id)
        self._world.changes += 1
        for put in put_back:
            put()

    def follow(self, leader: Table[Other], index: str) -> None:
        """The keys of rows here read rows of the leader: `index` leads from the uuids there to the rows here."""

        def take_out(uuid: str) -> Callable[[], None]:
            rows, made = self.where(index, uuid), tuple(self._made)
            for row in rows:
                self.written.pop(row.uuid, None)
                for each in made:
                    each.remove(row, self.at, self._terms)

            def put_back() -> None:
                for row in rows:
                    for each in made:
                        each.insert(row, self.at, self._terms)

            return put_back

        leader._followers.append(take_out)

    def take_over(self, original: Table[Row]) -> None:
        """The rows, indexes and sums of another world's table are here, too; changes do not reach the other one."""
        self._rows, self._ids = original._rows.copy(), original._ids.copy()
        self._indexes = {names: index.copy() for names, index in original._indexes.items()}
        self._by_name = {name: self._indexes["id", (name,)] for name in self._by_name}
        self._made = [index for index in self._indexes.values() if index.is_made]
        self._sums = dict(original._sums)
        self._last_id = original._last_id

    def _take_out_followers(self, previous: Row | None, row: Row | None) -> list[Callable[[], None]]:
        """Takes the followers out of their indexes where what these read changes; returns what puts them back."""
        if self._facts is None or (previous and self._facts(previous)) == (row and self._facts(row)):
            return []
        uuids = {found.uuid for found in (previous, row) if found is not None}
        return [take_out(uuid) for take_out in self._followers for uuid in uuids]

    def _take_out(self, row: Row, successor: Row | None, moved: Sequence[Index[Row]]) -> None:
        """Lets go of a row. A successor has its id; in indexes that are not `moved` it stands where the row stood."""
        for index in moved:
            index.remove(row, self.at, self._terms)
        if successor is None or successor.uuid != row.uuid:
            self._ids.remove(row.uuid)
        if successor is not None and self._terms is not None:
            before, after = self._terms(row), self._terms(successor)
            if not same_terms(before, after):
                for index in self._made:
                    if index not in moved:
                        index.count_anew(row, before, after)
        self._count(row, successor)
        if self._changed is not None:
            self._changed(row)

    def _count(self, row: Row | None, successor: Row | None) -> None:
        """Keeps the declared sums true."""
        for name, term in self._kept.items():
            if row is not None:
                self._sums[name] = subtract(self._sums[name], term(row))
            if successor is not None:
                self._sums[name] = add(self._sums[name], term(successor))

    def _index(self, index: Index[Row]) -> Index[Row]:
        """An index, made if nobody has asked for it yet."""
        if not index.is_made:
            index.make(self if index.place is None else sorted(self, key=index.place))
            self._made.append(index)
        return index

    def of(self, ids: Iterable[int]) -> list[Row]:
        """The rows with these ids. Most of them know this world already, and take no more than a look."""
        get, world = self._rows.get, self._world
        return [row if (row := get(id)) is not None and row.world is world else self.at(id) for id in ids]


class Rows(Sequence[Row]):
    """Rows in a declared order, all of them or those that an index finds; read only as far as somebody looks."""

    def __init__(self, table: Table[Row], order: str, wanted: Mapping[str, Hashable], bucket: Bucket) -> None:
        self._table = table
        self._order = order
        self._wanted = wanted
        self._bucket = bucket

    def __len__(self) -> int:
        return len(self._bucket)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return self._table.of(self._bucket.ids(start, stop))
        start = range(len(self))[place]
        return self._table.at(self._bucket.ids(start, start + 1)[0])

    def __iter__(self) -> Iterator[Row]:
        return iter(self[:])

    def narrowed(self, wanted: Mapping[str, Hashable]) -> tuple[Rows[Row], frozenset[str]]:
        """The fewest rows that one index finds, and the names of what is wanted that they all fit already."""
        # What these rows were found by stays: another value asked for by the same name is left to be judged.
        merged = {**wanted, **self._wanted}
        known = best_names = frozenset(self._wanted)
        best = self
        for candidate in self._table.names(self._order):
            if known < frozenset(candidate) <= merged.keys():
                found = {name: merged[name] for name in candidate}
                bucket = self._table.bucket(self._order, candidate, tuple(found.values()))
                if len(bucket) <= len(best):
                    best, best_names = Rows(self._table, self._order, found, bucket), frozenset(candidate)
        return best, frozenset(name for name in best_names if name in wanted and wanted[name] == merged[name])

    def in_order(self, rows: Iterable[Row]) -> list[Row]:
        """Other rows of the table, in the order of these."""
        return self._table.in_order(self._order, rows)

    def sums(self) -> Mapping[Month, tuple[Decimal, ...]]:
        """The declared terms of these rows, added up by group."""
        return {group: tuple(kept.value for kept in sums) for group, sums in self._table.sums_of(self._bucket).items()}
