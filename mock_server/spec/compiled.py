"""A cache of bundled documents, so that a server which starts again need not read its pages again.

A file is used only if it belongs to the user, nobody else may write to it or read it, and its checksums are right: that
of its content, and that of all pages and code from which the content is made.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from waldur_billing_mock.openapi import revision, support
from waldur_billing_mock.openapi.document import Node


def described(folder: Path, cache: Path | None, name: str, *, wire: bool) -> Node:
    """What `describe` returns for a revision and what is tolerated. Raises what `describe` raises."""
    file = f"{name}{'-wire' * wire}.json"
    return _cached(folder, cache, file, lambda: revision.describe(folder, name, wire=wire, tolerant=True))


def described_support(folder: Path, cache: Path | None, *, wire: bool) -> Node:
    """The same for the neighbours, as `describe_support` returns it."""
    file = f"support{'-wire' * wire}.json"
    return _cached(folder, cache, file, lambda: support.describe_support(folder, wire=wire, tolerant=True))


def _cached(folder: Path, cache: Path | None, file: str, make: Callable[[], Node]) -> Node:
    """What `make` returns, from a file of the cache where that is possible.

    There is one file for each revision and dialect, so that none is left behind. A cache that cannot be used, or that
    there is none, costs time only.
    """
    if cache is None:
        return make()
    path, fingerprint = cache / file, _fingerprint(folder)
    found = _read(path, fingerprint)
    if found is None:
        found = make()
        with suppress(OSError):
            _write(path, fingerprint, found)
    return found


def _read(path: Path, fingerprint: str) -> Node | None:
    """The document in a file of the cache; None where the file is missing, older, damaged, or not the user's alone."""
    try:
        with os.fdopen(_open_own(path), "rb") as file:
            if file.readline() != f"{fingerprint}\n".encode():
                return None
            checksum, content = file.readline(), file.read()
        if checksum != f"{sha256(content).hexdigest()}\n".encode():
            return None
        document = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _open_own(path: Path) -> int:
    """Opens a plain file of the user that is closed to all others; a link is not followed. Raises `OSError`."""
    # Windows has no such flag; without O_NONBLOCK, opening a pipe that somebody has put there would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and _is_own(found):
        return descriptor
    os.close(descriptor)
    raise PermissionError(str(path))


def _is_own(found: os.stat_result) -> bool:
    # Windows has neither users with numbers nor these bits.
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


def _write(path: Path, fingerprint: str, document: Node) -> None:
    """Writes a file of the cache as a whole or not at all. Raises `OSError`."""
    # Of the folders above, those that are missing are not made: a home that is not there is none.
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = json.dumps(document).encode()
    descriptor, unfinished = mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{fingerprint}\n{sha256(content).hexdigest()}\n".encode() + content)
        Path(unfinished).replace(path)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _fingerprint(folder: Path) -> str:
    """Of every page, and of the code that makes a document of them."""
    known = sha256()
    for path in _sources(folder):
        content = path.read_bytes()
        known.update(f"{path.name} {len(content)} ".encode() + content)
    return known.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))
    yield from sorted(Path(revision.__file__).parent.glob("*.py"))
