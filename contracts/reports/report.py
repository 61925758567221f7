"""A verdict as plain data: masked, redacted later, written as JSON and read again. All formats are made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.contracts.findings import OUTCOMES, Finding, Outcome, Result, Verdict
from waldur_billing_mock.contracts.reports.mask import Mask, curl
from waldur_billing_mock.contracts.settings import Unusable

FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding in words. `place` points into the description; `curl` asks again.

    `request` and `role` are the method and the target of the request that shows it, and who made it.
    """

    outcome: Outcome
    what: str
    place: str
    detail: str = ""
    expected: str = ""
    got: str = ""
    hint: str = ""
    curl: str = ""
    explained_by: tuple[str, ...] = ()
    request: str = ""
    role: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two findings the same cause."""
        return self.what, self.place

    def lines(self) -> list[str]:
        """The finding, line by line."""
        found = [self.what + (f" ({self.detail})" if self.detail else "")]
        found += [f"expected {self.expected}"] if self.expected else []
        found += [f"got      {self.got}"] if self.got else []
        found += [self.hint] if self.hint else []
        found.append(f"described at {self.place}")
        return found + ([self.curl] if self.curl else [])


@dataclass(frozen=True, slots=True)
class ReportedResult:
    """What became of a check."""

    id: str
    kind: str
    requirement: str
    operation: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    findings: tuple[ReportedFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run, or several merged ones."""

    target: str
    revision: str
    revision_found: str
    dialect: str
    profile: str
    seed: int
    started: str
    suite_version: str
    server_version: str
    requests: int
    seconds: float
    results: tuple[ReportedResult, ...]
    headline: str = ""
    stopped: str = ""
    strict: bool = False
    seen: Mapping[str, int] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    unlooked: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    undone: int = 0
    statuses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, str] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> list[ReportedResult]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome == outcome]

    def fails(self, result: ReportedResult) -> bool:
        """Whether a result makes the contract broken."""
        return result.outcome == "broken" or (self.strict and result.outcome in ("known deviation", "note"))

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many checks had each outcome."""
        return {outcome: len(self.of(outcome)) for outcome in OUTCOMES}

    @property
    def exit_code(self) -> int:
        """0 kept, 1 broken, 2 could not be judged."""
        if any(map(self.fails, self.results)):
            return 1
        judged = [result for result in self.results if result.outcome != "not exercised" and result.kind != "survey"]
        return 2 if self.stopped or self.of("error") or not judged else 0

    def to_json(self) -> str:
        """The report as JSON, which `read` takes."""
        content = {"format": FORMAT, "exit_code": self.exit_code, "counts": self.counts, **asdict(self)}
        return json.dumps(content, indent=2) + "\n"


def report_of(verdict: Verdict, earlier: Sequence[ReportedResult] = ()) -> Report:
    """The report of a verdict; `earlier` are results of the same run before it was stopped."""
    mask = Mask(verdict.shows_data, verdict.words)
    results = [*earlier, *(reported(result, verdict.base, mask) for result in verdict.results)]
    return Report(
        target=verdict.target,
        revision=verdict.revision,
        revision_found=verdict.how_revision_was_found,
        dialect=verdict.dialect,
        profile=verdict.profile,
        seed=verdict.seed,
        started=verdict.started.isoformat(timespec="seconds"),
        suite_version=verdict.suite_version,
        server_version=verdict.server_version,
        requests=verdict.requests,
        seconds=round(verdict.seconds, 2),
        results=tuple({result.id: result for result in results}.values()),
        headline=verdict.headline,
        stopped=verdict.stopped,
        strict=verdict.strict,
        seen=dict(sorted(verdict.seen.items())),
        unseen=verdict.unseen,
        unlooked=verdict.unlooked,
        stale=verdict.stale,
        left=tuple(f"{change.what} ({change.trouble or change.reason})" for change in verdict.left),
        undone=verdict.undone,
        statuses={
            name: {str(status): count for status, count in sorted(counts.items())}
            for name, counts in sorted(verdict.statuses.items())
        },
        parameters=dict(sorted(verdict.parameters.items())),
        places=verdict.places,
        routes=verdict.routes,
        catalogue=verdict.catalogue,
    )


def reported(result: Result, base: str, mask: Mask) -> ReportedResult:
    """A result in words."""
    return ReportedResult(
        result.check.id,
        result.check.kind,
        result.check.requirement,
        result.check.operation_id,
        result.outcome,
        result.reason,
        round(result.seconds, 3),
        tuple(reported_finding(finding, base, mask) for finding in result.findings),
    )


def reported_finding(finding: Finding, base: str, mask: Mask) -> ReportedFinding:
    """A finding in words, as a report may show them; `base` is scheme and host of the target."""
    complaint = finding.complaint
    exchange = complaint.exchange
    return ReportedFinding(
        finding.outcome,
        complaint.what,
        complaint.place,
        complaint.detail,
        mask.text(complaint.expected) if complaint.expected is not None else "",
        mask.text(complaint.got) if complaint.got is not None else "",
        mask.hint(complaint.expected, complaint.got),
        curl(exchange, base, mask) if exchange is not None else "",
        finding.explained_by,
        f"{exchange.request.method} {mask.target(exchange.request.target)}" if exchange is not None else "",
        exchange.role if exchange is not None else "",
    )


def read(path: Path) -> Report:
    """The report in a JSON file. Raises `Unusable` where it is none of this format."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"The report {path} cannot be read: {error}.") from None
    except ValueError:
        raise Unusable(f"{path} is not a JSON report of this suite.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise Unusable(f"{path} is not a JSON report of this suite, or of another release of it.")
    try:
        fields = {name: value for name, value in content.items() if name in Report.__dataclass_fields__}
        fields["results"] = tuple(result_of(one) for one in fields["results"])
        for name in ("unseen", "unlooked", "stale", "left"):
            fields[name] = tuple(fields[name])
        return Report(**fields)
    except (LookupError, TypeError) as error:
        raise Unusable(f"{path} is not a whole report: {type(error).__name__}.") from None


def result_of(content: Mapping[str, Any]) -> ReportedResult:
    """A result from its JSON. Raises `LookupError` or `TypeError` where it is not whole."""
    findings = tuple(
        ReportedFinding(**{**one, "explained_by": tuple(one["explained_by"])}) for one in content["findings"]
    )
    return ReportedResult(**{**content, "findings": findings})
