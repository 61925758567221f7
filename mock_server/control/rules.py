"""Fault rules: which calls fail, how often, and how. A rule counts, so each session has rules of its own."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from random import Random
from typing import Any, Final

from waldur_billing_mock.mock_server.control.budget import too_many

PROFILES: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "flaky": (
        {"effect": "drop", "probability": 0.03},
        {"status": 502, "probability": 0.04},
        {"status": 503, "probability": 0.04, "retry_after": 1},
        {"effect": "truncate", "probability": 0.02},
    ),
    "slow": ({"delay": {"lognormal": {"median": 800, "sigma": 0.6}}},),
    "maintenance": ({"status": 503, "retry_after": 120},),
}
"""The rules that the named profiles consist of."""

EVERY_SESSION: Final = "*"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule looks at. `roles` are in lower case."""

    operation: str | None
    method: str
    path: str
    roles: frozenset[str]


@dataclass(slots=True)
class Rule:
    """One rule as it was described (`control.yaml`, Rule), with what it has counted."""

    id: int
    said: Mapping[str, Any]
    seen: int = 0
    hits: int = 0
    _chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.said.get("seed", 0))

    @property
    def status(self) -> int | None:
        """The status to answer with instead, if any."""
        found: int | None = self.said.get("status", 429 if "retry_after" in self.said else None)
        return found

    @property
    def effect(self) -> str | None:
        found: str | None = self.said.get("effect")
        return found

    @property
    def ends_the_call(self) -> bool:
        """Whether no other rule is tried after this one: a delay alone lets others follow."""
        return self.status is not None or self.effect is not None

    def fires(self, asked: Asked) -> bool:
        """Whether the call fails by this rule, which counts it. Chance is drawn for calls that fit, and only then."""
        if not self._fits(asked):
            return False
        self.seen += 1
        if self.seen <= self.said.get("after", 0) or self.hits >= self.said.get("times", self.hits + 1):
            return False
        probability = self.said.get("probability", 1)
        if probability < 1 and self._chance.random() >= probability:
            return False
        self.hits += 1
        return True

    def seconds(self) -> float:
        """How long the call is delayed, drawn anew each time where the rule draws."""
        match self.said.get("delay", 0):
            case {"uniform": [least, most]}:
                milliseconds = self._chance.uniform(least, most)
            case {"lognormal": {"median": median, "sigma": sigma}}:
                milliseconds = min(exp(self._chance.gauss(log(median), sigma)), 600_000)
            case fixed:
                milliseconds = fixed
        return float(milliseconds) / 1000

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, **self.said, "hits": self.hits}

    def _fits(self, asked: Asked) -> bool:
        said = self.said
        return (
            ("operation" not in said or asked.operation in names(said["operation"]))
            and ("method" not in said or asked.method in [name.upper() for name in names(said["method"])])
            and ("path" not in said or fnmatch.fnmatchcase(asked.path, said["path"]))
            and ("role" not in said or not asked.roles.isdisjoint(name.lower() for name in names(said["role"])))
        )


class Rules:
    """The rules of one session, in the order in which they are tried, `most` of them at most.

    `ids` are those of all rules of a server.
    """

    def __init__(self, ids: Iterator[int], most: int) -> None:
        self.all: list[Rule] = []
        """Not to be changed from outside."""
        self._ids: Final = ids
        self._most: Final = most

    def __bool__(self) -> bool:
        return bool(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.all)

    def add(self, said: Mapping[str, Any]) -> list[Rule]:
        """Add a rule, or those of a profile, each with a seed of its own. Raises `Problem` 503 for too many."""
        described = [said]
        if "profile" in said:
            seed = said.get("seed", 0)
            described = [{**rule, "seed": seed + place} for place, rule in enumerate(PROFILES[said["profile"]])]
        if len(self.all) + len(described) > self._most:
            raise too_many(self._most, "fault rules", "Remove some (DELETE /_mock/faults/{id})", "--max-fault-rules")
        added = []
        for one in described:
            kept = {name: value for name, value in one.items() if name not in ("id", "hits", "session")}
            added.append(Rule(next(self._ids), kept))
        self.all += added
        return added

    def remove(self, id: int) -> bool:
        """Remove a rule; False where there is none with the id."""
        kept = [rule for rule in self.all if rule.id != id]
        removed = len(kept) < len(self.all)
        self.all = kept
        return removed

    def clear(self) -> None:
        self.all = []

    def firing(self, asked: Asked) -> list[Rule]:
        """The rules by which a call fails: any that only delay it, and at most one that ends it."""
        found = []
        for rule in self.all:
            if rule.fires(asked):
                found.append(rule)
                if rule.ends_the_call:
                    break
        return found


def names(said: str | Sequence[str]) -> Sequence[str]:
    """One name or several, as a list."""
    return [said] if isinstance(said, str) else said
