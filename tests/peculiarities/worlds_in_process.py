"""Healthy mocks in process, which the suite may write to: every revision in every dialect, several worlds and seeds."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from tests.peculiarities.verdicts import Said, said_of
from waldur_billing_mock.contracts.description import REVISIONS
from waldur_billing_mock.contracts.settings import PROFILES, ProfileName, Settings


class World(NamedTuple):
    """One mock, and the seed and profile that it is judged with."""

    revision: str
    wire: bool
    world_seed: int
    seed: int
    profile: ProfileName

    @property
    def name(self) -> str:
        """What it is called in the table."""
        dialect = "wire" if self.wire else "documented"
        return f"{self.revision}, {dialect}, world {self.world_seed}, seed {self.seed}"


def worlds(number: int, seeds: int, profile: ProfileName) -> Iterator[World]:
    """All of them, as many worlds and seeds as asked for."""
    for seed, world, revision, wire in product(range(1, seeds + 1), range(1, number + 1), REVISIONS, (False, True)):
        yield World(revision, wire, world, seed, profile)


def judge(world: World) -> tuple[str, Said]:
    """Run the suite on one mock."""
    settings = Settings(revision=world.revision, wire=world.wire, world_seed=world.world_seed, seed=world.seed)
    return world.name, said_of(replace(settings, profile=PROFILES[world.profile]))
