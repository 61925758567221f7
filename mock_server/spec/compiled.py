"""The document of a revision without reading its pages again: a server that starts anew starts at once."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from waldur_billing_mock.openapi import revision, support
from waldur_billing_mock.openapi.document import Node


def described(folder: Path, cache: Path, name: str, *, wire: bool) -> Node:
    """What `describe` says of a revision and of what is tolerated, kept in a file. Raises what `describe` raises."""
    kept = cache / f"{name}{'-wire' * wire}.json"
    return _kept(folder, kept, lambda: revision.describe(folder, name, wire=wire, tolerant=True))


def described_support(folder: Path, cache: Path, *, wire: bool) -> Node:
    """The same of the neighbours, as `describe_support` says it."""
    kept = cache / f"support{'-wire' * wire}.json"
    return _kept(folder, kept, lambda: support.describe_support(folder, wire=wire, tolerant=True))


def _kept(folder: Path, kept: Path, make: Callable[[], Node]) -> Node:
    """What `make` makes, kept in a file with a fingerprint of all that it is made from.

    There is one file for each revision and dialect, so that none is left behind. A folder that cannot be used is done
    without.
    """
    fingerprint, cache = _fingerprint(folder), kept.parent
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(kept.read_bytes())
        if found["of"] == fingerprint:
            document: Node = found["document"]
            return document
    made = make()
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps({"of": fingerprint, "document": made}), encoding="utf-8")
        unfinished.replace(kept)
    return made


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
