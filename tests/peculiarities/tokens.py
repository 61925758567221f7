"""Peculiarities of who asks: the suite is given few tokens, or tokens that see little."""

from collections.abc import Callable
from typing import Final

from tests.peculiarities.switch import Peculiarity, Tokens


def _only(*roles: str) -> Callable[[Tokens], Tokens]:
    return lambda tokens: {role: tokens[role] for role in roles}


TOKENS: Final = (
    Peculiarity("only-staff", "There is a token of staff alone.", tokens=_only("staff"), group="tokens"),
    Peculiarity("only-support", "There is a token of support alone.", tokens=_only("support"), group="tokens"),
    Peculiarity("only-an-owner", "There is a token of an owner alone.", tokens=_only("owner"), group="tokens"),
    Peculiarity("two-owners", "There are tokens of two owners.", tokens=_only("owner", "owner2"), group="tokens"),
    Peculiarity(
        "only-a-provider", "There is a token of a provider alone.", tokens=_only("provider_owner"), group="tokens"
    ),
    Peculiarity(
        "only-nobody", "There is a token of a user without a role.", tokens=_only("nobody"), group="tokens", alone=True
    ),
    Peculiarity(
        "only-a-member",
        "There is a token of a project's member.",
        tokens=_only("project_member"),
        group="tokens",
        alone=True,
    ),
)
