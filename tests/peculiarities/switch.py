"""A way in which a healthy server may differ, as a switch around the mock."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from starlette.types import ASGIApp

from tests.wrapping.changes import Make
from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.billing.world import World as Rows
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.start_world import read_world
from waldur_billing_mock.mock_server.world_file import dump
from waldur_billing_mock.mock_server.world_text import WorldText
from waldur_billing_mock.openapi.revision import BASE

World = dict[str, Any]
"""A world as its file holds it: a head and a list of rows for each table."""
Change = Callable[[World], None]
"""Changes a world in place."""
Tokens = Mapping[str, str]
"""Tokens by the role of their user."""


ROLES: Final = ("staff", "support", "owner", "owner2", "provider_owner", "nobody")
"""The roles that the suite is given tokens for: the more there are, the longer a run takes."""


def usual(tokens: Tokens) -> Tokens:
    """The tokens of the usual roles."""
    return {role: token for role, token in tokens.items() if role in ROLES}


@dataclass(frozen=True)
class Peculiarity:
    """One switch. Of several with the same `group`, only one can be on.

    `change` is applied to the world's file before it is loaded, `make` wraps requests and responses, and `tokens`
    chooses the tokens that the suite is given. `alone` keeps it out of pairs and of all at once, because it takes long
    or leaves nothing to judge; `unusable` allows the suite to say that the server cannot be judged. `proxy` puts it
    outside of planted defects as well, which could not read the bodies that it makes.
    """

    identifier: str
    sentence: str
    make: Make | None = None
    change: Change | None = None
    revision: str = ""
    documented: bool = False
    scenario: str = ""
    world_seed: int = 1
    tokens: Callable[[Tokens], Tokens] = usual
    group: str = ""
    alone: bool = False
    unusable: bool = False
    proxy: bool = False


@dataclass(frozen=True)
class Mock:
    """An application with peculiarities. `makes` go from the outermost inwards, `proxies` are outside."""

    app: ASGIApp
    proxies: Sequence[Make]
    makes: Sequence[Make]
    tokens: Tokens
    now: str
    names: tuple[str, ...] = field(default=())


def compatible(chosen: Iterable[Peculiarity]) -> bool:
    """Whether peculiarities can be on together."""
    groups = [one.group for one in chosen if one.group]
    return len(groups) == len(set(groups))


def mock_with(chosen: Sequence[Peculiarity]) -> Mock:
    """The mock with these peculiarities; later ones stand outside of earlier ones."""
    assert compatible(chosen), [one.identifier for one in chosen]
    origin = (
        next((one.scenario for one in chosen if one.scenario), "default"),
        max((one.world_seed for one in chosen), default=1),
    )
    settings = Settings(
        revision=next((one.revision for one in chosen if one.revision), BASE),
        wire=not any(one.documented for one in chosen),
    )
    world = _world(*origin)
    changes = [one.change for one in chosen if one.change is not None]
    for change in changes:
        change(world)
    made = _loaded(json.dumps(world), settings) if changes else _unchanged(*origin, settings)
    app = create_app(settings, Stage(made))
    tokens: Tokens = {user["username"]: user["token"] for user in world["users"]}
    tokens = next((one.tokens for one in chosen if one.tokens is not usual), usual)(tokens)
    proxies = [one.make for one in reversed(chosen) if one.make is not None and one.proxy]
    makes = [one.make for one in reversed(chosen) if one.make is not None and not one.proxy]
    return Mock(app, proxies, makes, tokens, world["now"], tuple(one.identifier for one in chosen))


def _world(scenario: str, seed: int) -> World:
    world: World = json.loads(_text(scenario, seed))
    return world


def _loaded(text: str, settings: Settings) -> Rows:
    """The world in a file."""
    return read_world(settings, WorldText("the world", text, is_yaml=False))


@cache
def _unchanged(scenario: str, seed: int, settings: Settings) -> Rows:
    """The world of a scenario as a server has it that loads its file. Servers share it, and what was rendered of it."""
    return _loaded(_text(scenario, seed), settings)


@cache
def _text(scenario: str, seed: int) -> str:
    return dump(build(scenario, seed=seed))


def remove(world: World, table: str, doomed: Callable[[dict[str, Any]], bool]) -> None:
    """Remove rows of a table, and all rows of other tables that name them."""
    gone = {row["uuid"] for row in world[table] if doomed(row)}
    world[table] = [row for row in world[table] if row["uuid"] not in gone]
    while gone:
        next_gone: set[str] = set()
        for rows in world.values():
            if not isinstance(rows, list):
                continue
            for row in list(rows):
                if any(value in gone for name, value in row.items() if name.endswith("_uuid") and value):
                    rows.remove(row)
                    next_gone.add(row.get("uuid", ""))
        gone = next_gone - {""}
