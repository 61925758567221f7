"""The document of a revision without reading its pages again: a server that starts anew starts at once."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from mock_server.spec.document import Node
from mock_server.spec.revision import describe


def described(folder: Path, cache: Path, name: str, *, wire: bool) -> Node:
    """What `describe` says of a revision, kept in a folder by the content of all that it is made from.

    Raises what `describe` raises. A folder that cannot be used is done without.
    """
    kept = cache / f"{_fingerprint(folder, name, wire)}.json"
    with suppress(OSError, ValueError):
        found: Node = json.loads(kept.read_bytes())
        return found
    made = describe(folder, name, wire=wire)
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(made), encoding="utf-8")
        unfinished.replace(kept)
    return made


def _fingerprint(folder: Path, name: str, wire: bool) -> str:
    """Of every page, of the code that makes a document of them, and of what was asked for."""
    known = sha256(f"{name} {wire}".encode())
    for path in _sources(folder):
        content = path.read_bytes()
        known.update(f"{path.name} {len(content)} ".encode() + content)
    return known.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))
    yield from map(Path(__file__).with_name, ("document.py", "overlay.py", "revision.py", "target.py"))
