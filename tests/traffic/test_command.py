"""`waldur-mock compare`, run as a command against mocks on loopback."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.serving import FROM_THE_CHECKOUT, ROOT, Mock, serving

SMALL = ("--customers", "4", "--months", "2", "--quiet", "--wire", "--revision")


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with serving(*SMALL, "8.1.3") as served:
        yield served


def compare(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FROM_THE_CHECKOUT, "compare", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_server_says_the_same_as_itself(mock: Mock) -> None:
    done = compare(mock.url, mock.url, "--objects", "1")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"A: {mock.url}, revision 8.1.3")
    assert "both say the same." in done.stdout
    assert mock.token() not in done.stdout


@pytest.mark.slow
def test_two_releases_differ_as_json_and_by_the_exit_code(mock: Mock) -> None:
    with serving(*SMALL, "8.0.9") as older:
        words = (mock.url, older.url, "--objects", "1", "--format", "json", "--other-token-env", "OTHER_TOKEN")
        done = compare(*words, OTHER_TOKEN=older.token())

    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == 1, done.stdout + done.stderr
    assert found["other"].startswith(f"{older.url}, revision 8.0.9")
    assert found["differences"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("http://127.0.0.1:9", "http://127.0.0.1:9"), "The target cannot be asked"),
        (("http://127.0.0.1:9/sub/", "http://127.0.0.1:9"), "has a path"),
        (("https://waldur.example.com", "http://127.0.0.1:9"), "A target needs a token"),
        (("http://127.0.0.1:9", "http://127.0.0.1:9", "--token-env", "NOT_SET"), "'NOT_SET' is not set"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    done = compare(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
