"""`make cluster`: several mocks behind HAProxy on this machine, until Ctrl-C. A session stays on one of them.

With `--sessions N` it writes in so many sessions, shows that each keeps what was written, compares the throughput with
that of one mock, and ends.
"""

import argparse
import json
import re
import select
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load import CONNECTIONS, Connection, in_session, request
from benchmarks.servers import ROOT, TOKEN, Server, free_port, mock, running

CONFIGURATION: Final = ROOT / "deploy" / "haproxy.cfg"
INVOICE: Final = "/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
SECONDS: Final = 3.0
MEASURED: Final = 100
"""In so many sessions the throughput is measured, each of which has answered before."""
_MISSING: Final = (
    "make cluster needs HAProxy 2.6 or newer, and there is no haproxy on this machine. "
    "On Debian: apt-get install haproxy. In containers: docs/how-to/containers.md."
)


class NoHaproxy(Exception):
    """HAProxy is not installed."""


@dataclass(frozen=True)
class Cluster:
    """A proxy, and the mocks behind it."""

    proxy: Server
    mocks: Sequence[Server]


def main(words: Sequence[str] | None = None) -> int:
    """Returns 1 where HAProxy is missing, or a session has lost what was written."""
    parser = argparse.ArgumentParser(prog="benchmarks.cluster", description=__doc__)
    parser.add_argument("--workers", type=int, default=4, help="how many mocks (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="of the proxy; 0 picks a free one (default: %(default)s)")
    parser.add_argument("--sessions", type=int, default=0, help="write in so many sessions, compare, and end")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each throughput is measured")
    options = parser.parse_args(words)
    try:
        with cluster(options.workers, options.port) as found:
            address = f"http://127.0.0.1:{found.proxy.port}"
            print(f"{options.workers} mocks behind HAProxy at {address}/api/ (token {TOKEN})", flush=True)
            if not options.sessions:
                print("Ctrl-C stops all of them.", flush=True)
                threading.Event().wait()
            return _measure(found, options.sessions, options.seconds)
    except NoHaproxy:
        print(_MISSING, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


@contextmanager
def cluster(workers: int, port: int = 0) -> Iterator[Cluster]:
    """Mocks behind HAProxy, until the block ends. Raises `NoHaproxy`."""
    program = haproxy()
    if program is None:
        raise NoHaproxy
    with ExitStack() as stack:
        mocks = [stack.enter_context(mock("--quiet")) for _ in range(workers)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = port or free_port()
        file = folder / "haproxy.cfg"
        file.write_text(configured([server.port for server in mocks], port), encoding="utf-8")
        proxy = stack.enter_context(running([program, "-db", "-f", str(file)], "/api/invoices/", port))
        yield Cluster(proxy, mocks)


def configured(ports: Sequence[int], port: int) -> str:
    """The configuration of `deploy/` for mocks on these ports, with the proxy on another."""
    text = CONFIGURATION.read_text(encoding="utf-8").replace("bind 127.0.0.1:8080", f"bind 127.0.0.1:{port}")
    lines = [line for line in text.splitlines() if not re.match(r" +server ", line)]
    lines += [f"    server mock-{number} 127.0.0.1:{port}" for number, port in enumerate(ports, 1)]
    return "\n".join([*lines, ""])


def haproxy() -> str | None:
    """The program, which Debian puts where only root looks."""
    return shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")


def lost(port: int, sessions: int) -> list[str]:
    """Writes a value of its own in each session, and returns the sessions that do not have theirs afterwards.

    A session is named by header, by token and by parameter in turn.
    """
    ids = [f"s{number}" for number in range(sessions)]
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    for number, id in enumerate(ids):
        body = json.dumps({"reference_number": id}).encode()
        sent = in_session(request("POST", f"{INVOICE}set_reference_number/", TOKEN, body), id)
        answer = connections[number % CONNECTIONS].ask(sent)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for a write in {id}: {answer.body[:200]!r}")
    found = []
    for number, id in enumerate(ids):
        ways = (
            in_session(request("GET", INVOICE, TOKEN), id),
            request("GET", INVOICE, f"{id}.{TOKEN}"),
            request("GET", f"{INVOICE}?mock_session={id}", TOKEN),
        )
        answer = connections[(number + 1) % CONNECTIONS].ask(ways[number % len(ways)])
        if answer.status != 200 or json.loads(answer.body)["reference_number"] != id:
            found.append(id)
    for connection in connections:
        connection.close()
    return found


def spread(found: Cluster) -> list[int]:
    """How many sessions each mock has, besides its main one."""
    return [len(server.read("/_mock/sessions")) - 1 for server in found.mocks]


def throughput(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """Answers a second, where each of some connections asks again as soon as it has been answered.

    Each request is sent once before.
    """
    warming = Connection(port)
    for each in requests:
        warming.ask(each)
    warming.close()
    open_ones = [Connection(port) for _ in range(2 * CONNECTIONS)]
    by_file = {connection.fileno(): connection for connection in open_ones}
    poller = select.epoll()
    for number, connection in enumerate(open_ones):
        poller.register(connection.fileno(), select.EPOLLIN)
        connection.send(requests[number % len(requests)])
    sent, answered, begun = len(open_ones), 0, time.perf_counter()
    while time.perf_counter() - begun < seconds or not answered:
        for file, _ in poller.poll():
            answer = by_file[file].receive()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {answer.body[:200]!r}")
            answered += 1
            by_file[file].send(requests[sent % len(requests)])
            sent += 1
    elapsed = time.perf_counter() - begun
    poller.close()
    for connection in open_ones:
        connection.close()
    return answered / elapsed


def _measure(found: Cluster, sessions: int, seconds: float) -> int:
    missing = lost(found.proxy.port, sessions)
    counts = ", ".join(map(str, spread(found)))
    print(f"{sessions - len(missing)} of {sessions} sessions have what was written in them; on each mock are {counts}")
    requests = [
        in_session(request("GET", f"/api/invoices/?page_size=10&page={number % 13 + 1}", TOKEN), f"s{number}")
        for number in range(min(sessions, MEASURED))
    ]
    together, workers = throughput(found.proxy.port, requests, seconds), len(found.mocks)
    with mock("--quiet") as one:
        alone = throughput(one.port, requests, seconds)
    print(f"ten invoices: {together:.0f} a second by {workers} mocks and the proxy, {alone:.0f} by one mock alone")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
