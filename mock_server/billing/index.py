"""What makes a large world as quick as a small one: shared copies, rows kept in order, sums kept by what changes.

All of it is derived from the rows of tables, made when it is first asked for, and could be dropped at any time. Tables
keep it true: `Table.put` and `Table.remove` (`table.py`) take a row out before it changes, and put it back after.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Generic, Protocol, TypeAlias, TypeVar

from waldur_billing_mock.mock_server.billing.money import ZERO, add, half_even, subtract
from waldur_billing_mock.mock_server.billing.period import Month


class Numbered(Protocol):
    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Place: TypeAlias = "tuple[int | datetime, ...]"
"""Where a row stands in an order. It ends with the id, so that no two rows share one."""

Terms: TypeAlias = "tuple[Month, tuple[Decimal, ...]]"
"""What a row adds to the sums of its bucket: to those of which month, and how much to each."""

_PIECE = 512


def same_terms(one: Terms, other: Terms) -> bool:
    """Whether they add the same. Equal figures with other decimals are other terms."""
    pairs = zip(one[1], other[1], strict=True)
    return one[0] == other[0] and all(a == b and a.same_quantum(b) for a, b in pairs)


class Layered(Generic[Key, Value]):
    """A dictionary whose copies share what it held when they were made: a layer that is shared is never written.

    `own` is the part that no copy shares.
    """

    def __init__(self) -> None:
        self.own: dict[Key, Value | None] = {}
        self._layers: tuple[dict[Key, Value | None], ...] = ()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def get(self, key: Key) -> Value | None:
        own = self.own
        if key in own:
            return own[key]
        for layer in self._layers:
            if key in layer:
                return layer[key]
        return None

    def set(self, key: Key, value: Value) -> None:
        if self.own.get(key) is None:
            self._length += not self._layers or self.get(key) is None
        self.own[key] = value

    def remove(self, key: Key) -> None:
        self._length -= 1
        if self._layers:
            self.own[key] = None  # hides what the layers below hold
        else:
            del self.own[key]

    def items(self) -> Iterator[tuple[Key, Value]]:
        """All of it, in no order."""
        merged = self.own if not self._layers else {}
        for layer in (*reversed(self._layers), self.own) if self._layers else ():
            merged.update(layer)
        return ((key, value) for key, value in merged.items() if value is not None)

    def copy(self) -> Layered[Key, Value]:
        """A copy that neither sees later changes of this one nor makes any to it."""
        if self.own:
            layers = [self.own, *self._layers]
            # Small layers are merged, so that there are never more than a few of them.
            while len(layers) > 1 and 2 * len(layers[0]) >= len(layers[1]):
                layers[:2] = [{**layers[1], **layers[0]}]
            self._layers, self.own = tuple(layers), {}
        copied: Layered[Key, Value] = Layered()
        copied._layers, copied._length = self._layers, self._length
        return copied


class Sum:
    """An exact sum from which terms can be taken out again; it has the most decimals that one of its terms has."""

    __slots__ = ("_places", "_value")

    def __init__(self) -> None:
        self._value = ZERO
        self._places: dict[int, int] = {}

    def add(self, term: Decimal) -> None:
        self._value = add(self._value, term)
        self._count(term, 1)

    def take_out(self, term: Decimal) -> None:
        self._value = subtract(self._value, term)
        self._count(term, -1)

    @property
    def is_empty(self) -> bool:
        """Whether every term has been taken out again."""
        return not self._places

    @property
    def value(self) -> Decimal:
        # A term that is gone leaves its decimals behind, as zeros.
        return half_even(self._value, max(self._places, default=0))

    def copy(self) -> Sum:
        copied = Sum()
        copied._value, copied._places = self._value, dict(self._places)
        return copied

    def _count(self, term: Decimal, by: int) -> None:
        places = max(0, -int(term.as_tuple().exponent))
        count = self._places.get(places, 0) + by
        if count:
            self._places[places] = count
        else:
            del self._places[places]


class Bucket:
    """The ids of rows in an order. They lie in pieces that are never changed, so that copies share them."""

    __slots__ = ("_ends", "_length", "_pieces", "sums")

    def __init__(self, ids: Sequence[int] = ()) -> None:
        self._pieces = [tuple(ids[start : start + _PIECE]) for start in range(0, len(ids), _PIECE)]
        self._length = len(ids)
        self._ends: Sequence[int] = ()
        self.sums: dict[Month, tuple[Sum, ...]] | None = None

    def __len__(self) -> int:
        return self._length

    def all_ids(self) -> Sequence[int]:
        return self._pieces[0] if len(self._pieces) == 1 else [id for piece in self._pieces for id in piece]

    def ids(self, start: int, stop: int) -> list[int]:
        """Those from one place to before another, both within the bucket."""
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

    def insert(self, id: int, place: Callable[[int], Place]) -> None:
        self._length += 1
        self._ends = ()
        last = self._pieces[-1][-1] if self._pieces else None
        if last is None or (id > last if place is _own_place else place(id) > place(last)):
            if self._pieces and len(self._pieces[-1]) < _PIECE:
                self._pieces[-1] += (id,)
            else:
                self._pieces.append((id,))
            return
        number, index = self._find(id, place)
        piece = self._pieces[number]
        piece = (*piece[:index], id, *piece[index:])
        half = len(piece) // 2
        self._pieces[number : number + 1] = [piece] if len(piece) <= 2 * _PIECE else [piece[:half], piece[half:]]

    def remove(self, id: int, place: Callable[[int], Place]) -> None:
        self._length -= 1
        self._ends = ()
        number, index = self._find(id, place)
        piece = self._pieces[number]
        left = piece[:index] + piece[index + 1 :]
        self._pieces[number : number + 1] = [left] if left else []

    def add_up(self, month: Month, terms: tuple[Decimal, ...], *, take_out: bool = False) -> None:
        """Adds to the sums of a month, or takes out of them, where sums are kept."""
        if self.sums is None:
            return
        for kept, term in zip(self.sums.setdefault(month, tuple(Sum() for _ in terms)), terms, strict=True):
            if take_out:
                kept.take_out(term)
            else:
                kept.add(term)

    def copy(self) -> Bucket:
        copied = Bucket()
        copied._pieces, copied._length, copied._ends = list(self._pieces), self._length, self._ends
        if self.sums is not None:
            copied.sums = {month: tuple(kept.copy() for kept in sums) for month, sums in self.sums.items()}
        return copied

    def _find(self, id: int, place: Callable[[int], Place]) -> tuple[int, int]:
        """The piece and the place in it where the id stands, or would."""
        wanted = place(id)
        number = bisect_left(self._pieces, wanted, key=lambda piece: place(piece[-1]))
        return number, bisect_left(self._pieces[number], wanted, key=place)


_EMPTY = Bucket()


class Index(Generic[Row]):
    """The rows of a table by a key, in one order each. It is made when it is first asked for."""

    def __init__(self, key: Callable[[Row], Hashable], place: Callable[[Row], Place] | None = None) -> None:
        """Without a place, the order is that of the ids."""
        self.key = key
        self.place = place
        self.is_made = False
        self._buckets: Layered[Hashable, Bucket] = Layered()

    def make(self, rows: Iterable[Row]) -> None:
        """Takes in all rows of the table, which come in the order of the index."""
        groups: dict[Hashable, list[int]] = {}
        for row in rows:
            groups.setdefault(self.key(row), []).append(row.id)
        self.is_made = True
        for key, ids in groups.items():
            self._buckets.set(key, Bucket(ids))

    def bucket(self, key: Hashable) -> Bucket:
        """The ids of the rows with this key. It is to be read, not changed."""
        found = self._buckets.get(key)
        return _EMPTY if found is None else found

    def is_moved(self, previous: Row, row: Row) -> bool:
        """Whether a row that takes the place of another stands elsewhere."""
        return self.key(previous) != self.key(row) or (
            self.place is not None and self.place(previous) != self.place(row)
        )

    def count_anew(self, row: Row, before: Terms, after: Terms) -> None:
        """Takes in that a row, which stays where it is, adds something else to sums than before."""
        key = self.key(row)
        if self.bucket(key).sums is not None:
            bucket = self._writable(key)
            bucket.add_up(*before, take_out=True)
            bucket.add_up(*after)

    def insert(self, row: Row, find: Callable[[int], Row], terms: Callable[[Row], Terms] | None) -> None:
        """Takes in a row that stands in the table already; `find` finds rows there by their ids."""
        bucket = self._writable(self.key(row))
        bucket.insert(row.id, self._places(find))
        if terms is not None and bucket.sums is not None:
            bucket.add_up(*terms(row))

    def remove(self, row: Row, find: Callable[[int], Row], terms: Callable[[Row], Terms] | None) -> None:
        """Lets go of a row that still stands in the table, as it was when it came in."""
        bucket = self._writable(self.key(row))
        bucket.remove(row.id, self._places(find))
        if terms is not None and bucket.sums is not None:
            bucket.add_up(*terms(row), take_out=True)
        if not bucket:
            self._buckets.remove(self.key(row))

    def copy(self) -> Index[Row]:
        copied = Index(self.key, self.place)
        copied.is_made, copied._buckets = self.is_made, self._buckets.copy()
        return copied

    def _places(self, find: Callable[[int], Row]) -> Callable[[int], Place]:
        place = self.place
        return _own_place if place is None else lambda id: place(find(id))

    def _writable(self, key: Hashable) -> Bucket:
        """The bucket of a key, which no copy shares."""
        bucket = self._buckets.own.get(key)
        if bucket is None:
            shared = self._buckets.get(key)
            bucket = shared.copy() if shared is not None else Bucket()
            self._buckets.set(key, bucket)
        return bucket


def _own_place(id: int) -> Place:
    return (id,)


@dataclass(frozen=True, slots=True)
class Order(Generic[Row]):
    """An order in which rows are listed, and what they are found by in it: keys by the names that they are asked by."""

    place: Callable[[Row], Place] | None
    keys: Mapping[tuple[str, ...], Callable[[Row], Hashable]]


class Ledger:
    """What customers add to sums by name. Those that changed since are counted anew when somebody asks.

    `count` tells what a customer adds, given the day since which its rank counts; a customer that adds nothing has no
    entry. `changed` takes the customers that are to be counted anew.
    """

    def __init__(self, count: Callable[[str, date], Mapping[Hashable, Decimal]]) -> None:
        self._count = count
        self._since: date | None = None
        self._sums: dict[Hashable, Sum] = {}
        self.entries: dict[str, Mapping[Hashable, Decimal]] = {}
        self.changed: set[str] = set()

    @property
    def is_kept(self) -> bool:
        """Whether anybody has asked yet."""
        return self._since is not None

    def bring_up_to_date(self, since: date, customers: Callable[[], Iterable[str]]) -> None:
        """Counts who changed; all of the customers, where another day counts than before."""
        if since != self._since:
            self._since, self._sums, self.entries = since, {}, {}
            self.changed = set(customers())
        for uuid in self.changed:
            for name, term in self.entries.pop(uuid, {}).items():
                self._sums[name].take_out(term)
            if entry := self._count(uuid, since):
                self.entries[uuid] = entry
                for name, term in entry.items():
                    self._sums.setdefault(name, Sum()).add(term)
        self.changed = set()

    def sums(self) -> Mapping[Hashable, Decimal]:
        return {name: kept.value for name, kept in self._sums.items() if not kept.is_empty}

    def take_over(self, original: Ledger) -> None:
        """What another ledger knows is known here, too."""
        self._since, self.entries, self.changed = original._since, dict(original.entries), set(original.changed)
        self._sums = {name: kept.copy() for name, kept in original._sums.items()}
