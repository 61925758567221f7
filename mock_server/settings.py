"""The settings of one server, complete, checked and frozen before anything is built."""

import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from waldur_billing_mock import openapi
from waldur_billing_mock.fixtures import DEFAULT_SCENARIO, Size
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.openapi.revision import BASE

DESCRIPTION: Final = Path(openapi.__file__).parent
"""The folder of the description."""

LONGEST_GRACE: Final = 671
"""Hours, so that an invoice is finalized in the month after its own."""

LogFormat = Literal["text", "json"]
Clock = Literal["frozen", "real"]


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of files that can be made again at any time; None for a user who has no home."""
    given = Path(environment.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given / "waldur-billing-mock"
    try:
        return Path.home() / ".cache" / "waldur-billing-mock"
    except RuntimeError:
        return None


_FROM_ZERO: Final = (
    "journal_bytes",
    "max_sessions",
    "sessions_bytes",
    "max_snapshots",
    "max_fault_rules",
    "max_webhooks",
    "cached_worlds_bytes",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server serves and where. Raises `TypeError` or `ValueError` for a value that a field cannot have.

    The world comes from the file `world`, or else from a scenario, by its name or its file: `now` (aware) is where its
    clock is stopped, None: where the scenario puts it. `clock` says whether time passes by itself from there on.
    `grace_hours` (0 to 671) is how long an invoice waits as `pending_finalization` after its month; None leaves that to
    the file of the world.
    `quiet` logs no requests.
    `journal_bytes` is what a session stores of the last requests and answers. There are at most `max_sessions` sessions
    besides the main one, which take at most `sessions_bytes` together; one that was not used for
    `session_idle_seconds` is dropped. Each has at most `max_snapshots`, `max_fault_rules` (as many are for all
    sessions) and `max_webhooks`. Large seeded worlds are stored in the folder `cache`, where they take at most
    `cached_worlds_bytes`; 0 stores none, and removes those that are there. A caller of `/_mock/` needs the
    `admin_token`, where there is one, and calls it by an address, by `localhost` or by one of `allowed_hosts`; None
    allows all names.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    revision: str = BASE
    wire: bool = False
    scenario: str = DEFAULT_SCENARIO
    seed: int | None = None
    """None: that of the scenario, which is 1 unless a scenario file says another."""
    now: datetime | None = None
    size: Size = field(default_factory=Size)
    world: Path | None = None
    log_format: LogFormat = "text"
    journal_bytes: int = 4_000_000
    """What a session keeps of the last requests and answers; 0 keeps none."""
    clock: Clock = "frozen"
    grace_hours: int | None = None
    max_sessions: int = 1_000
    sessions_bytes: int = 500_000_000
    session_idle_seconds: int = 3_600
    max_snapshots: int = 100
    max_fault_rules: int = 1_000
    """Each call looks at all of them."""
    max_webhooks: int = 50
    cached_worlds_bytes: int = 500_000_000
    limits: Limits = field(default_factory=Limits)
    quiet: bool = False
    admin_token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] | None = None
    cache: Path | None = field(default_factory=lambda: cache_folder(os.environ))

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for name, hint in hints.items():
            value = getattr(self, name)
            if not _fits(value, hint):
                words = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
                raise TypeError(f"{name} is {value!r}, of the type {type(value).__name__}; it must be {words}.")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port is {self.port}; use a number from 0 to 65535.")
        for name in _FROM_ZERO:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; use a number from 0.")
        if self.grace_hours is not None and not 0 <= self.grace_hours <= LONGEST_GRACE:
            raise ValueError(f"grace_hours is {self.grace_hours}; use a number from 0 to {LONGEST_GRACE}.")
        if self.session_idle_seconds < 1:
            raise ValueError(f"session_idle_seconds is {self.session_idle_seconds}; use a number from 1.")
        if self.now is not None and self.now.utcoffset() is None:
            raise ValueError(f"now is {self.now.isoformat()}, without a time zone; add tzinfo=UTC.")


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is of an annotated type. True and False are no numbers."""
    match get_origin(hint):
        case None:
            return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
        case typing.Literal:
            return value in get_args(hint)
        case types.UnionType:
            return any(_fits(value, one) for one in get_args(hint))
        case _:
            return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
