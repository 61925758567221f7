"""The settings of one server, complete and frozen before anything is built."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from waldur_billing_mock import openapi
from waldur_billing_mock.fixtures import DEFAULT_SCENARIO, DEFAULT_SEED, Size
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.openapi.revision import BASE

DESCRIPTION: Final = Path(openapi.__file__).parent
"""The folder of the description."""

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "waldur-billing-mock")
"""The folder of what can be made again at any time."""

LogFormat = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server serves and where.

    The world comes from the file `world`, or else from a scenario: `now` is where its clock stands, None: where the
    scenario puts it.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    revision: str = BASE
    wire: bool = False
    scenario: str = DEFAULT_SCENARIO
    seed: int = DEFAULT_SEED
    now: datetime | None = None
    size: Size = field(default_factory=Size)
    world: Path | None = None
    log_format: LogFormat = "text"
    journal_bytes: int = 4_000_000
    """What a session keeps of the last requests and answers; 0 keeps none."""
    limits: Limits = field(default_factory=Limits)
