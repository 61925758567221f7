"""Files of the user's cache folder, which can be made again at any time.

A file is used only if it belongs to the user, no other user may write to it or read it, and its checksums are right:
that of its content, and the fingerprint of all from which the content is made.
"""

import os
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from waldur_billing_mock.mock_server.whole_file import replacing


def fingerprint_of(sources: Iterable[Path], *more: str) -> str:
    """Of the names and the contents of files, and of some texts."""
    known = sha256()
    for path in sources:
        content = path.read_bytes()
        known.update(f"{path.name} {len(content)} ".encode() + content)
    for text in more:
        known.update(f"{len(text)} {text}".encode())
    return known.hexdigest()


def read(path: Path, fingerprint: str) -> bytes | None:
    """The content of a file; None where the file is missing, older, damaged, or not the user's alone."""
    try:
        with os.fdopen(_open_own(path), "rb") as file:
            if file.readline(100) != f"{fingerprint}\n".encode():
                return None
            checksum, content = file.readline(100), file.read()
    except OSError:
        return None
    return content if checksum == f"{sha256(content).hexdigest()}\n".encode() else None


def write(path: Path, fingerprint: str, content: bytes) -> None:
    """Writes a file as a whole or not at all. Raises `OSError`."""
    # Of the folders above, those that are missing are not made: a home that is not there is none.
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with replacing(path, f"{path.stem}.") as file:
        file.write(f"{fingerprint}\n{sha256(content).hexdigest()}\n".encode())
        file.write(content)


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
