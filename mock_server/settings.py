"""The settings of one server, complete and frozen before anything is built."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from fixtures import DEFAULT_SCENARIO, DEFAULT_SEED, Size

import openapi

DESCRIPTION: Final = Path(openapi.__file__).parent
"""The folder of the description."""

LogFormat = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server serves and where. `now` is where the world's clock stands; None: where the scenario puts it."""

    host: str = "127.0.0.1"
    port: int = 8080
    scenario: str = DEFAULT_SCENARIO
    seed: int = DEFAULT_SEED
    now: datetime | None = None
    size: Size = field(default_factory=Size)
    log_format: LogFormat = "text"
