"""Several mocks behind HAProxy: a session stays on one of them, however it is named."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from benchmarks import cluster
from tests.serving import ROOT

DEPLOY: Final = ROOT / "deploy"
SESSIONS: Final = 60
MANY: Final = 1000


def rules(name: str) -> list[str]:
    """What a configuration says about sessions and health."""
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    words = ("http-request", "balance", "hash-type", "option httpchk", "http-check", "default-server")
    return [line.strip() for line in lines if line.strip().startswith(words)]


def test_containers_and_processes_are_told_apart_by_the_same_rules() -> None:
    assert rules("haproxy.cfg") == rules("compose-haproxy.cfg")
    assert len(rules("haproxy.cfg")) == 10


def test_without_haproxy_the_target_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *arguments, **options: None)

    assert cluster.main(["--sessions", "1"]) == 1
    assert "apt-get install haproxy" in capsys.readouterr().err


def test_the_configuration_names_the_mocks_that_run() -> None:
    text = cluster.configured([5001, 5002, 5003], 5000)

    servers = re.findall(r"^ +server (\S+) (\S+)", text, re.MULTILINE)
    assert servers == [(f"mock-{n}", f"127.0.0.1:500{n}") for n in (1, 2, 3)]
    assert "bind 127.0.0.1:5000\n" in text


@pytest.mark.slow
def test_sessions_keep_their_state_over_several_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where HAProxy is missing, nothing but the message can be tested, which is done above."""
    program = cluster.haproxy()
    if program is None:
        assert cluster.main(["--sessions", "1"]) == 1
        return
    file = tmp_path / "haproxy.cfg"
    file.write_text((DEPLOY / "haproxy.cfg").read_text(encoding="utf-8"), encoding="utf-8")
    checked = subprocess.run([program, "-c", "-f", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr

    with cluster.cluster(2) as found:
        assert cluster.lost(found.proxy.port, SESSIONS) == []
        counts = cluster.spread(found)
        assert sum(counts) == SESSIONS
        assert min(counts) > 0
        # What is about a session goes to the mock that has it.
        assert found.proxy.read("/_mock/sessions/s7")["id"] == "s7"
        # Without a session, all share one world.
        assert len({found.proxy.ask("/_mock/world") for _ in range(4)}) == 1


@pytest.mark.slow
def test_many_sessions_keep_their_state_over_four_processes(capsys: pytest.CaptureFixture[str]) -> None:
    """With the throughput beside that of one process.

    Where HAProxy is missing, the message says so.
    """
    if cluster.haproxy() is None:
        assert cluster.main(["--sessions", "1"]) == 1
        return

    assert cluster.main(["--workers", "4", "--sessions", str(MANY), "--seconds", "0.5"]) == 0

    said = capsys.readouterr().out
    counts = re.search(rf"{MANY} of {MANY} sessions have what was written in them; on each mock are (.+)$", said, re.M)
    assert counts is not None, said
    shares = [int(count) for count in counts[1].split(", ")]
    assert len(shares) == 4
    assert sum(shares) == MANY
    assert min(shares) > MANY / 10
    assert re.search(r"ten invoices: [0-9]+ a second by 4 mocks and the proxy, [0-9]+ by one mock alone", said)
