"""Servers in processes of their own: started for a measurement, and ended after it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.load import Answer, Connection, request

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "YOUR_API_TOKEN"
SECONDS_TO_START = 600.0
# Whoever starts a server a second time finds its modules compiled.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Server:
    """A server in a process of its own. `started` is how long it took to its first answer, in seconds."""

    pid: int
    port: int
    started: float

    def ask(self, path: str) -> bytes:
        """The body of the answer to GET."""
        return self.send(get(path)).body

    def read(self, path: str) -> Any:
        return json.loads(self.ask(path))

    def send(self, sent: bytes) -> Answer:
        """The answer to a request that is to succeed."""
        connection = Connection(self.port)
        answer = connection.ask(sent)
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status} for {sent!r}: {answer.body[:200]!r}")
        return answer


def floor() -> AbstractContextManager[Server]:
    """The bare server that sends ready bytes."""
    return running([sys.executable, "-m", "benchmarks.floor"], "/1")


def alone() -> AbstractContextManager[Server]:
    """The API without the control plane, on the default world."""
    return running([sys.executable, "-m", "benchmarks.alone"], "/api/invoices/")


def mock(*arguments: str, cache: Path | None = None) -> AbstractContextManager[Server]:
    """The mock on a world that the command line describes, with a cache folder of its own where one is given."""
    return running(
        [sys.executable, "-m", "waldur_billing_mock.mock_server", "serve", *arguments, "--port"],
        "/api/invoices/",
        environment={} if cache is None else {"XDG_CACHE_HOME": str(cache)},
    )


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], path: str, port: int | None = None, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """A server, from its first answer for the path until the block ends.

    Without a port, a free one is found and becomes the last word of the command.
    """
    line = list(command)
    if port is None:
        port = free_port()
        line.append(str(port))
    begun = time.perf_counter()
    process = subprocess.Popen(
        line, cwd=ROOT, env={**_ENVIRONMENT, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Server(process.pid, port, _first_answer(process, port, path, begun))
    finally:
        process.terminate()
        process.wait()


def _first_answer(process: subprocess.Popen[bytes], port: int, path: str, begun: float) -> float:
    while process.poll() is None and time.perf_counter() - begun < SECONDS_TO_START:
        try:
            connection = Connection(port)
            answer = connection.ask(get(path))
            connection.close()
        except ConnectionError:
            time.sleep(0.005)
            continue
        if answer.status == 503:  # a proxy whose servers have not been checked yet
            time.sleep(0.1)
            continue
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}: {answer.body[:200]!r}")
        return time.perf_counter() - begun
    raise RuntimeError(f"no answer on port {port}")


def get(path: str) -> bytes:
    return request("GET", path, TOKEN)
