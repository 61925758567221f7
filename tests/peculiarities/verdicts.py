"""How the suite is run on a deployment, and what it said in few words. The one place that knows the suite's API."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.peculiarities.deployment import Deployment
from waldur_billing_mock.contracts.findings import Outcome, Result, Verdict
from waldur_billing_mock.contracts.run import run
from waldur_billing_mock.contracts.settings import PROFILES, ROLES, ProfileName, Settings, Unusable

TODAY: Final = date(2025, 11, 22)
"""The day of a run, which matters to baselines alone."""


class Finding(NamedTuple):
    """A broken contract: the check that found it, and what it says."""

    check: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.what}"


@dataclass(frozen=True)
class Said:
    """What the suite said of one server. `missing` is the number of checks that have no result."""

    exit_code: int
    broken: tuple[Finding, ...] = ()
    kept: int = 0
    not_exercised: int = 0
    missing: int = 0
    requests: int = 0
    seconds: float = 0.0
    unusable: str = ""
    notes: tuple[Finding, ...] = ()


def of_deployment(deployment: Deployment, profile: ProfileName, *, writes: bool = False) -> Settings:
    """The settings of an operator who has tokens of several roles. The main user is staff if there is one."""
    roles = {role: token for role, token in deployment.tokens.items() if role in ROLES}
    return Settings(
        target=deployment.url,
        token=roles["staff" if "staff" in roles else next(iter(roles))],
        role_tokens=roles,
        profile=PROFILES[profile],
        rate=0,
        allow_writes=str(urlsplit(deployment.url).hostname) if writes else "",
        write_invoices=("any",) if writes else (),
        write_items=("any",) if writes else (),
    )


def said_of(settings: Settings) -> Said:
    """Run the suite."""
    wanted = 0

    def count(result: Result, number: int, of_all: int) -> None:
        nonlocal wanted
        wanted = of_all

    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        try:
            # What a server with a defect keeps changed is left behind with it.
            verdict = run(replace(settings, ledger=Path(folder, "ledger")), TODAY, count)
        except Unusable as error:
            return Said(2, seconds=time.perf_counter() - started, unusable=str(error))
    return Said(
        verdict.exit_code,
        tuple(_findings(verdict, "broken")),
        len(verdict.of("kept")),
        len(verdict.of("not exercised")),
        max(1, wanted) - len(verdict.results),
        verdict.requests,
        time.perf_counter() - started,
        verdict.stopped,
        tuple(_findings(verdict, "note")),
    )


def _findings(verdict: Verdict, outcome: Outcome) -> Iterator[Finding]:
    for result in verdict.results:
        for finding in result.findings:
            if finding.outcome == outcome:
                yield Finding(result.check.id, finding.complaint.what)
