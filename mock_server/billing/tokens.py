"""The tokens of all users, which the log must not show."""

from __future__ import annotations

from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Row


class TokensCache:
    """The set of all tokens. It is dropped when a user changes."""

    def __init__(self, tokens: frozenset[str] | None = None) -> None:
        self.tokens = tokens

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        if isinstance(after or before, User):
            self.tokens = None

    def clear(self) -> None:
        """Tokens depend on users only."""

    def copy(self) -> TokensCache:
        return TokensCache(self.tokens)


def tokens_of(world: World) -> frozenset[str]:
    """The tokens of all users, from the cache where it has them."""
    cache = world.listener(TokensCache)
    if cache.tokens is None:
        cache.tokens = frozenset(user.token for user in world.users)
    return cache.tokens
