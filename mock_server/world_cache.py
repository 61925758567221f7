"""A cache of large seeded worlds, so that a server which starts again need not bill them again.

See `cache_file.py` for which files are used. The content is a line of JSON and columns of bytes (`tables/columns.py`):
data, no code.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from waldur_billing_mock import fixtures
from waldur_billing_mock.mock_server import cache_file, world_file
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.tables import Packing

_PREFIX: Final = "world-"
_KINDS: Final = {
    TABLES[name]: {field: kind for field, (kind, _) in fields.items()} for name, fields in world_file.FIELDS.items()
}


def cached(folder: Path, name: str, most_bytes: int, make: Callable[[], World]) -> World:
    """The world that `make` makes, from a file of the cache where that is possible.

    `name` says which world it is: all that the code makes it from. Files that were not used for longest are removed
    until all take `most_bytes` at most. A cache that cannot be used costs time only.
    """
    fingerprint = cache_file.fingerprint_of(_sources(), name, sys.byteorder, version("faker"))
    path = folder / f"{_PREFIX}{cache_file.fingerprint_of((), name)[:16]}.columns"
    content = cache_file.read(path, fingerprint)
    world = None if content is None else _unpacked(content)
    if world is None:
        world = make()
        packed = _packed(world)
        with suppress(OSError):
            if len(packed) <= most_bytes:
                _trim(folder, most_bytes - len(packed))
                cache_file.write(path, fingerprint, packed)
    else:
        with suppress(OSError):
            os.utime(path)
    return world


def remove(folder: Path) -> None:
    """Remove all worlds of the cache; one that cannot be removed is left there."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            path.unlink()


def _trim(folder: Path, most_bytes: int) -> None:
    """Remove the worlds that were not used for longest until all take so many bytes at most. Raises `OSError`."""
    # Those that a process which was killed has not finished count, too.
    found = [(path.stat(), path) for path in folder.glob(f"{_PREFIX}*")]
    left = most_bytes
    for stat, path in sorted(found, key=lambda one: one[0].st_mtime_ns, reverse=True):
        left -= stat.st_size
        if left < 0:
            path.unlink(missing_ok=True)


def _packed(world: World) -> bytes:
    packing = Packing()
    head = {"head": world_file.head_of(world), "tables": world.pack(packing, _KINDS)}
    return json.dumps(head).encode() + b"\n" + b"".join(packing.parts)


def _unpacked(content: bytes) -> World | None:
    """The world of a content; None for one that `_packed` did not make."""
    try:
        end = content.index(b"\n")
        head = json.loads(content[:end])
        world = world_file.empty_world(world_file.read_head(head["head"]))
        world.unpack(head["tables"], memoryview(content)[end + 1 :], _KINDS)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return world


def _sources() -> Iterator[Path]:
    """All that seeded worlds are made by."""
    scenarios = Path(fixtures.__file__).parent
    for suffix in ("py", "yaml", "json"):
        yield from sorted(scenarios.rglob(f"*.{suffix}"))
    here = Path(__file__).parent
    for folder in ("billing", "tables"):
        yield from sorted((here / folder).glob("*.py"))
    yield from sorted(here.glob("world_*.py"))
