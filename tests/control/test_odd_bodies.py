"""Bodies that no schema can check are refused by the control plane with a sentence."""

from collections.abc import Sequence

import pytest

from tests.asgi import pristine
from tests.fuzz.connection import Server
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
