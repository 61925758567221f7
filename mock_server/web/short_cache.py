"""A cache whose size is bounded in bytes, not only in entries."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

Value = TypeVar("Value")

LONGEST: Final = 512
"""Bytes or characters of all arguments. What is longer is worked out each time."""


def short_cache(entries: int, function: Callable[..., Value]) -> Callable[..., Value]:
    """An `lru_cache` around a function of text or bytes, for short arguments only.

    The values are shared by all callers, and must not be changed.
    """
    cached = lru_cache(entries)(function)

    def call(*arguments: str | bytes) -> Value:
        return cached(*arguments) if sum(map(len, arguments)) <= LONGEST else function(*arguments)

    return call
