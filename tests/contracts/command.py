"""`waldur-contracts` in this process: what it says, what it writes and its exit code, without a start of Python."""

import os
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from waldur_billing_mock.contracts.__main__ import main


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def ended(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Runs a command to its end in a folder, with these variables besides those of this process."""
    out, err = StringIO(), StringIO()
    with chdir(folder), patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return Ended(code, out.getvalue(), err.getvalue())
