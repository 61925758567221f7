"""A cache whose size is bounded in bytes, not only in entries."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

Text = TypeVar("Text", str, bytes)
Value = TypeVar("Value")

LONGEST: Final = 512
"""Bytes or characters of the argument. What is longer is worked out each time."""


def short_cache(entries: int, function: Callable[[Text], Value]) -> Callable[[Text], Value]:
    """An `lru_cache` around a function of text or bytes, for short arguments only.

    The values are shared by all callers, and must not be changed.
    """
    cached = lru_cache(entries)(function)

    def call(argument: Text) -> Value:
        return cached(argument) if len(argument) <= LONGEST else function(argument)

    return call
