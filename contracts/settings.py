"""What one run is to do, complete, validated and frozen before the first request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

MOCK: Final = "waldur_billing_mock.mock_server.app:create_default_app"
"""Makes the mock as an application, given its revision, dialect, seed and scenario."""
ProfileName = Literal["quick", "full", "night"]
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
ROLES: Final = (
    "staff",
    "support",
    "owner",
    "owner2",
    "customer_manager",
    "customer_support",
    "project_admin",
    "project_manager",
    "project_member",
    "provider_owner",
    "provider_manager",
    "nobody",
)
"""The roles that a token may be given for. `owner2` owns another customer than `owner`."""
READER: Final = "reader"
"""The role of a token of which nothing is known but that it may read."""


class Unusable(Exception):
    """Settings, or a target, with which nothing can be judged; the text says why and what would help."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is asked. Samples are numbers of objects; `reach` is the longest list, in rows, that is read whole.

    `seconds` is the longest time that a run against a server may take.
    """

    name: ProfileName
    sample: int
    reach: int
    pairs: int
    examples: int
    covers: bool
    stateful: bool
    seconds: float


PROFILES: Final[Mapping[str, Profile]] = {
    "quick": Profile("quick", 3, 2_000, 0, 3, covers=False, stateful=False, seconds=1_800),
    "full": Profile("full", 25, 5_000, 6, 15, covers=True, stateful=False, seconds=4 * 3_600),
    "night": Profile("night", 200, 50_000, 100, 100, covers=True, stateful=True, seconds=12 * 3_600),
}


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the checks: the `number`-th of `of`, counted from 1."""

    number: int = 1
    of: int = 1

    def holds(self, position: int) -> bool:
        """Whether the check at a position, counted from 0, is in this part."""
        return position % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of the command line. Tokens are kept out of every text that is made of these settings.

    `deployed` judges an application in this process as a server elsewhere is judged; it is made in that dialect.
    """

    target: str | None = None
    token: str = field(default="", repr=False)
    role_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    role_scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    application: str = MOCK
    deployed: Literal["", "documented", "wire"] = ""
    scenario: str = "default"
    world_seed: int = 1
    revision: str = "auto"
    wire: bool = False
    profile: Profile = PROFILES["full"]
    seed: int = 1
    only: tuple[str, ...] = ()
    shard: Shard = Shard()
    stop_at_first: bool = False
    read_only: bool = False
    allow_writes: str = ""
    write_invoices: tuple[str, ...] = ()
    write_items: tuple[str, ...] = ()
    ledger: Path | None = None
    rate: float | None = None
    budget: int | None = None
    timeout: float = 30.0
    max_time: float | None = None
    authority: Path | None = None
    strict: bool = False
    show_data: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    compare: Path | None = None
    resume: Path | None = None
    tickets: Path | None = None
    ticket: str = ""
    reports: Mapping[str, Path] = field(default_factory=dict)

    @property
    def in_process(self) -> bool:
        """Whether an application in this process is judged."""
        return self.target is None

    @property
    def on_loopback(self) -> bool:
        """Whether the target is on this machine."""
        return self.target is None or urlsplit(self.target).hostname in LOOPBACK

    @property
    def shows_data(self) -> bool:
        """Whether reports show values. What this machine serves is not private."""
        return self.show_data or self.on_loopback

    @property
    def forgives(self) -> bool:
        """Whether known deviations do not fail. An application in this process has a known dialect, so it has none."""
        return not self.strict and (bool(self.deployed) or not self.in_process)

    @property
    def requests_a_second(self) -> float:
        """The rate that is kept, 0 for no limit: five a second, and no limit on this machine."""
        return self.rate if self.rate is not None else 0.0 if self.on_loopback else 5.0
