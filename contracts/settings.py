"""What one run is to do, complete and frozen before the first request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

MOCK: Final = "waldur_billing_mock.mock_server.app:create_default_app"
"""Makes the mock as an application, given its revision, dialect, seed and scenario."""
ProfileName = Literal["quick", "full", "night"]
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
    """How much is asked. Samples are numbers of objects; `reach` is the longest list, in rows, that is read whole."""

    name: ProfileName
    sample: int
    reach: int
    pairs: int
    examples: int
    covers: bool
    stateful: bool


PROFILES: Final[Mapping[str, Profile]] = {
    "quick": Profile("quick", sample=4, reach=2_000, pairs=0, examples=4, covers=False, stateful=False),
    "full": Profile("full", sample=25, reach=5_000, pairs=6, examples=15, covers=True, stateful=False),
    "night": Profile("night", sample=200, reach=50_000, pairs=100, examples=100, covers=True, stateful=True),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of the command line. Tokens are kept out of every text that is made of these settings."""

    target: str | None = None
    token: str = field(default="", repr=False)
    role_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    application: str = MOCK
    scenario: str = "default"
    world_seed: int = 1
    revision: str = "auto"
    wire: bool = False
    profile: Profile = PROFILES["full"]
    seed: int = 1
    only: tuple[str, ...] = ()
    stop_at_first: bool = False
    read_only: bool = False
    allow_writes: str = ""
    write_invoices: tuple[str, ...] = ()
    write_items: tuple[str, ...] = ()
    rate: float = 5.0
    budget: int | None = None
    timeout: float = 30.0
    authority: Path | None = None
    strict: bool = False
    show_data: bool = False
    baseline: Path | None = None
    reports: Mapping[str, Path] = field(default_factory=dict)

    @property
    def in_process(self) -> bool:
        """Whether the mock in this process is judged."""
        return self.target is None

    @property
    def shows_data(self) -> bool:
        """The mock has no data that could be private."""
        return self.show_data or self.in_process

    @property
    def forgives(self) -> bool:
        """Whether known deviations do not fail. The dialect of the mock in this process is known, so it has none."""
        return not (self.strict or self.wire or self.in_process)
