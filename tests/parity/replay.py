"""Replays the recording against the mock, and tells where its answers are not what the real server answered.

    python -m tests.parity.replay [folder] [--every-revision]

Without a folder, the compact copy of this repository is replayed; another folder has `world.json` and
`exchanges.jsonl` of the same form. The last line is `N of M exchanges agree`; `--every-revision` prints one for each.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.parity.age import AGE, Age
from tests.parity.client import Answer, Client
from tests.parity.compare import Difference, compare_headers, compare_status, compare_values, value_of
from tests.parity.golden_world import golden_world
from tests.parity.pages import ORDERED, Pages
from tests.parity.recording import (
    FIRST_WRITE,
    HERE,
    LOST_WRITES,
    Exchange,
    Recording,
    read,
    sent_body,
    sent_text,
)
from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.openapi.revision import revisions

SETTINGS: Final = Settings(wire=True)
"""How the mock is started: the recording holds what a real server sends, whatever was documented."""

PARTS: Final = ("status", "header", "body")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One exchange: the differences that are left, and the named ones that were taken out."""

    exchange: Exchange
    differences: tuple[Difference, ...]
    forgiven: tuple[Age, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences

    def agrees_in(self, part: str) -> bool:
        """Whether a part agrees. With another status, neither headers nor body can."""
        return not any(difference.part in (part, "status") for difference in self.differences)


class Replay:
    """One run of a recording against a mock in this process."""

    def __init__(self, recording: Recording, settings: Settings) -> None:
        self._recording: Final = recording
        self._stage: Final = Stage(golden_world(recording.world))
        self._client: Final = Client(create_app(settings, self._stage))
        self._pages = self._new_pages()
        self._made: Final[dict[str, str]] = {}

    def run(self, table: Sequence[Age] = AGE) -> list[Outcome]:
        """The outcome of every exchange, in the order of the recording."""
        outcomes = []
        writing = False
        for exchange in self._recording.exchanges:
            if exchange.n >= FIRST_WRITE and not writing:
                self._stage.reset()
                self._pages = self._new_pages()
                writing = True
            outcomes.append(_judge(exchange, self._differences(exchange), table))
        return outcomes

    def _new_pages(self) -> Pages:
        return Pages(self._stage.world, lambda exchange, query: self._call(replace(exchange, query=query)))

    def _differences(self, exchange: Exchange) -> list[Difference]:
        self._make_up_for_lost_writes(exchange)
        answer = self._call(exchange)
        if found := list(compare_status(exchange, answer)):
            return found
        found = list(compare_headers(exchange, answer))
        recorded, answered = value_of(exchange.response_body), value_of(answer.body)
        self._learn(exchange, recorded, answered)
        if exchange.op in ORDERED and isinstance(recorded, list) and isinstance(answered, list):
            return [*found, *self._pages.compare(exchange, recorded, answered)]
        return [*found, *compare_values(recorded, value_of(self._as_recorded(answer.body)))]

    def _call(self, exchange: Exchange) -> Answer:
        headers = {name: sent_text(value) for name, value in exchange.request_headers.items()}
        return self._client.call(exchange.method, sent_text(exchange.target), headers, sent_body(exchange))

    def _make_up_for_lost_writes(self, exchange: Exchange) -> None:
        for uuid, fields in LOST_WRITES.get(exchange.n, {}).items():
            headers = {"Authorization": "Token staff", "Content-Type": "application/json"}
            self._client.call("PATCH", f"/api/invoice-items/{uuid}/", headers, json.dumps(fields).encode())

    def _learn(self, exchange: Exchange, recorded: object, answered: object) -> None:
        """What was created got a uuid by chance on the server: from here on it is translated to the mock's."""
        if exchange.status == 201 and isinstance(recorded, dict) and isinstance(answered, dict):
            self._made.update({answered[name]: recorded[name] for name in recorded if name in answered})

    def _as_recorded(self, text: str) -> str:
        for own, recorded in self._made.items():
            text = text.replace(own, recorded)
        return text


def _judge(exchange: Exchange, differences: Iterable[Difference], table: Sequence[Age]) -> Outcome:
    left, forgiven = [], []
    for difference in differences:
        reason = next((age for age in table if age.explains(exchange, difference)), None)
        if reason is None:
            left.append(difference)
        else:
            forgiven.append(reason)
    return Outcome(exchange, tuple(left), tuple(forgiven))


def idle(outcomes: Iterable[Outcome], table: Sequence[Age] = AGE) -> list[Age]:
    """The entries of the table that explain nothing: they are wrong, or no longer needed."""
    used = {age.identifier for outcome in outcomes for age in outcome.forgiven}
    return [age for age in table if age.identifier not in used]


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The lines of the report; the last one is the score."""
    by_operation: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_operation[outcome.exchange.op].append(outcome)
    yield f"{'operation':50} {'exchanges':>9} {'status':>7} {'headers':>7} {'body':>7}"
    for name, found in by_operation.items():
        agreeing = [sum(outcome.agrees_in(part) for outcome in found) for part in PARTS]
        yield f"{name:50} {len(found):9} {agreeing[0]:7} {agreeing[1]:7} {agreeing[2]:7}"
    yield from _differences_by_reason(outcomes)
    yield from _age_by_entry(outcomes)
    yield f"{sum(outcome.agrees for outcome in outcomes)} of {len(outcomes)} exchanges agree"


def _differences_by_reason(outcomes: Iterable[Outcome]) -> Iterator[str]:
    grouped: dict[tuple[str, ...], list[tuple[Exchange, Difference]]] = defaultdict(list)
    for outcome in outcomes:
        seen = set()
        for difference in outcome.differences:
            reason = _reason(outcome.exchange, difference)
            if reason not in seen:
                seen.add(reason)
                grouped[reason].append((outcome.exchange, difference))
    for reason, found in sorted(grouped.items(), key=lambda pair: -len(pair[1])):
        exchange, difference = found[0]
        yield ""
        yield f"{len(found)} × {' '.join(word for word in reason if word)}"
        yield f"    n {exchange.n}: {exchange.method} {exchange.target[:150]} as {exchange.role} ({exchange.note})"
        yield f"    recorded {difference.recorded[:200]}"
        yield f"    answered {' '.join(difference.answered.split())[:200]}"


def _reason(exchange: Exchange, difference: Difference) -> tuple[str, ...]:
    match difference.part:
        case "status":
            return (exchange.op, "status", f"{difference.recorded} → {difference.answered[:3]}")
        case "header":
            return (exchange.op, "header", difference.where)
    return (exchange.op, "body", difference.where)


def _age_by_entry(outcomes: Sequence[Outcome]) -> Iterator[str]:
    counts: Mapping[Age, int] = Counter(age for outcome in outcomes for age in set(outcome.forgiven))
    yield ""
    yield f"{sum(bool(outcome.forgiven) for outcome in outcomes)} exchanges differ for a named reason:"
    for age, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        yield f"{count:6}  {age.identifier}: {age.reason} (behaviour {age.section})"


def score(recording: Recording, revision: str) -> str:
    """`N of M exchanges agree`, with a mock of a revision."""
    *_, line = report(Replay(recording, replace(SETTINGS, revision=revision)).run())
    return line


def main() -> int:
    """The status of the process: 1 when an entry of the table explains nothing, else 0."""
    parser = argparse.ArgumentParser(description="Replays recorded exchanges of a real server against the mock.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument("--every-revision", action="store_true", help="print the score of each described revision")
    options = parser.parse_args()
    folder: Path = options.folder
    try:
        recording = read(folder)
    except OSError as error:
        parser.error(f"{folder} holds no recording ({error}); it must have world.json and exchanges.jsonl.")
    if options.every_revision:
        scores = {revision: score(recording, revision) for revision in revisions(DESCRIPTION)}
        print("\n".join(f"{revision:10} {line}" for revision, line in scores.items()))
        return 0
    outcomes = Replay(recording, SETTINGS).run()
    unused = idle(outcomes)
    for age in unused:
        print(f"The entry {age.identifier} explains nothing; remove it from the table.", file=sys.stderr)
    print("\n".join(report(outcomes)))
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())
