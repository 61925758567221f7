"""Other mocks that people would use: installed into a folder of their own, and fed with what the mock knows."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.load import resident_bytes
from benchmarks.measuring import Line, Workload, compared, medians, reading
from benchmarks.servers import ROOT, Server, mock, running

FOLDER = ROOT / "benchmarks" / ".peers"
RELEASES: Mapping[str, str] = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))
QUESTIONS = 400

_ROWS: Sequence[tuple[str, str, float, bool]] = (
    ("Prism, static", "/api/invoices/", 4.0, True),
    ("Prism, dynamic", "/api/invoices/", 4.0, True),
    ("Mockoon", "/api/invoices/", 20.0, True),
    ("json-server", "/invoices?_page=1&_per_page=10", 1.0, False),
)
"""A peer, the path under which it lists invoices, and the least multiple; whether start and memory have a target."""


def peers() -> Iterator[Line]:
    """All rows of this part: the mock's list of ten invoices, new questions in turn, against the lists of others."""
    try:
        node = _installed()
    except (OSError, subprocess.CalledProcessError) as error:
        yield Line(f"peers: npm cannot install them ({error})", "-", "-", None)
        return
    pages = [f"/api/invoices/?page_size=10&n={number}" for number in range(QUESTIONS)]
    with mock() as ours:
        files = _files(ours)
        for name, path, least, ahead in _ROWS:
            with running([node, *_command(name, files)], path) as peer:
                yield from _against(name, reading(ours, pages), reading(peer, [path]), least)
                if ahead:
                    yield _ahead(f"start-up, against {name}", ours.started * 1e3, peer.started * 1e3, "ms")
                    yield _ahead(
                        f"memory, against {name}", resident_bytes(ours.pid) / 1e6, resident_bytes(peer.pid) / 1e6, "MB"
                    )


def _against(name: str, own: Workload, other: Workload, least: float) -> Iterator[Line]:
    seconds, theirs = medians(compared(own, other))
    figure = f"{theirs / seconds:.1f} × ({theirs * 1e6:.0f} µs / {seconds * 1e6:.0f} µs)"
    yield Line(f"requests for the same CPU time, against {name}", figure, f"≥ {least:.0f} ×", theirs >= least * seconds)


def _ahead(work: str, own: float, theirs: float, unit: str) -> Line:
    return Line(work, f"{own:.0f} {unit}, the other {theirs:.0f} {unit}", "ahead", own < theirs)


def _installed() -> str:
    """Where node is. The peers of the wanted releases are there afterwards, without a lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise FileNotFoundError("node or npm is not on the PATH")
    FOLDER.mkdir(exist_ok=True)
    wanted = FOLDER / "package.json"
    text = json.dumps({"private": True, "dependencies": RELEASES})
    if not wanted.exists() or wanted.read_text(encoding="utf-8") != text:
        wanted.write_text(text, encoding="utf-8")
        try:
            subprocess.run(
                [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True
            )
        except subprocess.CalledProcessError:
            wanted.unlink()
            raise
    return node


def _files(ours: Server) -> Mapping[str, str]:
    """The bundled description, and the mock's own lists as the database that json-server reads."""
    description, database = FOLDER / "openapi.json", FOLDER / "db.json"
    command = [sys.executable, "-m", "waldur_billing_mock.mock_server", "spec", "--format", "json"]
    description.write_bytes(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    lists = {name: ours.read(f"/api/{name}/?page_size=300") for name in ("invoices", "invoice-items")}
    database.write_text(json.dumps(lists), encoding="utf-8")
    return {"description": str(description), "database": str(database)}


def _command(name: str, files: Mapping[str, str]) -> list[str]:
    """What node runs; the port comes last."""
    modules = FOLDER / "node_modules"
    prism = [str(modules / "@stoplight/prism-cli/dist/index.js"), "mock", files["description"], "-v", "fatal"]
    match name:
        case "Prism, static":
            return [*prism, "-p"]
        case "Prism, dynamic":
            return [*prism, "-d", "-p"]
        case "Mockoon":
            quiet = ["--disable-log-to-file", "--disable-admin-api", "--hostname", "127.0.0.1"]
            return [str(modules / "@mockoon/cli/bin/run.js"), "start", "-d", files["description"], *quiet, "-p"]
    return [str(modules / "json-server/lib/bin.js"), files["database"], "-h", "127.0.0.1", "-p"]
