"""`waldur-contracts` against a server on loopback; a process of its own where its environment or its end matters."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
import yaml
from starlette.types import ASGIApp

from tests.contracts.command import Ended, ended
from tests.mutants.defects import DEFECTS
from tests.serving import ROOT
from tests.wrapping.proxy import Plant, Proxy, Response, Server
from tests.wrapping.proxy import Request as Asked
from tests.wrapping.serving_app import serving
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.mock_server.app import create_default_app

DEFECT: Final = "due-date-off-by-a-day"
DUE: Final = "invariants/invoices_list/an_invoice_is_due_30_days_after_its_date"
FEW: Final = ("--only", "invariants/invoices_list", "--only", "conventions/page_sizes_are_bounded/invoices_list")


@dataclass(frozen=True)
class Command:
    """The command line for a server, run in a folder."""

    url: str
    folder: Path

    def words(self, *more: str) -> list[str]:
        """The words of a run: the mock lends its tokens."""
        return ["--target", self.url, "--profile", "quick", *more]

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run a command to its end: in this process, or in one of its own that gets an environment."""
        if environment is None:
            return ended(words, self.folder, {"TOKEN": STAFF_TOKEN})
        process = self.start(*words, environment=environment)
        out, err = process.communicate(timeout=240)
        return Ended(process.returncode, out, err)

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "waldur_billing_mock.contracts", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TOKEN": STAFF_TOKEN, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def invoices(self) -> bytes:
        """The invoices as the server shows them now."""
        address = f"{self.url}/api/invoices/?page_size=300"
        body: bytes = urlopen(Request(address, headers={"Authorization": f"Token {STAFF_TOKEN}"}), timeout=60).read()
        return body

    def report(self, name: str = "report.json") -> dict[str, Any]:
        """A JSON report that a run wrote."""
        found: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return found


@contextmanager
def commanding(app: ASGIApp, folder: Path) -> Iterator[Command]:
    """Serve an application, and give the command line for it."""
    with serving(app) as url:
        yield Command(url, folder)


def wire() -> ASGIApp:
    return create_default_app(wire=True)


@pytest.fixture
def healthy(tmp_path: Path) -> Iterator[Command]:
    """The command line for a server without a defect."""
    with commanding(wire(), tmp_path) as command:
        yield command


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Command]:
    """The command line for a server whose invoices are due a day late."""
    with commanding(DEFECTS[DEFECT].wrap(wire()), tmp_path) as command:
        yield command


def test_a_run_that_was_stopped_goes_on_where_it_ended(healthy: Command) -> None:
    words = healthy.words(*FEW, "--resume", "run.jsonl", "--json", "report.json")

    stopped = healthy.run(*words, "--budget", "45")
    judged_before = {one["id"] for one in healthy.report()["results"] if one["outcome"] != "not exercised"}
    whole = healthy.run(*words)

    assert (stopped.code, whole.code) == (2, 0), stopped.err + whole.err
    assert "kept in run.jsonl; the same command goes on from there" in stopped.out
    assert "run.jsonl" not in whole.out
    assert judged_before
    assert not any("budget" in one["reason"] for one in healthy.report()["results"])
    assert judged_before <= {one["id"] for one in healthy.report()["results"]}
    assert not (healthy.folder / "run.jsonl").exists()


def test_shards_merge_into_the_report_of_the_whole(healthy: Command) -> None:
    for shard in ("1", "2"):
        assert healthy.run(*healthy.words(*FEW, "--shard", f"{shard}/2", "--json", f"{shard}.json")).code == 0
    assert healthy.run(*healthy.words(*FEW, "--json", "whole.json")).code == 0

    merged = healthy.run("merge", "1.json", "2.json", "--json", "all.json", "--junit", "all.xml", "--html", "all.html")

    assert merged.code == 0, merged.err
    ids = {name: {one["id"] for one in healthy.report(name)["results"]} for name in ("whole.json", "all.json")}
    assert ids["all.json"] == ids["whole.json"]
    assert "<testsuite" in (healthy.folder / "all.xml").read_text(encoding="utf-8")
    assert "<html" in (healthy.folder / "all.html").read_text(encoding="utf-8")


