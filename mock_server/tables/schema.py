"""What a row class declares about its table: foreign keys, unique keys, search keys, orders and sums."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import Field, dataclass, field
from datetime import date
from operator import attrgetter
from typing import (
    Annotated,
    Any,
    ClassVar,
    Protocol,
    Self,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)


class Row(Protocol):
    """What every row has: an integer id of its own in its table, and a uuid of 32 lower-case hexadecimal digits."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> str: ...


R = TypeVar("R", bound=Row)

Find = Callable[[type[Any], Any], Any]
"""Finds the row of a class by its uuid; None for an unknown uuid and for None."""


class Figure(Protocol):
    """A running figure over rows, which rows can be taken out of again."""

    def add(self, row: Any) -> None: ...
    def take_out(self, row: Any) -> None: ...
    def copy(self) -> Self: ...


class Aggregate(Figure, Protocol):
    """A figure over the rows of a group, which says whether there are any."""

    @property
    def is_empty(self) -> bool: ...


class Total(Figure, Protocol):
    """A figure over all rows of a table, which can be stored beside them."""

    def dump(self) -> str: ...
    def load(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Annotates a field that names rows of a class: by uuid, an `int` by id, a set by several uuids."""

    target: type[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """Rows are sorted by these keys (`-` for descending), then by id. A combination of keys has an index of its own."""

    by: tuple[str, ...]
    combinations: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows are summed up by a key. The figures of a row depend on the fields that it `reads` only."""

    by: str
    make: Callable[[], Aggregate]
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """The declaration of a table, which a row class holds as `table`.

    A key is the name of an attribute of the row (`state`, `start.year`), or of a row that a foreign key names
    (`invoice.year` for the field `invoice_uuid`). Foreign keys and the fields of unique keys are keys, too.
    """

    keys: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    orders: Mapping[str, Order] = field(default_factory=dict)
    sums: Sums | None = None
    total: Callable[[], Total] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A value by which rows are found: an attribute of the row, or of the row that the foreign key `through` names."""

    name: str
    read: Callable[[Any, Find], Any]
    attribute: str
    through: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class IndexKey:
    """An index: rows grouped by some keys, each group in one order. Without a `position` that is the order of ids."""

    read: Callable[[Any, Find], Hashable]
    position: Callable[[Any, Find], tuple[Any, ...]] | None
    routes: frozenset[str]
    """The foreign keys through which keys, order and sums read other rows."""
    fields: tuple[str, ...] | None
    """The fields that `read` reads; None where it reads anything else."""


class Schema:
    """The declaration of a row class, compiled. There is one for each class: see `schema_of`."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.options: Options = getattr(kind, "table", Options())
        self._fields = frozenset(kind.__dataclass_fields__)
        # The recursive type of JSON values cannot be resolved, and holds no foreign key.
        hints = get_type_hints(kind, localns={"Json": object}, include_extras=True)
        self.foreign_keys: Mapping[str, type[Any]] = {
            name: mark.target
            for name, hint in hints.items()
            if get_origin(hint) is Annotated
            for mark in get_args(hint)[1:]
            if isinstance(mark, ForeignKey)
        }
        options = self.options
        names = [*self.foreign_keys, *(name for names in options.unique for name in names), *options.keys]
        ordering = [name.removeprefix("-") for order in options.orders.values() for name in order.by]
        self._keys = {
            name: self._compile(name) for name in [*names, *ordering, *([options.sums.by] if options.sums else [])]
        }
        self._indexes: dict[tuple[str, tuple[str, ...]], IndexKey] = {}
        self.followed: Mapping[str, Callable[[Any], Any]] = {
            through: attrgetter(*dict.fromkeys(key.attribute for key in self._keys.values() if key.through == through))
            for through in {key.through for key in self._keys.values() if key.through is not None}
        }
        """By foreign key, what keys read of the rows that it names, all at once."""

    def key(self, name: str) -> Key:
        """A declared key. Raises `ValueError` for any other."""
        if name not in self._keys:
            raise ValueError(f"{self.kind.__name__} declares no key {name!r}; it has {', '.join(self._keys)}.")
        return self._keys[name]

    def index(self, order: str, names: tuple[str, ...]) -> IndexKey:
        """The index of an order (`id` is the order of ids) by some keys."""
        found = self._indexes.get((order, names))
        if found is None:
            found = self._indexes[order, names] = self._index(order, names)
        return found

    @property
    def sums(self) -> Sums:
        """The declared sums, which the class must have."""
        assert self.options.sums is not None, f"{self.kind.__name__} declares no sums"
        return self.options.sums

    def combinations(self, order: str) -> tuple[tuple[str, ...], ...]:
        return self.options.orders[order].combinations

    def _index(self, order: str, names: tuple[str, ...]) -> IndexKey:
        keys = [self.key(name) for name in names]
        by = () if order == "id" else self.options.orders[order].by
        sorting = [(self.key(name.removeprefix("-")), name.startswith("-")) for name in by]
        used = [*keys, *(key for key, _ in sorting), *([self.key(self.options.sums.by)] if self.options.sums else [])]
        return IndexKey(
            read=_together(keys),
            position=_position(sorting) if sorting else None,
            routes=frozenset(key.through for key in used if key.through is not None),
            fields=names if self._fields.issuperset(names) else None,
        )

    def _compile(self, name: str) -> Key:
        first, _, rest = name.partition(".")
        through = f"{first}_uuid"
        if not rest or through not in self.foreign_keys:
            read = attrgetter(name)
            return Key(name, lambda row, find: read(row), name)
        target, attribute, link = self.foreign_keys[through], attrgetter(rest), attrgetter(through)

        def follow(row: Any, find: Find) -> Any:
            found = find(target, link(row))
            return None if found is None else attribute(found)

        return Key(name, follow, rest, through)


_COMPILED: dict[type[Any], Schema] = {}


def schema_of(kind: type[Any]) -> Schema:
    """The compiled declaration of a row class."""
    if kind not in _COMPILED:
        _COMPILED[kind] = Schema(kind)
    return _COMPILED[kind]


def _together(keys: list[Key]) -> Callable[[Any, Find], Hashable]:
    """A tuple of the values of all keys. Values of the row itself are read in one go."""
    if any(key.through is not None for key in keys):
        reads = [key.read for key in keys]
        return lambda row, find: tuple([read(row, find) for read in reads])
    match [key.name for key in keys]:
        case []:
            return lambda row, find: ()
        case [name]:
            one = attrgetter(name)
            return lambda row, find: (one(row),)
        case names:
            several = attrgetter(*names)
            return lambda row, find: several(row)


def _position(sorting: list[tuple[Key, bool]]) -> Callable[[Any, Find], tuple[Any, ...]]:
    """The id comes last, so that no two rows share a position."""
    parts = [(key.read, descending) for key, descending in sorting]

    def position(row: Any, find: Find) -> tuple[Any, ...]:
        return (
            *[_descending(read(row, find)) if descending else read(row, find) for read, descending in parts],
            row.id,
        )

    return position


def _descending(value: int | date | None) -> int:
    """A value that sorts the other way round. None, where a row is missing, sorts last."""
    if value is None:
        return 0
    return -(value.toordinal() if isinstance(value, date) else value)
