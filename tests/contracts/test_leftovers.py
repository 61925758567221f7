"""The suite leaves nothing in the folder in which it is started."""

import subprocess
import sys
from pathlib import Path

from tests.serving import ROOT


def test_a_run_leaves_no_file_behind(tmp_path: Path) -> None:
    """Hypothesis, which Schemathesis works with, writes to the current folder where nobody tells it otherwise."""
    ended = subprocess.run(
        [sys.executable, "-m", "waldur_billing_mock.contracts", "--profile", "quick", "--only", "shapes/invoices_list"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (ended.returncode, list(tmp_path.iterdir())) == (0, []), ended.stdout + ended.stderr
