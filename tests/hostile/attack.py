"""Runs the suite on a target, in a process and a folder of its own, and reads everything that it wrote."""

import hashlib
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from waldur_billing_mock.contracts.__main__ import main

TOKEN: Final = hashlib.sha1(b"hostile", usedforsecurity=False).hexdigest()
"""The token of the run, which must stand nowhere."""
OWNER: Final = hashlib.sha1(b"hostile owner", usedforsecurity=False).hexdigest()
"""The token of a second role."""
REPORTS: Final = ("html", "json", "junit", "markdown", "sarif")
UNFINISHED: Final = -1
MEMORY: Final = 1_500_000_000
"""The bytes of address space that a run may take beyond what the process has when it starts."""


@dataclass(frozen=True)
class Run:
    """What came of a run. `texts` holds what it wrote, by `stdout`, `stderr` and the names of files."""

    exit_code: int
    seconds: float
    texts: Mapping[str, str]

    @property
    def terminal(self) -> str:
        return self.texts.get("stdout", "") + self.texts.get("stderr", "")


def attack(url: str, folder: Path, seconds: float, *more: str) -> Run:
    """One run against a target that is given at most so many seconds."""
    arguments = ["--target", url, "--token-env", "HOSTILE_TOKEN", "--role-token", "owner=HOSTILE_OWNER"]
    arguments += ["--profile", "quick", "--rate-limit", "0", "--timeout", "1", *more]
    for name in REPORTS:
        arguments += [f"--{name}", str(folder / f"report.{name}")]
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile.attack"])
    process = context.Process(target=_run, args=(arguments, str(folder)))
    started = time.monotonic()
    process.start()
    process.join(seconds)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    files = {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}
    texts = {name: path.read_bytes().decode("utf-8", "backslashreplace") for name, path in files.items()}
    return Run(UNFINISHED if code is None else code, time.monotonic() - started, texts)


def _run(arguments: Sequence[str], folder: str) -> None:
    """The command line in a fresh process, its output in files."""
    os.chdir(folder)
    os.environ.update(HOSTILE_TOKEN=TOKEN, HOSTILE_OWNER=OWNER, NO_PROXY="*")
    limit = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for name, number in (("stdout", 1), ("stderr", 2)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    sys.exit(main(arguments))


def _address_space() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()
