"""A proxy in a process of its own, started the way a user starts it, and what it says at its end.

As a command it lends a proxy to another one: `python -m tests.proxy.running URL [OPTION ...] -- COMMAND ...` starts a
proxy before the server, replaces `{proxy}` in the words of the command, runs it, and prints what the proxy has found.
"""

import gzip
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.serving import FROM_THE_CHECKOUT, ROOT, address_said, end, started

SECONDS_TO_END: Final = 60.0


@dataclass
class Running:
    """A running proxy. `said` and `exit_code` are known after `stop`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    said: str = ""
    exit_code: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self,
        path: str,
        token: str = "",
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        sent = {"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})}
        if token:
            sent["Authorization"] = f"Token {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            with urlopen(Request(self.url + path, body, sent, method=method), timeout=60) as reply:
                self.headers = {name.lower(): value for name, value in reply.headers.items()}
                content = reply.read()
                packed = content and self.headers.get("content-encoding") == "gzip"
                return reply.status, gzip.decompress(content) if packed else content
        except urllib.error.HTTPError as error:
            self.headers = {name.lower(): value for name, value in error.headers.items()}
            return error.code, error.read()

    def found(self) -> dict[str, Any]:
        """What the proxy shows of itself."""
        content: dict[str, Any] = json.loads(self.ask("/_mock/proxy.json")[1])
        return content

    def found_when_judged(self) -> dict[str, Any]:
        """The same, when nothing waits to be judged."""
        deadline = time.monotonic() + SECONDS_TO_END
        while (content := self.found())["counts"]["waiting"]:
            assert time.monotonic() < deadline, content
            time.sleep(0.05)
        return content

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """Ctrl-C, or another signal: the proxy judges what is left, and says what it has found."""
        self.process.send_signal(by)
        self.exit_code = self.process.wait(SECONDS_TO_END)
        self.said = self.log.read_text(encoding="utf-8").partition("Ctrl-C stops it.")[2]


@contextmanager
def proxying(target: str, *options: str, folder: Path = ROOT) -> Iterator[Running]:
    """Start a proxy before a server on a free port."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        words = [*FROM_THE_CHECKOUT, "proxy", target, "--port", "0", *options]
        process = started(words, log, folder)
        try:
            yield Running(address_said(process, log), process, log)
        finally:
            end(process)


def main(arguments: Sequence[str]) -> int:
    """Run a command with a proxy of its own; the worse of both exit statuses. Raises `ValueError` without `--`."""
    place = arguments.index("--")
    (target, *options), command = arguments[:place], arguments[place + 1 :]
    with proxying(target, *options) as proxy:
        code = subprocess.run([word.replace("{proxy}", proxy.url) for word in command], check=False).returncode
        proxy.stop()
    print(proxy.said)
    return max(code, proxy.exit_code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
