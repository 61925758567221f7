"""What passes is judged in another process, within bounds, and never at the cost of the client."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from io import BytesIO
from typing import Any, Final

import pytest

from tests.recording.targets import served
from waldur_billing_mock.contracts.description import describe
from waldur_billing_mock.contracts.exchange import Answer, Request
from waldur_billing_mock.contracts.routes import Routes
from waldur_billing_mock.contracts.traffic import Judged
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.proxy import judging
from waldur_billing_mock.mock_server.proxy.judging import Judging
from waldur_billing_mock.mock_server.proxy.passed import Body, Frames, Passed, written
from waldur_billing_mock.mock_server.proxy.worker import MOST_LISTED, Worker, decompressed

REVISION: Final = "8.1.3"
SETTINGS: Final = {
    "revision": REVISION,
    "outdated": False,
    "base": "https://waldur.example.com",
    "shows_data": False,
    "record": None,
}
INVOICES: Final = "/api/invoices/"


def new() -> Judging:
    return Judging(Routes(describe(REVISION).operations.values()), SETTINGS)


def passed(target: str = INVOICES, body: bytes = b"[]", **changes: Any) -> Passed:
    """A good answer to a list of invoices, with changes."""
    headers = [(b"content-type", b"application/json"), (b"x-result-count", b"0"), (b"link", b"<http://a/>")]
    made = Passed("GET", target, [(b"authorization", b"Token t")], "2025-11-22T09:00:00+00:00")
    made.status, made.answer_headers, made.is_whole = 200, headers, True
    made.answer.add(body)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


async def judged(*exchanges: Passed) -> Judging:
    """Everything judged by a process that is ended after it."""
    made = new()
    await made.start()
    for exchange in exchanges:
        if made.wants(exchange.method, exchange.target.partition("?")[0]):
            made.passed(exchange)
    await made.stop()
    return made


def judged_here(*exchanges: Passed) -> Judging:
    """Everything judged in this process, by what the other one runs."""
    made, worker = new(), Worker(SETTINGS)
    for exchange in exchanges:
        if made.wants(exchange.method, exchange.target.partition("?")[0]):
            sent = Frames(BytesIO(b"".join(written(exchange))).read).next()
            assert sent is not None
            made._take_in(json.loads(json.dumps(worker.answer(sent, decompressed(sent)))))
    return made


def test_equal_answers_are_counted_each_and_listed_once() -> None:
    rows = b'[{"uuid": 1}]'

    found = asyncio.run(judged(*[passed(body=rows)] * 3, passed(INVOICES, b"[]")))

    (new_one,) = [one for one in found.traffic.of("broken") if one.finding.what == "the value does not fit its type"]
    assert (new_one.operation_id, new_one.count) == ("invoices_list", 3)
    assert found.traffic.statuses["invoices_list"] == {200: 4}
    assert (found.counts.requests, found.counts.dropped, found.stopped) == (4, 0, "")


def test_an_answer_that_is_equal_to_an_earlier_one_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    worker, asked = Worker(SETTINGS), []

    def judge(request: Request, answer: Answer, role: str) -> Judged:
        asked.append(answer.body)
        return Judged("invoices_list")

    monkeypatch.setattr(worker._judge, "judge", judge)
    for body in (b"[1]", b"[2]", b"[1]", b"[1]"):
        frames = BytesIO(b"".join(written(passed(body=body))))
        exchange = Frames(frames.read).next()
        assert exchange is not None
        worker.answer(exchange, exchange.answer_body)

    assert asked == [b"[1]", b"[2]"]


def test_the_first_example_shows_no_value_of_a_server_elsewhere() -> None:
    found = judged_here(passed("/api/invoices/?name=Secret", b'[{"uuid": "Secret", "number": "Secret"}]'))

    assert found.traffic.of("broken")
    for one in found.traffic.found:
        assert "Secret" not in str(one.finding)
        assert "https://waldur.example.com" in one.finding.curl


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_whole": False}, "the answer was broken off"),
        ({"status": 503}, "the server was out of reach or refused more requests (503)"),
        ({"status": 304}, "the server led elsewhere, or said that nothing has changed (304)"),
        ({"answered_by": "the mock"}, "answered by the mock"),
        (
            {"answer_headers": [(b"content-encoding", b"br")]},
            "the body is compressed by br, which is not read here",
        ),
        (
            {"answer_headers": [(b"content-encoding", b"gzip")]},
            "the body says that it is compressed by gzip, and is not",
        ),
    ],
)
def test_what_cannot_be_judged_is_counted_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    found = judged_here(passed(**changes))

    assert found.traffic.unjudged == {reason: 1}
    assert found.traffic.judged == 0


def test_an_answer_that_is_nested_deep_ends_nothing() -> None:
    bodies = [b'{"token": ' * depth + b"1" + b"}" * depth for depth in (500, 990, 100_000)]
    sent = [passed(body=body) for deep in bodies for body in (deep, b'[{"deep": ' + deep + b"}]")]

    found = asyncio.run(judged(*sent, passed()))

    assert found.stopped == ""
    assert found.counts.dropped == 0
    assert found.traffic.judged + found.traffic.unjudged.total() == len(sent) + 1


def test_fields_that_are_named_by_chance_do_not_fill_the_list() -> None:
    rows = [f'[{{"field{number}": 1}}]'.encode() for number in range(MOST_LISTED + 5)]

    found = judged_here(*[passed(body=row) for row in rows], passed(body=b'[{"uuid": 1}]'))

    assert len(found.traffic.of("note")) == MOST_LISTED
    assert found.traffic.judged == len(rows) + 1
    assert found.traffic.of("broken")


def test_what_is_too_large_is_not_held_and_not_judged() -> None:
    large = Body(most=10)
    large.add(b"[" * 8)
    large.add(b"]" * 8)

    found = judged_here(passed(answer=large))

    assert (large.content, large.size) == (b"", 16)
    assert found.traffic.unjudged == {"the body is too large to be judged": 1}


def test_more_than_can_wait_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = new()
    monkeypatch.setattr(judging, "MOST_WAITING", 2)
    for _ in range(5):
        made.passed(passed())

    assert (made.waiting, made.counts.dropped) == (2, 3)


def test_more_bytes_than_can_wait_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = new()
    monkeypatch.setattr(judging, "MOST_WAITING_BYTES", 50_000)
    for _ in range(5):
        made.passed(passed(body=b"x" * 20_000))

    assert (made.waiting, made.counts.dropped) == (2, 3)


def test_a_judge_that_dies_is_noticed_and_nothing_waits_for_it() -> None:
    async def killed() -> Judging:
        made = new()
        await made.start()
        assert made._process is not None
        os.kill(made._process.pid, signal.SIGKILL)
        await made._process.wait()
        while not made.stopped:
            await asyncio.sleep(0)
        made.passed(passed())
        await asyncio.wait_for(made.stop(), 10)
        return made

    found = asyncio.run(killed())

    assert "has ended by itself" in found.stopped
    assert found.counts.dropped == 1


def test_a_recording_that_cannot_be_written_does_not_end_the_judging() -> None:
    """The device is always full."""
    worker = [sys.executable, "-m", "waldur_billing_mock.mock_server.proxy.worker"]
    settings = json.dumps({**SETTINGS, "record": "/dev/full"})
    sent = b"".join(b"".join(written(passed())) for _ in range(2))

    ended = subprocess.run([*worker, settings], input=sent, capture_output=True, timeout=60, check=False)

    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 2)
    said = ended.stderr.decode()
    assert said == "--record /dev/full cannot be written: No space left on device. No more is recorded.\n"


def test_the_judge_ends_when_nobody_is_there_any_more() -> None:
    words = [sys.executable, "-m", "waldur_billing_mock.mock_server.proxy.worker"]

    ended = subprocess.run([*words, json.dumps(SETTINGS)], input=b"", capture_output=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout) == (0, b"")


def test_judging_a_healthy_answer_in_the_wire_dialect_finds_what_is_known() -> None:
    target = served(build("default", size=Size(4, 2)), REVISION, wire=True)
    answer = target.guard.send(Request("GET", INVOICES), target.main)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]

    found = judged_here(passed(body=answer.body, answer_headers=headers))

    assert found.traffic.of("broken") == []
    assert {"uuid-hex"} in [set(one.finding.explained_by) for one in found.traffic.of("known deviation")]
