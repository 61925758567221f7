"""Persistent maps that are changed in place until they are shared."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeAlias, TypeVar, overload

from immutables import Map, MapMutation

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
SharedMap: TypeAlias = "Map[K, V] | MapMutation[K, V]"
"""A persistent map. As a mutation it is changed in place, until it is shared."""


class LateMap(Generic[K, V]):
    """A persistent map that is made when it is first read or changed. All who hold it share what is made."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Map[K, V]]) -> None:
        self._make = make
        self._made: Map[K, V] | None = None

    def map(self) -> Map[K, V]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, key: K) -> V:
        return self.map()[key]

    @overload
    def get(self, key: K, default: V) -> V: ...
    @overload
    def get(self, key: K, default: None = None) -> V | None: ...
    def get(self, key: K, default: V | None = None) -> V | None:
        return self.map().get(key, default)


def mutable(shared: SharedMap[K, V] | LateMap[K, V]) -> MapMutation[K, V]:
    """The map, to be changed in place."""
    if isinstance(shared, Map):
        return shared.mutate()
    return shared.map().mutate() if isinstance(shared, LateMap) else shared


@overload
def frozen(changed: SharedMap[K, V]) -> Map[K, V]: ...
@overload
def frozen(changed: SharedMap[K, V] | LateMap[K, V]) -> Map[K, V] | LateMap[K, V]: ...
def frozen(changed: SharedMap[K, V] | LateMap[K, V]) -> Map[K, V] | LateMap[K, V]:
    """The map, to be shared: it is not changed any more."""
    # Not of a union, which would be made anew each time.
    if isinstance(changed, Map) or isinstance(changed, LateMap):  # noqa: SIM101
        return changed
    return changed.finish()
