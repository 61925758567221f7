"""`waldur-mock record` and `waldur-mock anonymize`: options in, files and words out."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final, TextIO

from waldur_billing_mock.contracts.options import server_address, token
from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.settings import Settings, Unusable
from waldur_billing_mock.contracts.target import Target, open_target
from waldur_billing_mock.contracts.values import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.recording.anonymizing import Replaced, anonymize
from waldur_billing_mock.mock_server.recording.gathering import Bounds
from waldur_billing_mock.mock_server.recording.progress import Progress
from waldur_billing_mock.mock_server.recording.reading import ResumeFile
from waldur_billing_mock.mock_server.recording.recorder import Recording, load_content, record
from waldur_billing_mock.mock_server.recording.scaling import scaled
from waldur_billing_mock.mock_server.world_file import dump, load_file, write
from waldur_billing_mock.mock_server.world_text import WorldText

Ask = Callable[[str], str]
"""Asks whoever runs the command, and returns the answer."""
_YES: Final = ("y", "yes")
_LEAST_SECRET: Final = 16


def run_record(
    options: argparse.Namespace, environment: Mapping[str, str], now: datetime, ask: Ask, secret: bytes
) -> None:
    """Records a server. `secret` is one by chance. Raises `Unusable` or `WorldFileError`."""
    redact = Redactor()
    if options.token_env is not None:
        redact = Redactor([token("--token-env", options.token_env, environment)])
    try:
        _record(options, environment, now, ask, secret)
    except Unusable as error:
        raise Unusable(redact(str(error))) from None


def _record(
    options: argparse.Namespace, environment: Mapping[str, str], now: datetime, ask: Ask, secret: bytes
) -> None:
    _must_be_writable(options.output)
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
    _write(recording, options, secret)
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
        return record(target, now, bounds, resume=resume, step=progress.step, on_request=progress.sent)
    finally:
        progress.end()


def _write(recording: Recording, options: argparse.Namespace, secret: bytes) -> None:
    _tell(sys.stderr, f"revision {recording.revision.name}: {recording.revision.how}")
    for line in recording.notes.lines():
        _tell(sys.stderr, line)
    if options.raw:
        world = recording.world()
        if options.scale:
            world = scaled(world, _factor(_secret(options.secret_file, secret)))
        write(world, options.output)
        _tell_written(world, options.output)
        return
    _write_pseudonyms(recording.world(), options, secret)


def run_anonymize(options: argparse.Namespace, secret: bytes) -> None:
    """Replaces what is private in a world file. `secret` is one by chance. Raises `Unusable` or `WorldFileError`."""
    _must_be_writable(options.output)
    _write_pseudonyms(load_file(options.world), options, secret)


def _write_pseudonyms(world: World, options: argparse.Namespace, secret: bytes) -> None:
    secret = _secret(options.secret_file, secret)
    made, replaced = anonymized(world, secret, scale=options.scale)
    for line in replaced.lines():
        _tell(sys.stderr, line)
    if replaced.left:
        raise Unusable(f"Nothing was written: originals are left in {', '.join(replaced.left)}. Use another secret.")
    if options.report is not None:
        _write_report(options.report, replaced)
    write(made, options.output)
    _tell_written(made, options.output)


def anonymized(world: World, secret: bytes, *, scale: bool = False) -> tuple[World, Replaced]:
    """A world with pseudonyms and maybe other amounts, and what was replaced. Raises `WorldFileError`."""
    amounts = scaled(world, _factor(secret)) if scale else world
    content, replaced = anonymize(WorldText("the world", dump(amounts)).parsed(), secret)
    if scale:
        replaced.scaled = "amounts are multiplied by a secret factor: prices, credits and payments"
    return load_content(content, "the world with pseudonyms"), replaced


def _factor(secret: bytes) -> Decimal:
    """A factor with three places that follows from the secret, far enough from one."""
    number = int.from_bytes(sha256(b"scale:" + secret).digest()[:8], "big")
    low, high = (Decimal("0.400"), 500) if number % 2 else (Decimal("1.111"), 1600)
    return low + Decimal(number // 2 % high) / 1000


def _secret(path: Path | None, new: bytes) -> bytes:
    """The secret of a file, which is made with a new one where there is none. Raises `Unusable`."""
    if path is None:
        return new
    try:
        if path.exists():
            found = bytes.fromhex(path.read_text(encoding="ascii").strip())
            if len(found) >= _LEAST_SECRET:
                return found
            raise ValueError
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{new.hex()}\n")
    except OSError as error:
        raise Unusable(f"--secret-file {path} cannot be used: {error.strerror}.") from None
    except ValueError:
        raise Unusable(f"--secret-file {path}: this is no secret of at least 32 hexadecimal digits.") from None
    return new


def _write_report(path: Path, replaced: Replaced) -> None:
    content = {"fields": replaced.rows(), "originals": replaced.originals, "scaled": bool(replaced.scaled)}
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Unusable(f"--report {path} cannot be written: {error.strerror}.") from None


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
