"""The suite leaves nothing in the folder in which it is started."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.serving import ROOT

SCRIPT: Final = """
import sys
from dataclasses import replace
from waldur_billing_mock.contracts import options, settings
from waldur_billing_mock.contracts.__main__ import main

options.PROFILES = {"quick": replace(settings.PROFILES["quick"], examples=1)}
sys.exit(main(["--profile", "quick", "--only", "shapes/invoices_list"]))
"""
"""The command, which generates one request for each of Schemathesis' questions."""


def test_a_run_leaves_no_file_behind(tmp_path: Path) -> None:
    """Hypothesis, which Schemathesis works with, writes to the current folder where nobody tells it otherwise."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": os.environ.get("HOME", str(tmp_path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (ended.returncode, list(tmp_path.iterdir())) == (0, []), ended.stdout + ended.stderr
