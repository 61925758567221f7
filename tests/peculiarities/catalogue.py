"""All peculiarities by their identifiers, the innermost first."""

from collections.abc import Mapping
from typing import Final

from tests.peculiarities.lists import LISTS
from tests.peculiarities.network import NETWORK
from tests.peculiarities.releases import RELEASES
from tests.peculiarities.switch import Peculiarity
from tests.peculiarities.tokens import TOKENS
from tests.peculiarities.values import VALUES
from tests.peculiarities.worlds import LARGE, WORLDS

CHAPTERS: Final[Mapping[str, tuple[Peculiarity, ...]]] = {
    "worlds": WORLDS,
    "tokens": TOKENS,
    "lists": LISTS,
    "releases": RELEASES,
    "values": VALUES,
    "network": NETWORK,
}
"""The peculiarities by what is peculiar; later chapters stand outside of earlier ones."""
PECULIARITIES: Final[Mapping[str, Peculiarity]] = {
    one.identifier: one for chapter in CHAPTERS.values() for one in chapter
}

NAMED_ALONE: Final[Mapping[str, Peculiarity]] = {one.identifier: one for one in LARGE}
"""Peculiarities that run only where they are named, as they take minutes."""
LEFT_OUT: Final = frozenset(
    {"another-world", "month-end", "no-compensations", "one-customer", "all-paid", "none-paid", "all-canceled"}
    | {"documented-dialect", "revision-7-8-8", "nothing-pending"}
    | {one.identifier for one in TOKENS}
)
"""What would hide others: few rows, few tokens, and the dialect and revision that need no deviation."""


def all_at_once() -> tuple[Peculiarity, ...]:
    """As many as go together: of each group the first, without those that leave little to check."""
    chosen: list[Peculiarity] = []
    for one in PECULIARITIES.values():
        taken = {other.group for other in chosen if other.group}
        if not one.alone and one.identifier not in LEFT_OUT and one.group not in taken:
            chosen.append(one)
    return tuple(chosen)
