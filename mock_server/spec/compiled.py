"""A cache of bundled documents, so that a server which starts again need not read its pages again.

See `cache_file.py` for which files are used.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from waldur_billing_mock.mock_server import cache_file
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
    path, fingerprint = cache / file, cache_file.fingerprint_of(_sources(folder))
    found = _read(path, fingerprint)
    if found is None:
        found = make()
        with suppress(OSError):
            cache_file.write(path, fingerprint, json.dumps(found).encode())
    return found


def _read(path: Path, fingerprint: str) -> Node | None:
    """The document in a file of the cache; None where there is none that can be used."""
    try:
        document = json.loads(cache_file.read(path, fingerprint) or b"")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.yaml"))
    yield from sorted(Path(revision.__file__).parent.glob("*.py"))
