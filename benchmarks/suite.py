"""How long the contract suite takes to test the mock in process."""

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.measuring import Line
from benchmarks.servers import ROOT


def suite() -> Iterator[Line]:
    """All rows of this part. A suite that finds a broken contract is not measured."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "waldur_billing_mock.contracts", "--profile", "quick"]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - begun
    yield Line("the contract suite, profile quick, in process", f"{seconds:.0f} s", "< 30 s", seconds < 30)
