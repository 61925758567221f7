"""The rows of a table in the orders that callers have asked for. They are sorted once; what changes is moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, total_ordering
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.marketplace import Offering, Resource
from waldur_billing_mock.mock_server.billing.structure import Customer
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Found, Row, SortedIds

ViewOf: TypeAlias = Callable[[World, Any], Any]
"""Makes the view of a row."""
SortKey: TypeAlias = tuple[Callable[[Any], Any], bool]
"""What views are sorted by, and whether the greatest comes first."""
ValueOf: TypeAlias = Callable[[Callable[[Any], Any], Any], Any]
"""Takes a key and a view, and returns what is compared, which says where missing values come."""

_MOST: Final = 16
"""Orders that are kept; the one that was asked for first gives way."""
_READ_BY_KEYS: Final = (Customer, Offering, Resource)
"""Rows that views of items read beside the item."""
_READ_OF_INVOICES: Final = attrgetter("customer_uuid", "created")
"""What keys and orders of items read of their invoice."""


class SortedRows:
    """The ids of all rows of a table, sorted by keys of their views, ties in a declared order.

    A row that changes is moved to its place. All are dropped when a row changes or goes that views of others read.
    """

    def __init__(self) -> None:
        self._ids: dict[_Sorting, SortedIds] = {}
        self._owner = object()

    def of(self, world: World, view: ViewOf, rows: Found[Any], keys: tuple[SortKey, ...], value: ValueOf) -> Found[Any]:
        """Rows that are all of their table, by the keys; those with equal keys in the order of the rows."""
        assert rows.whole_order is not None, "the rows are all of their table"
        sorting = _Sorting(type(rows[0]), view, rows.whole_order, keys, value)
        ids = self._ids.get(sorting)
        if ids is None:
            shown = [(view(world, row), row.id) for row in rows]
            for key, descending in reversed(keys):
                # `reverse` keeps equal rows in their order.
                shown.sort(key=partial(_compared, value, key), reverse=descending)
            if len(self._ids) >= _MOST:
                del self._ids[next(iter(self._ids))]
            ids = self._ids[sorting] = SortedIds(self._owner, [id for _, id in shown])
        return world.table(sorting.kind).in_order(ids)

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        if not self._ids:
            return
        if before is not None and (isinstance(before, _READ_BY_KEYS) or _is_read_otherwise(before, after)):
            self.clear()
            return
        for sorting, ids in self._ids.items():
            if sorting.kind is type(after or before):
                self._ids[sorting] = self._moved(world, sorting, ids, before, after)

    def clear(self) -> None:
        self._ids = {}

    def copy(self) -> SortedRows:
        copied = SortedRows()
        copied._ids = dict(self._ids)
        # Neither owns what both hold.
        self._owner = object()
        return copied

    def _moved(self, world: World, sorting: _Sorting, ids: SortedIds, before: Any, after: Any) -> SortedIds:
        table = world.table(sorting.kind)
        last = table.position(sorting.order)

        def position(row: Any) -> tuple[Any, ...]:
            shown = sorting.view(world, row)
            values = [(sorting.value(key, shown), descending) for key, descending in sorting.keys]
            return *(_Descending(value) if descending else value for value, descending in values), last(row)

        old = None if before is None else position(before)
        if after is not None and old == position(after):
            return ids
        if ids.owner is not self._owner:
            ids = ids.copy(self._owner)
        if before is not None:
            ids.remove(before.id, lambda id: old if id == before.id else position(table.by_id(id)))
        if after is not None:
            ids.insert(after.id, lambda id: position(table.by_id(id)))
        return ids


class _Sorting(NamedTuple):
    kind: type[Any]
    view: ViewOf
    order: str
    keys: tuple[SortKey, ...]
    value: ValueOf


@total_ordering
class _Descending:
    """A value that is sorted the other way round."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self._value == other._value)

    def __lt__(self, other: _Descending) -> bool:
        return bool(other._value < self._value)


def _compared(value: ValueOf, key: Callable[[Any], Any], shown: tuple[Any, int]) -> Any:
    return value(key, shown[0])


def _is_read_otherwise(before: Row, after: Row | None) -> bool:
    """Whether a row is an invoice of which items show another customer or date, or no row any more."""
    if not isinstance(before, Invoice):
        return False
    return not isinstance(after, Invoice) or _READ_OF_INVOICES(before) != _READ_OF_INVOICES(after)
