"""What a world that was recorded from a server lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from waldur_billing_mock.mock_server.billing.period import Month

Part = Literal["", "customers", "sample"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The bounds of a recording: the first month, and of which part of the invoices it is (blank: of all).

    `missing` says of each table that the server did not show why it did not.
    """

    since: Month | None = None
    part: Part = ""
    missing: Mapping[str, str] = field(default_factory=dict)
