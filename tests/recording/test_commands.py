"""`waldur-mock record`, run as a command against a mock on loopback."""

import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tests.serving import FROM_THE_CHECKOUT, ROOT, serving
from waldur_billing_mock.mock_server.world_file import load_file

SMALL = ("--customers", "4", "--months", "2", "--quiet")


def run(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FROM_THE_CHECKOUT, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mock_on_this_machine_is_recorded_without_a_token(tmp_path: Path) -> None:
    with serving(*SMALL, "--wire", "--revision", "8.1.3") as mock:
        done = run("record", mock.url, "--raw", "--yes", "-o", str(tmp_path / "world.yaml"))
        token = mock.token()

    assert done.returncode == 0, done.stderr
    assert "invoices.tax_percent" in done.stderr
    assert len(load_file(tmp_path / "world.yaml").invoices)
    assert token not in (tmp_path / "world.yaml").read_text(encoding="utf-8") + done.stderr


def test_a_recording_hides_what_is_private_unless_it_is_asked_not_to(tmp_path: Path) -> None:
    with serving(*SMALL, "--wire", "--revision", "8.1.3") as mock:
        done = run("record", mock.url, "-o", str(tmp_path / "world.yaml"), "--sample", "3")
        names = [row["name"] for row in json.loads(mock.ask("GET", "/api/customers/", mock.token()).body)]

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "world.yaml").read_text(encoding="utf-8") + done.stderr
    assert [name for name in names if name in text] == []


def test_raw_asks_first_and_reads_nothing_without_a_yes(tmp_path: Path) -> None:
    done = run("record", "http://127.0.0.1:9", "--raw", "-o", str(tmp_path / "world.yaml"), stdin="n\n")

    assert done.returncode == 2
    assert "Nothing was read" in done.stderr
    assert not (tmp_path / "world.yaml").exists()


def test_without_a_terminal_to_ask_nothing_is_read(tmp_path: Path) -> None:
    done = run("record", "http://127.0.0.1:9", "--raw", "-o", str(tmp_path / "world.yaml"))

    assert done.returncode == 2
    told = "there is no terminal to ask, so nothing was read; --yes answers the question."
    assert done.stderr.endswith(f"waldur-mock: {told}\n")


def test_amounts_are_scaled_and_what_was_replaced_is_written_down(tmp_path: Path) -> None:
    world, report, secret = (tmp_path / name for name in ("world.yaml", "report.json", "secret"))
    with serving(*SMALL, "--wire", "--revision", "8.1.3") as mock:
        words = ("--scale", "--report", str(report), "--secret-file", str(secret))
        done = run("record", mock.url, *words, "-o", str(world))
        rows = json.loads(mock.ask("GET", "/api/invoices/?page_size=300", mock.token()).body)

    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["scaled"] is True
    assert {"customers.name", "invoices.uuid", "users.token"} <= {row["field"] for row in found["fields"]}
    assert secret.stat().st_mode & 0o777 == 0o600
    with serving("--world", str(world), "--wire", "--revision", "8.1.3", "--quiet") as again:
        scaled = json.loads(again.ask("GET", "/api/invoices/?page_size=300", again.token()).body)
    totals = {row["number"]: Decimal(row["total"]) for row in rows}
    factors = {Decimal(row["total"]) / totals[row["number"]] for row in scaled if totals[row["number"]] > 100}
    assert len(scaled) == len(rows)
    assert max(factors) - min(factors) < Decimal("0.001")
    assert max(factors) != 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("http://127.0.0.1:9", "--token-env", "NOT_SET"), "NOT_SET"),
        (("http://127.0.0.1:9/admin/",), "has a path"),
        (("http://127.0.0.1:9",), "cannot be asked"),
    ],
)
def test_what_cannot_be_recorded_is_said_in_a_sentence(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run("record", *words, "--raw", "--yes", "-o", str(tmp_path / "world.yaml"))

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
