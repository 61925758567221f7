"""A mock in a process of its own, started the way a user starts it.

As a command it lends such a mock to another one: `python -m tests.serving [OPTION ...] -- COMMAND ...` starts a mock
with the options of `serve`, replaces `{url}` and `{token}` (of a staff user) in the words of the command, runs it, ends
the mock and hands on the exit status.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
FROM_THE_CHECKOUT = (sys.executable, "-m", "waldur_billing_mock.mock_server")
SECONDS_TO_START = 30.0
SECONDS_TO_END = 10.0


@dataclass(frozen=True)
class Answer:
    """What a mock replied: the status, the headers with lower-case names, and the body as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Mock:
    """A running mock: `url` is scheme, host and port without a slash at the end, `pid` that of its process."""

    url: str
    pid: int

    def ask(self, method: str, path: str, token: str | None = None) -> Answer:
        """Send a request without a body; an answer of 400 or more raises `urllib.error.HTTPError`."""
        headers = {} if token is None else {"Authorization": f"Token {token}"}
        with urlopen(Request(self.url + path, method=method, headers=headers), timeout=30) as reply:
            return Answer(reply.status, {name.lower(): text for name, text in reply.headers.items()}, reply.read())

    def token(self, role: str = "staff") -> str:
        """The token of the first user of a role."""
        users: list[dict[str, str]] = json.loads(self.ask("GET", "/_mock/users").body)
        return next(user["token"] for user in users if user["role"] == role)

    def reset(self) -> None:
        """Bring the seeded world back."""
        self.ask("POST", "/_mock/reset")


@contextmanager
def serving(*arguments: str, program: Sequence[str] = FROM_THE_CHECKOUT, folder: Path = ROOT) -> Iterator[Mock]:
    """Start `program serve` on a free port in `folder`, wait for the address it prints, end it by its pid.

    A mock that ends by itself or prints no address raises `RuntimeError` with all that it said.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        process = started([*program, "serve", "--port", "0", *arguments], log, folder)
        try:
            yield Mock(address_said(process, log), process.pid)
        finally:
            end(process)


def started(command: Sequence[str], log: Path, folder: Path = ROOT) -> subprocess.Popen[bytes]:
    """A process that writes all it says to the file `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def address_said(process: subprocess.Popen[bytes], log: Path) -> str:
    """The first address on loopback that a process prints. Raises `RuntimeError` where it prints none."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if match := re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8")):
            return match[0]
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force where it does not end in time."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(arguments: Sequence[str]) -> int:
    """Run a command with a mock of its own and return its exit status. Raises `ValueError` without `--`."""
    end = arguments.index("--")
    options, command = arguments[:end], arguments[end + 1 :]
    with serving(*options) as mock:
        values = {"{url}": mock.url, "{token}": mock.token()}
        words = [re.sub(r"\{url\}|\{token\}", lambda match: values[match[0]], word) for word in command]
        return subprocess.run(words, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
