"""The commands that an installation has, for tests that run what documents and pipelines say."""

import shlex
import sys
from pathlib import Path
from typing import Final

PROGRAMS: Final = {
    "python": "",
    "waldur-mock": "-m waldur_billing_mock.mock_server",
    "waldur-contracts": "-m waldur_billing_mock.contracts",
}


def installed(folder: Path) -> Path:
    """The folder, made, with the commands in it. They need the checkout in `PYTHONPATH`."""
    folder.mkdir()
    for name, words in PROGRAMS.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
    return folder
