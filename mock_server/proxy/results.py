"""What the proxy has seen: as data for its page, as text at its end, and as a report of the contract suite."""

import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from waldur_billing_mock import __version__
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.deviations import catalogue
from waldur_billing_mock.contracts.findings import Outcome
from waldur_billing_mock.contracts.reports.report import Report
from waldur_billing_mock.contracts.reports.traffic import Counted, Watched, report_of_traffic, routes_of
from waldur_billing_mock.contracts.revision import Revision
from waldur_billing_mock.contracts.traffic import operations_in_traffic
from waldur_billing_mock.mock_server.proxy.judging import Judging
from waldur_billing_mock.mock_server.proxy.passed import FAILED

_CLASSES: Final[Mapping[Outcome, str]] = {"broken": "new", "known deviation": "known", "note": "note"}
_MOST: Final = 12
"""How many notes and known deviations are listed at the end; reports list all."""
_WIDTH: Final = 110


@dataclass(frozen=True, slots=True)
class Results:
    """What was found in the traffic to a server at an address, since a moment in ISO form."""

    address: str
    revision: Revision
    description: Description
    judging: Judging
    started: str

    def exit_code(self) -> int:
        """0 where nothing new was found, 1 where something was, 2 where nothing was judged."""
        if self.judging.traffic.of("broken"):
            return 1
        traffic = self.judging.traffic
        return 2 if self.judging.stopped or FAILED in traffic.unjudged or not traffic.judged else 0

    def verdict(self) -> str:
        """What has become of it, in a sentence."""
        traffic, stopped = self.judging.traffic, self.judging.stopped
        new = len(traffic.of("broken"))
        if new:
            return f"{_number(new, 'new deviation')} in {_number(traffic.judged, 'answer')}."
        if not traffic.judged:
            why = stopped or (next(iter(traffic.unjudged)) if len(traffic.unjudged) == 1 else "")
            return f"Nothing was judged{f': {why}' if why else ''}."
        return f"No new deviation in {_number(traffic.judged, 'answer')}."

    def content(self) -> dict[str, Any]:
        """All of it as JSON values."""
        traffic, routes = self.judging.traffic, routes_of(operations_in_traffic(self.description))
        shown = {id(one): _shown(number, one, routes) for number, one in enumerate(traffic.found)}
        return {
            "format": 1,
            "target": self.address,
            "revision": self.revision.name,
            "revision_found": self.revision.how,
            "started": self.started,
            "verdict": self.verdict(),
            "exit_code": self.exit_code(),
            "stopped": self.judging.stopped,
            "counts": {
                **asdict(self.judging.counts),
                "judged": traffic.judged,
                "waiting": self.judging.waiting,
                "new": sum(one.count for one in traffic.of("broken")),
                "known": sum(one.count for one in traffic.of("known deviation")),
            },
            "unjudged": dict(traffic.unjudged.most_common()),
            "operations": [
                {"operation": name, "route": routes[name], "statuses": dict(sorted(traffic.statuses[name].items()))}
                for name in routes
                if name in traffic.statuses
            ],
            "deviations": [shown[id(one)] for outcome in _CLASSES for one in traffic.of(outcome)],
        }

    def text(self) -> str:
        """All of it in words, for a terminal."""
        traffic, counts, routes = (
            self.judging.traffic,
            self.judging.counts,
            routes_of(operations_in_traffic(self.description)),
        )
        lines = [f"{self.address}, revision {self.revision.name} ({self.revision.how})", ""]
        for one in traffic.of("broken"):
            lines.append(f"new: {routes[one.operation_id]} ({_number(one.count, 'time')})")
            lines += [f"  {line}" for line in one.finding.lines()]
            lines.append("")
        notes, known = Counter[str](), Counter[str]()
        for one in traffic.of("note"):
            notes[one.finding.what] += one.count
        for one in traffic.of("known deviation"):
            known.update(dict.fromkeys(one.finding.explained_by or (one.finding.what,), one.count))
        lines += _listed("notes", notes) + _listed("known", known)
        said = {
            **{f"not judged: {reason}": count for reason, count in traffic.unjudged.most_common()},
            "not described, so not judged": counts.not_described,
            "not sent, as only reading is let through": counts.refused,
            "without an answer of the server": counts.unanswered,
            "dropped, as more came than could be judged": counts.dropped,
        }
        lines += [f"{what}: {count}" for what, count in said.items() if count]
        requests = _number(counts.requests, "request")
        return "\n".join([*lines, f"{requests}, {traffic.judged} judged. {self.verdict()}", ""])

    def report(self, seconds: float) -> Report:
        """The report of the contract suite; the traffic was watched for so many seconds."""
        watched = Watched(
            target=self.address,
            revision=self.revision.name,
            revision_found=self.revision.how,
            server_version=self.revision.reported,
            started=self.started,
            suite_version=__version__,
            requests=self.judging.counts.requests,
            seconds=seconds,
            stopped=self.judging.stopped,
        )
        routes = routes_of(operations_in_traffic(self.description))
        neighbours = {name: route for name, route in routes.items() if name not in self.description.operations}
        return report_of_traffic(
            self.judging.traffic, watched, self.description, neighbours, catalogue(self.description)
        )


def _shown(number: int, one: Counted, routes: Mapping[str, str]) -> dict[str, Any]:
    finding = one.finding
    return {
        "id": number,
        **asdict(finding),
        "outcome": _CLASSES[finding.outcome],
        "operation": one.operation_id,
        "route": routes[one.operation_id],
        "count": one.count,
    }


def _listed(title: str, counts: Counter[str]) -> list[str]:
    """What is most frequent, with counts, over a few lines."""
    if not counts:
        return []
    names = ", ".join(f"{name} ({count})" for name, count in counts.most_common(_MOST))
    more = f" and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return textwrap.wrap(f"{title}: {names}{more}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
