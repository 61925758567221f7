"""A mock that a test stops itself, and reads how it ended."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from tests.serving import FROM_THE_CHECKOUT, ROOT

_SECONDS: Final = 60
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Ended:
    """How a mock ended: its exit code, the seconds after the signal, and all that it said."""

    code: int
    seconds: float
    said: str


class Running:
    """A mock in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        self._process: Final = process
        self._output: Final = output

    def said(self) -> str:
        self._output.seek(0)
        return self._output.read().decode()

    @property
    def port(self) -> int:
        """Its port, once it listens."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := _ADDRESS.search(self.said()):
                return urlsplit(found[0]).port or 0
            time.sleep(0.02)
        raise AssertionError(f"the mock did not start: {self.said()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Sends a signal and waits for the end."""
        begun = time.monotonic()
        self._process.send_signal(number)
        return self.wait(begun)

    def wait(self, begun: float | None = None) -> Ended:
        begun = time.monotonic() if begun is None else begun
        code = self._process.wait(_SECONDS)
        return Ended(code, time.monotonic() - begun, self.said())


@contextmanager
def running(*options: str, environment: Mapping[str, str] | None = None, before: str = "") -> Iterator[Running]:
    """Starts a mock with the invoice of November; `before` are commands of a shell that limit it."""
    words = [*FROM_THE_CHECKOUT, "serve", "--scenario", "one-invoice", "--port", "0", "--quiet", *options]
    command = ["bash", "-c", f'{before}\nexec "$@"', "bash", *words] if before else words
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield Running(process, output)
        finally:
            process.kill()
            process.wait()


def written(path: Path) -> str:
    """The text of a file, empty where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
