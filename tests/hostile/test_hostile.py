"""Whatever a target does: the run ends in time, with the right exit code, and tells nobody the token.

All targets are run by `make hostile`, one of each kind here.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from tests.hostile.attack import TOKEN
from tests.hostile.listener import listening
from tests.hostile.raw import RAW
from tests.hostile.run import main
from tests.hostile.targets import TARGETS, attacked
from tests.serving import ROOT

KINDS: Final = (
    *("dies", "hangs", "no-http", "html-not-found", "redirect-elsewhere", "unavailable-a-year", "unauthorized"),
    *("uuids-that-are-paths-with-writes", "count-of-a-thousand-million", "token-echoed", "escape-codes"),
)


@pytest.mark.parametrize("name", KINDS)
def test_a_hostile_target_does_no_harm(name: str, tmp_path: Path) -> None:
    outcome = attacked(name, tmp_path)

    assert outcome.faults == (), outcome.run.terminal[-2_000:]


def test_the_token_stands_in_no_list_of_processes(tmp_path: Path) -> None:
    with listening(RAW["hangs"]) as target:
        command = [sys.executable, "-m", "waldur_billing_mock.contracts", "--target", target.url, "--timeout", "20"]
        environment = {"HOSTILE_TOKEN": TOKEN, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([*command, "--token-env", "HOSTILE_TOKEN"], cwd=tmp_path, env=environment)
        try:
            while not target.asked and process.poll() is None:
                time.sleep(0.05)
            seen = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait()

    assert "--token-env" in seen
    assert TOKEN not in seen


def test_an_unknown_target_is_refused_with_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--only", "no-such-target"])

    assert code == 2
    assert f"there are {TARGETS[0]}" in capsys.readouterr().err