def test_two_runs_are_compared_and_what_is_broken_becomes_tickets(broken: Command) -> None:
    whole = broken.run(*broken.words("--only", DUE, "--json", "old.json"))
    words = broken.words("--only", DUE, "--compare", "old.json", "--tickets", "tickets", "--ticket", DUE)
    again = broken.run(*words)
    with commanding(wire(), broken.folder) as mended:
        gone = mended.run(*mended.words("--only", DUE, "--compare", "old.json"))

    assert (whole.code, again.code, gone.code) == (1, 1, 0)
    assert "0 new, 0 gone, 1 the same" in again.out
    assert "gone: broken: the due date and 30 days after the invoice date must agree" in gone.out
    (ticket,) = (broken.folder / "tickets").iterdir()
    text = ticket.read_text(encoding="utf-8")
    assert text.startswith("# the due date and 30 days after the invoice date must agree")
    assert "An invoice with a date is due 30 days later" in text
    assert text.strip() in again.out


def test_a_baseline_accepts_what_is_broken_until_its_day(broken: Command) -> None:
    words = broken.words("--only", DUE, "--json", "report.json")
    assert broken.run(*words, "--write-baseline", "accepted.yaml").code == 1

    accepted = broken.run(*words, "--baseline", "accepted.yaml")
    outcomes = [one["outcome"] for one in broken.report()["results"]]
    path = broken.folder / "accepted.yaml"
    path.write_text(re.sub(r"expires: .*", "expires: 2020-01-01", path.read_text(encoding="utf-8")), encoding="utf-8")
    expired = broken.run(*words, "--baseline", "accepted.yaml")

    assert accepted.code == 0, accepted.out
    assert outcomes == ["accepted"]
    assert expired.code == 1
    assert "expired" in expired.out
    assert yaml.safe_load(path.read_text(encoding="utf-8"))[0]["what"].startswith("the due date")


def test_what_a_killed_run_has_left_is_undone_by_its_ledger(tmp_path: Path) -> None:
    written, go_on = threading.Event(), threading.Event()
    app = wire()

    def make() -> Plant:
        async def plant(request: Asked, server: Server) -> Response:
            response = await server.ask(request)
            if request.method == "POST" and request.path.endswith("/set_backend_id/") and not go_on.is_set():
                written.set()
                await asyncio.to_thread(go_on.wait)
            return response

        return plant

    with commanding(Proxy(app, make), tmp_path) as command:
        before = command.invoices()
        words = command.words("--allow-writes", "127.0.0.1", "--write-invoice", "any", "--ledger", "run.ledger")
        process = command.start(*words, "--token-env", "TOKEN", "--only", "invariants/invoices_set_backend_id/a_text")
        try:
            assert written.wait(120)
        finally:
            process.kill()
            process.communicate()
            go_on.set()
        left = command.invoices()
        undone = command.run("undo", "run.ledger", "--token-env", "TOKEN")
        after = command.invoices()

    assert undone.code == 0, undone.out + undone.err
    assert "1 of 1 changes were undone" in undone.out
    assert left != before
    assert after == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scenario", "nope"), "nope"),
        (("--target", "http://127.0.0.1:9", "--token-env", "TOKEN"), "cannot be asked"),
        (("--only", "nonsense"), "no check's id begins so"),
        (("upgrade", "--from", "1.0", "--to", "latest"), "There is no revision '1.0'"),
    ],
)
def test_what_cannot_be_judged_ends_with_2_and_one_sentence(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    ended = Command("", tmp_path).run(*words)

    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.out + ended.err


def test_the_environment_of_pytest_decides_nothing(healthy: Command) -> None:
    words = healthy.words(*FEW, "--json", "report.json")

    ended = healthy.run(*words, environment={"PYTEST_ADDOPTS": "-k nothing -n 2"})

    assert ended.code == 0
    assert len(healthy.report()["results"]) > 5


def test_schemathesis_makes_the_checks_of_the_hooks(tmp_path: Path) -> None:
    with commanding(DEFECTS[DEFECT].wrap(create_default_app()), tmp_path) as command:
        schema = f"{command.url}/_mock/openapi.json"
        words = ["run", schema, "--url", command.url, "--header", f"Authorization: Token {STAFF_TOKEN}"]
        words += ["--include-operation-id", "invoices_retrieve", "--max-examples", "2", "--phases", "examples,fuzzing"]
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("st")), *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "waldur_billing_mock.contracts.hooks"},
            capture_output=True,
            text=True,
            timeout=240,
        )

    assert ended.returncode == 1, ended.stdout[-2_000:] + ended.stderr[-2_000:]
    assert "the due date and 30 days after the invoice date" in ended.stdout
