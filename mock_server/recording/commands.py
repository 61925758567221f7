"""`waldur-mock record` and `waldur-mock anonymize`: options in, files and words out."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from waldur_billing_mock.contracts.options import server_address, token
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import Target, open_target
from waldur_billing_mock.contracts.values import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.recording.gathering import Bounds
from waldur_billing_mock.mock_server.recording.progress import Progress
from waldur_billing_mock.mock_server.recording.reading import ResumeFile
from waldur_billing_mock.mock_server.recording.recorder import Recording, record
from waldur_billing_mock.mock_server.world_file import write

Ask = Callable[[str], str]
"""Asks whoever runs the command, and returns the answer."""
_YES: Final = ("y", "yes")


def run_record(options: argparse.Namespace, environment: Mapping[str, str], now: datetime, ask: Ask) -> None:
    """Records a server. Raises `Unusable` or `WorldFileError`."""
    redact = Redactor()
    if options.token_env is not None:
        redact = Redactor([token("--token-env", options.token_env, environment)])
    try:
        _record(options, environment, now, ask)
    except Unusable as error:
        raise Unusable(redact(str(error))) from None


def _record(options: argparse.Namespace, environment: Mapping[str, str], now: datetime, ask: Ask) -> None:
    _must_be_writable(options.output)
    if not options.raw:
        raise Unusable("Pseudonyms are not made yet; give --raw to record what is private as it is.")
    if options.raw and not options.yes and not _agreed(ask, options.url):
        raise Unusable("Nothing was read. Leave out --raw to record pseudonyms.")
    settings = Settings(
        target=server_address(options.url, "the address"),
        token=token("--token-env", options.token_env, environment) if options.token_env is not None else "",
        rate=options.rate_limit,
        timeout=options.timeout,
        max_time=float("inf"),
        authority=options.ca,
    )
    bounds = Bounds(_month(options.since), tuple(dict.fromkeys(options.customer)), options.sample)
    resume = None
    if options.resume is not None:
        resume = ResumeFile(options.resume, {"target": settings.target, "bounds": _words(bounds)})
        if len(resume):
            _tell(sys.stderr, f"going on from {options.resume}, which holds {len(resume)} answers")
    target = open_target(settings)
    try:
        recording = _read(target, now, bounds, resume, settings.requests_a_second, quiet=options.quiet)
    finally:
        target.close()
    _write(recording, options)
    if resume is not None:
        resume.finish()


def _read(
    target: Target, now: datetime, bounds: Bounds, resume: ResumeFile | None, rate: float, *, quiet: bool
) -> Recording:
    if quiet:
        return record(target, now, bounds, resume=resume)
    progress = Progress(sys.stderr, time.monotonic, rate)
    target.guard.waiting = progress.waiting
    try:
        return record(target, now, bounds, resume=resume, step=progress.step, told=progress.sent)
    finally:
        progress.end()


def _write(recording: Recording, options: argparse.Namespace) -> None:
    world = recording.world()
    _tell(sys.stderr, f"revision {recording.revision.name}: {recording.revision.how}")
    for line in recording.notes.lines():
        _tell(sys.stderr, line)
    write(world, options.output)
    _tell_written(world, options.output)


def _agreed(ask: Ask, url: str) -> bool:
    question = f"--raw writes names, addresses and bank accounts of {url} to the file as they are. Go on? [y/N] "
    return ask(question).strip().lower() in _YES


def _must_be_writable(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise Unusable(f"--output {path}: no file can be written there; use a file in a folder that exists.")


def _month(text: str | None) -> Month | None:
    return None if text is None else Month(int(text[:4]), int(text[5:]))


def _words(bounds: Bounds) -> str:
    since = str(bounds.since) if bounds.since else ""
    return f"since={since} customers={','.join(bounds.customers)} sample={bounds.sample or ''}"


def _tell_written(world: World, path: Path) -> None:
    _tell(
        sys.stderr,
        f"{path}: {len(world.customers)} customers, {len(world.invoices)} invoices, {len(world.invoice_items)} invoice "
        f"items; serve them by `waldur-mock serve --world {path}`",
    )


def _tell(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
