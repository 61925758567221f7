"""The named differences between the recording and the mock: the table in `age.yaml`. Every other one is a defect."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.parity.compare import Difference
from tests.parity.recording import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """One reason. In every pattern `*` matches any text; nothing else is special.

    `places` are where the difference may be: `status`, `header:Allow`, `body:items[].credit`. `request` is matched with
    the method and the target (`GET /api/invoices/?page=2`), `recorded` and `answered` with both values as they are
    compared (an answered status has the body behind it). Without `roles` it is anybody who asks. `section` is that of
    behaviour.md.
    """

    identifier: str
    reason: str
    section: str
    operations: tuple[str, ...]
    places: tuple[str, ...]
    roles: tuple[str, ...] = ()
    request: str = "*"
    recorded: str = "*"
    answered: str = "*"

    def explains(self, exchange: Exchange, difference: Difference) -> bool:
        """Whether this is why the answer differs."""
        place = f"{difference.part}:{difference.where}".removesuffix(":")
        return (
            exchange.op in self.operations
            and any(_fits(place, pattern) for pattern in self.places)
            and (not self.roles or exchange.role in self.roles)
            and _fits(f"{exchange.method} {exchange.target}", self.request)
            and _fits(difference.recorded, self.recorded)
            and _fits(difference.answered, self.answered)
        )


def _fits(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _read(path: Path) -> Iterator[Age]:
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        members: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        yield Age(**members)


AGE: Final[Sequence[Age]] = tuple(_read(Path(__file__).with_name("age.yaml")))
