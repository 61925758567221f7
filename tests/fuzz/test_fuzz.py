"""Whatever is sent gets an answer that Waldur's rules explain. `make fuzz` runs longer."""

from collections.abc import Callable

import pytest

from tests.extent import examples
from tests.fuzz import judge, run
from tests.fuzz.campaigns import NAMES, server
from tests.fuzz.campaigns import run as fuzz
from tests.fuzz.connection import Answer, Outcome
from tests.fuzz.requests import Sent
from tests.fuzz.sockets import ATTACKS, attack
from waldur_billing_mock.fixtures.users import STAFF_TOKEN

STAFF = (b"Authorization", b"Token " + STAFF_TOKEN.encode())
QUESTION = Sent("GET", b"/api/invoices/", (STAFF,), b"")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_handled(name: str) -> None:
    assert fuzz(name, 0, examples(40, 60)) >= examples(30, 50)


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_through_a_socket_does_no_harm(name: str) -> None:
    assert attack(name, 0, times=1) == 1


def test_a_plain_question_is_answered_without_a_fault() -> None:
    outcome = server(False).exchange([QUESTION.wire()])

    assert [one.status for one in outcome.answers] == [200]
    assert judge.faults(QUESTION, outcome, wire=False) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda answer: Answer(500, answer.headers, b"", True), "500"),
        (lambda answer: Answer(418, answer.headers, b'{"detail": ""}', True), "418 is not described"),
        (lambda answer: Answer(200, answer.headers, answer.body[:-1], True), "no JSON"),
        (lambda answer: Answer(200, answer.headers, b'[{"uuid": 5}]', True), "fuzz:"),
        (lambda answer: Answer(400, answer.headers, b'{"detail": 5}', True), "none of Waldur's shapes"),
        (lambda answer: Answer(200, [*answer.headers, ("x", "a\r\nb")], answer.body, True), "the header x"),
        (lambda answer: Answer(200, answer.headers, answer.body, False), "not complete"),
    ],
)
def test_a_spoiled_answer_is_a_fault(spoil: Callable[[Answer], Answer], fault: str) -> None:
    (answer,) = server(False).exchange([QUESTION.wire()]).answers

    found = judge.faults(QUESTION, Outcome([spoil(answer)], b"", [], hangs=False), wire=False)

    assert any(fault in one for one in found), found


@pytest.mark.parametrize(
    "outcome",
    [Outcome([], b"", [], hangs=False), Outcome([], b"", [], hangs=True), Outcome([], b"", ["x"], hangs=False)],
)
def test_no_answer_an_exception_and_a_hanging_request_are_faults(outcome: Outcome) -> None:
    assert judge.faults(QUESTION, outcome, wire=False)


def test_an_unknown_campaign_is_refused_with_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    code = run.main(["--only", "no-such-campaign"])

    assert code == 2
    assert f"there are {NAMES[0]}" in capsys.readouterr().err


def test_a_run_counts_its_inputs_and_ends_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    code = run.main(["--only", "prefer", "--seconds", "0.1"])

    assert code == 0
    assert "prefer" in capsys.readouterr().out
