"""A run against a server in trouble: it goes on where it may, ends where it must, and leaves nothing changed.

Runs that get Ctrl-C are processes of their own.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contracts.command import Ended, ended
from tests.contracts.faulty import LOST, RESET, SILENCE, Fault, Plan, Proxy
from tests.serving import ROOT, Mock, serving
from waldur_billing_mock.contracts.guard import READING

ALL_OF_IT = ("--allow-writes", "127.0.0.1", "--write-invoice", "any", "--write-item", "any")
FIELDS = "stories/fields_are_set_one_by_one"
READS = "invariants/invoices_retrieve"


@dataclass(frozen=True)
class Run:
    """What a run said and left: its exit code, its report, and the invoices before and after."""

    code: int
    report: dict[str, Any]
    said: str
    asked: list[tuple[str, str]]
    unchanged: bool

    @property
    def outcomes(self) -> set[str]:
        return {result["outcome"] for result in self.report["results"]}


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with serving("--wire") as started:
        yield started


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that runs in this process wait between requests, by a clock of theirs that nothing else moves."""
    noted: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(noted), sleep=noted.append)
    monkeypatch.setattr("waldur_billing_mock.contracts.target.time", clock)
    return noted


def run(mock: Mock, folder: Path, plan: Plan, *words: str, interrupted_at: int = 0) -> Run:
    """A run against a mock in trouble. It gets Ctrl-C at so many writes, in a process of its own, or never."""
    mock.reset()
    before = _invoices(mock)
    report = folder / "report.json"
    writes = 0
    judging: subprocess.Popen[str]

    def watch(number: int, method: str, target: str) -> Fault:
        nonlocal writes
        fault = plan(number, method, target)
        writes += method not in READING
        if interrupted_at and writes == interrupted_at and method not in READING:
            judging.send_signal(signal.SIGINT)
        return fault

    with Proxy(mock.url, watch).serving() as proxy:
        options = ["--target", proxy.url, "--token-env", "T", "--revision", "documents", "--wire", "--rate-limit", "0"]
        options += [
            "--ledger",
            str(folder / "ledger"),
            "--profile",
            "quick",
            "--timeout",
            "3",
            "--json",
            str(report),
            *words,
        ]
        environment = {"T": mock.token()}
        if interrupted_at:
            judging = subprocess.Popen(
                [sys.executable, "-m", "waldur_billing_mock.contracts", *options],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            out, err = judging.communicate(timeout=120)
            result = Ended(judging.returncode, out, err)
        else:
            result = ended(options, folder, environment)
    found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return Run(result.code, found, result.err + result.out, proxy.asked, _invoices(mock) == before)


def _invoices(mock: Mock) -> bytes:
    return mock.ask("GET", "/api/invoices/?page_size=300", mock.token()).body


def healthy(number: int, method: str, target: str) -> Fault:
    return None


def test_reads_that_the_network_loses_are_asked_again(mock: Mock, tmp_path: Path, pauses: list[float]) -> None:
    def every_fourth(number: int, method: str, target: str) -> Fault:
        return {0: RESET, 2: SILENCE}.get(number % 20)

    judged = run(mock, tmp_path, every_fourth, "--only", READS, "--timeout", "1")

    assert (judged.code, judged.outcomes) == (0, {"kept"}), judged.said
    assert pauses


def test_a_server_that_wants_less_is_waited_for(mock: Mock, tmp_path: Path, pauses: list[float]) -> None:
    def now_and_then(number: int, method: str, target: str) -> Fault:
        return (429, {"Retry-After": "1"}) if number % 9 == 5 else None

    judged = run(mock, tmp_path, now_and_then, *ALL_OF_IT, "--only", FIELDS)

    assert (judged.code, judged.unchanged) == (0, True), judged.said
    put_off = sum(number % 9 == 5 for number in range(1, len(judged.asked) + 1))
    assert pauses == [1.0] * put_off
    assert put_off


def test_a_server_that_fails_everywhere_is_left_alone(mock: Mock, tmp_path: Path) -> None:
    def from_the_tenth(number: int, method: str, target: str) -> Fault:
        return (500, {}) if number >= 10 else None

    judged = run(mock, tmp_path, from_the_tenth, "--only", "invariants")

    assert judged.code in (1, 2)
    assert "stopped: the last" in judged.said
    assert len(judged.asked) < 60


def test_a_token_that_expires_midway_ends_in_no_judgement(mock: Mock, tmp_path: Path) -> None:
    def from_the_twentieth(number: int, method: str, target: str) -> Fault:
        return (401, {"WWW-Authenticate": "Token"}) if number >= 20 else None

    judged = run(mock, tmp_path, from_the_twentieth, "--only", "invariants")

    assert judged.code == 2, judged.said
    assert "not accepted any more" in judged.said


@pytest.mark.parametrize("fault", [LOST, RESET, (500, {}), (429, {"Retry-After": "0"})], ids=str)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_write_that_fails_midway_leaves_nothing_changed(mock: Mock, tmp_path: Path, nth: int, fault: Fault) -> None:
    writes = 0

    def at_the_nth_write(number: int, method: str, target: str) -> Fault:
        nonlocal writes
        writes += method not in READING
        return fault if writes == nth and method not in READING else None

    judged = run(mock, tmp_path, at_the_nth_write, *ALL_OF_IT, "--only", FIELDS)

    assert judged.unchanged, judged.said


def test_a_budget_that_is_spent_midway_leaves_nothing_changed(mock: Mock, tmp_path: Path) -> None:
    whole = run(mock, tmp_path, healthy, *ALL_OF_IT, "--only", FIELDS)
    first = next(number for number, (method, _) in enumerate(whole.asked, 1) if method not in READING)

    judged = run(mock, tmp_path, healthy, *ALL_OF_IT, "--only", FIELDS, "--budget", str(first + 1))

    assert (judged.code, judged.unchanged) == (2, True), judged.said
    assert len(judged.asked) > first + 1


def test_a_server_that_fails_after_a_write_is_brought_back_as_soon_as_it_answers(mock: Mock, tmp_path: Path) -> None:
    writes: list[int] = []

    def fails_after_the_second_write(number: int, method: str, target: str) -> Fault:
        if method not in READING:
            writes.append(number)
        return (500, {}) if len(writes) == 2 and number > writes[1] else None

    judged = run(mock, tmp_path, fails_after_the_second_write, *ALL_OF_IT, "--only", FIELDS)

    assert judged.unchanged, judged.said


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_run_that_is_interrupted_takes_back_what_it_changed(mock: Mock, tmp_path: Path, nth: int) -> None:
    judged = run(mock, tmp_path, healthy, *ALL_OF_IT, "--only", FIELDS, interrupted_at=nth)

    assert (judged.code, judged.unchanged) == (2, True), judged.said
    assert "stopped: interrupted" in judged.said


def test_a_write_that_cannot_be_undone_is_reported(mock: Mock, tmp_path: Path) -> None:
    writes = 0

    def no_more_after_the_first(number: int, method: str, target: str) -> Fault:
        nonlocal writes
        writes += method not in READING
        return RESET if writes > 1 and method not in READING else None

    judged = run(mock, tmp_path, no_more_after_the_first, *ALL_OF_IT, "--only", FIELDS)

    assert not judged.unchanged
    assert "left behind: the backend_id of invoice " in judged.said
