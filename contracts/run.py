"""One run from settings to verdict: opens the target, finds the revision, lets pytest judge check after check."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from waldur_billing_mock.contracts.baseline import load
from waldur_billing_mock.contracts.bench import Bench
from waldur_billing_mock.contracts.exchange import Request
from waldur_billing_mock.contracts.findings import Result, Verdict
from waldur_billing_mock.contracts.plugin import ContractPlugin
from waldur_billing_mock.contracts.revision import Revision, find_revision
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import open_target
from waldur_billing_mock.contracts.transport import CannotAsk

SUITE: Final = Path(__file__).parent / "suite"
Progress = Callable[[Result, int, int], None]
"""Is told of each result, its number, and the number of all checks."""

_FIRST: Final = Request("GET", "/api/invoices/?page_size=1&field=uuid")
_QUIET: Final = ("--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist")


def prepare(settings: Settings, today: date) -> Bench:
    """Everything that is needed before the first check. Raises `Unusable`."""
    baseline = load(settings.baseline, today)
    named = "documents" if settings.revision == "auto" else settings.revision
    target = open_target(settings, named)
    try:
        if settings.revision == "auto" and not settings.in_process:
            revision = find_revision(target)
        else:
            revision = Revision(named, "as asked for")
        answer = target.guard.send(_FIRST, target.main)
    except CannotAsk as error:
        raise Unusable(f"The target cannot be asked: {error}.") from None
    if answer.status in (401, 403):
        raise Unusable(f"The token is not accepted by {target.name} ({answer.status}).")
    if answer.status != 200:
        raise Unusable(f"{target.name} does not answer like Waldur: {answer.status} for {_FIRST.path}.")
    return Bench(settings, target, revision, baseline)


def run(settings: Settings, today: date, progress: Progress) -> Verdict:
    """The verdict on a target. What was changed is taken back, also when the run is interrupted."""
    plugin = ContractPlugin(prepare(settings, today), progress)
    arguments = [str(SUITE), "-c", str(SUITE / "pytest.toml"), "--rootdir", str(SUITE)]
    if settings.stop_at_first:
        arguments.append("--exitfirst")
    pytest.main([*arguments, *_QUIET], plugins=[plugin])
    return plugin.verdict()
