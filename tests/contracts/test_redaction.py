"""Nothing that must not be seen passes the one function that all output passes."""

import io

import pytest

from waldur_billing_mock.contracts.redaction import Caught, Redactor, SafeStream

TOKEN = "s3cret/token+of=staff"


@pytest.mark.parametrize("text", [TOKEN, "s3cret%2Ftoken%2Bof%3Dstaff", f"Token {TOKEN}", f"{{'x': {TOKEN!r}}}"])
def test_a_token_is_hidden_however_it_is_spelled(text: str) -> None:
    assert "token" not in Redactor([TOKEN])(text).replace("Token", "")


def test_the_password_of_a_url_is_hidden() -> None:
    assert Redactor()("http://user:pw@waldur.example.com/api/") == "http://***@waldur.example.com/api/"


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\r", "\u202e", "\u2066", "\x00"])
def test_control_characters_are_shown_as_escapes(sign: str) -> None:
    shown = Redactor()(f"a{sign}b\n")

    assert sign not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b\n")


def test_a_stream_that_cannot_write_a_sign_gets_an_escape() -> None:
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    SafeStream(raw).write("✗ broken")

    raw.flush()
    assert raw.buffer.getvalue() == b"\\u2717 broken"


def test_an_error_is_kept_and_an_interruption_passes() -> None:
    with Caught() as caught:
        raise OSError("no such file")
    assert isinstance(caught.error, OSError)

    with pytest.raises(KeyboardInterrupt), Caught():
        raise KeyboardInterrupt
