"""A cache for derived data."""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping
from typing import Self, TypeVar, cast, overload

from immutables import Map

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")


class Cache(Mapping[K, V]):
    """A mapping that copies share until one of them changes. Subclasses that listen drop what is outdated."""

    def __init__(self) -> None:
        self._values: Map[K, V] = Map()

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)

    def items(self) -> ItemsView[K, V]:
        return cast("ItemsView[K, V]", self._values.items())

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: V | D | None = None) -> V | D | None:
        return self._values.get(key, default)

    def several(self, keys: Iterable[K]) -> list[V | None]:
        """What `get` finds for each of the keys."""
        return list(map(self._values.get, keys))

    def set(self, key: K, value: V) -> V:
        self._values = self._values.set(key, value)
        return value

    def drop(self, key: K) -> None:
        if key in self._values:
            self._values = self._values.delete(key)

    def clear(self) -> None:
        self._values = Map()

    def copy(self) -> Self:
        copied = type(self)()
        copied._values = self._values
        return copied
