"""Persistent maps that are changed in place as long as nobody shares them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias, TypeVar

from immutables import Map, MapMutation

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
SharedMap: TypeAlias = "Map[K, V] | MapMutation[K, V]"
"""A persistent map. As a mutation it is changed in place, until it is shared."""


def mutable(shared: SharedMap[K, V]) -> MapMutation[K, V]:
    """The map, to be changed in place."""
    return shared.mutate() if isinstance(shared, Map) else shared


def frozen(changed: SharedMap[K, V]) -> Map[K, V]:
    """The map, to be shared: it is not changed any more."""
    return changed if isinstance(changed, Map) else changed.finish()
