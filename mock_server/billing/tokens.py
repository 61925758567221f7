"""Users by their tokens: who a caller is, and what the log must not show."""

from __future__ import annotations

from collections.abc import Mapping

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Row


class TokensCache:
    """The users by their tokens, and the set of these. It is dropped when a user changes."""

    def __init__(self, found: tuple[Mapping[str, User], frozenset[str]] | None = None) -> None:
        self.found = found

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        if isinstance(after or before, User):
            self.found = None

    def clear(self) -> None:
        """Tokens depend on users only."""

    def copy(self) -> TokensCache:
        return TokensCache(self.found)


def user_of(world: World, token: str) -> User | None:
    """The user who has the token."""
    return _found(world)[0].get(token)


def tokens_of(world: World) -> frozenset[str]:
    """The tokens of all users."""
    return _found(world)[1]


def _found(world: World) -> tuple[Mapping[str, User], frozenset[str]]:
    cache = world.listener(TokensCache)
    if cache.found is None:
        users = {user.token: user for user in world.users}
        cache.found = users, frozenset(users)
    return cache.found
