"""The command line: what makes no sense is refused in one sentence before the first request, with exit code 2."""

import pytest

from waldur_billing_mock.contracts.__main__ import main
from waldur_billing_mock.contracts.options import parser, settings
from waldur_billing_mock.contracts.settings import Unusable

ENVIRONMENT = {"T": "a-token", "SPLIT": "two\nlines", "BLANK": "two words"}
TARGET = ("--target", "https://waldur.example.com", "--token-env", "T")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--target", "http://127.0.0.1:99999"), "not a valid URL"),
        (("--target", "http://[::1"), "not a valid URL"),
        (("--target", "waldur.example.com"), "not a valid URL"),
        (("--target", "http://user:pw@waldur.example.com"), "name or a password"),
        (("--target", "https://waldur.example.com/sub/"), "has a path"),
        ((*TARGET, "--timeout", "0"), "--timeout 0 makes no sense"),
        ((*TARGET, "--timeout", "nan"), "makes no sense"),
        ((*TARGET, "--ca", "/missing"), "there is no such file"),
        ((*TARGET, "--budget", "0"), "allows no request"),
        ((*TARGET, "--shard", "3/2"), "such as 2/5"),
        ((*TARGET, "--role-token", "owner"), "ROLE=VALUE"),
        ((*TARGET, "--role-token", "king=T"), "no role 'king'"),
        ((*TARGET, "--role-token", "owner=NOWHERE"), "'NOWHERE' is not set"),
        ((*TARGET, "--role-scope", "owner=me"), "is not a uuid"),
        ((*TARGET, "--write-item", "any"), "need --allow-writes"),
        ((*TARGET, "--allow-writes", "waldur.example.com", "--read-only"), "exclude each other"),
        (("--target", "https://waldur.example.com", "--token-env", "SPLIT"), "line break"),
        (("--target", "https://waldur.example.com", "--token-env", "BLANK"), "blank"),
        (("--allow-writes", "waldur.example.com"), "is for a --target"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(Unusable) as refused:
        settings(words, ENVIRONMENT)

    assert says in str(refused.value)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        ["--scenario", "nope"],
        ["--only", "nonsense", "--profile", "quick"],
        ["--app", "no.such:module"],
        ["--compare", "/missing.json"],
        ["--baseline", "/missing.yaml"],
        ["undo", "/missing.ledger", "--token-env", "NOWHERE"],
        ["merge", "/missing.json"],
    ],
)
def test_the_command_ends_with_2_and_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main(words)

    said = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


def test_the_help_shows_commands_defaults_and_two_examples() -> None:
    text = parser().format_help()

    assert all(word in text for word in ("explain", "undo", "merge", "(default: full)", "examples:", "--version"))


def test_a_target_on_this_machine_has_no_rate_and_another_has() -> None:
    assert settings(["--target", "http://127.0.0.1:8080"], {}).requests_a_second == 0
    assert settings(TARGET, ENVIRONMENT).requests_a_second == 5
    assert settings([*TARGET, "--rate-limit", "2"], ENVIRONMENT).requests_a_second == 2
