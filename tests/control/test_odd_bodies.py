"""Bodies that no schema can check are refused by the control plane with a sentence."""

from collections.abc import Sequence

import pytest

from tests.asgi import pristine
from tests.fuzz.connection import Server
from waldur_billing_mock.mock_server.control.rules import MOST_RULES, Rules
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage


@pytest.fixture(scope="module")
def server() -> Server:
    return Server(Settings(), Stage(pristine("one-invoice")))


@pytest.mark.parametrize("path", ["faults", "scenario", "reseed", "requests/verify", "customers", "clock/advance"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 500 + b"]" * 500, ["nesting", "cannot be checked"]),
        (b"[" * 100_000, ["nesting", "nested too deeply"]),
        (b'"\\ud800"', ["surrogates not allowed"]),
        (b'{"\\udfff": 1}', ["surrogates not allowed"]),
        (b'{"x": NaN}', ["NaN is not a JSON number"]),
    ],
    ids=["deep", "very deep", "a surrogate", "a surrogate in a name", "NaN"],
)
def test_a_body_that_cannot_be_checked_is_refused(
    server: Server, path: str, content: bytes, words: Sequence[str]
) -> None:
    """Each of them ended in status 500 and a traceback."""
    head = f"POST /_mock/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"

    outcome = server.exchange([head.encode() + b"Content-Type: application/json\r\n\r\n" + content])

    (answer,) = outcome.answers
    assert (answer.status, outcome.errors) == (400, [])
    assert any(word in answer.body.decode() for word in words), answer.body[:300]


def test_a_session_has_a_bounded_number_of_fault_rules() -> None:
    rules = Rules()
    for _ in range(MOST_RULES):
        rules.add({"status": 503})

    with pytest.raises(ValueError, match="at most 1000 fault rules; remove some first"):
        rules.add({"status": 503})
    assert len(rules) == MOST_RULES


def test_one_fault_rule_too_many_is_a_conflict(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waldur_billing_mock.mock_server.control.rules.MOST_RULES", 0)
    body = b'{"status": 503}'

    outcome = server.exchange(
        [b"POST /_mock/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)]
    )

    assert [one.status for one in outcome.answers] == [409]
    assert b"remove some first" in outcome.answers[0].body
