"""`python -m benchmarks.copies FOLDER`: what forks of a world of a million items take, as JSON.

The items, the seconds in which the world is stored in the cache folder, the seconds of a fork, and the seconds and
bytes of a fork in which an item was changed.
"""

import gc
import json
import sys
import time
import tracemalloc
from dataclasses import replace
from decimal import Decimal
from statistics import median

from waldur_billing_mock.fixtures import Size
from waldur_billing_mock.mock_server.billing.correction import correct
from waldur_billing_mock.mock_server.billing.costs import total_price
from waldur_billing_mock.mock_server.billing.growth import growth
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.visibility import (
    invoices_visible_to,
    items_visible_to,
    provider_items_visible_to,
)
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import Settings, cache_folder
from waldur_billing_mock.mock_server.start_world import cached_name, make_world
from waldur_billing_mock.mock_server.world_cache import cached

COPIES = 10


def main() -> None:
    """A copy counts with the first change to it, which takes along what the two worlds no longer share."""
    gc.disable()
    settings = Settings(cache=cache_folder({"XDG_CACHE_HOME": sys.argv[1]}), size=Size(5300, 20, 10))
    world = make_world(replace(settings, cache=None))
    begun = time.perf_counter()
    assert settings.cache is not None, "the folder is an absolute path"
    cached(settings.cache, cached_name(settings), settings.cached_worlds_bytes, lambda: world)
    stored = time.perf_counter() - begun
    gc.freeze()
    gc.enable()
    _ask(world)
    uuids = [item.uuid for item in items_visible_to(world, _staff(world))[:COPIES]]
    _copy(world, uuids[0])
    kept, taken = [], []
    for uuid in uuids:
        begun = time.perf_counter()
        kept.append(_copy(world, uuid))
        taken.append(time.perf_counter() - begun)
    forked = []
    for _ in range(100 * COPIES):
        begun = time.perf_counter()
        world.fork()
        forked.append(time.perf_counter() - begun)
    tracemalloc.start()
    kept += [_copy(world, uuid) for uuid in uuids]
    held = tracemalloc.get_traced_memory()[0] / COPIES
    print(
        json.dumps(
            {
                "items": len(world.invoice_items),
                "stored": stored,
                "fork": median(forked),
                "seconds": median(taken),
                "bytes": held,
            }
        )
    )


def _copy(world: World, uuid: str) -> World:
    copy = world.fork()
    correct(copy, copy.invoice_items.one(uuid), unit_price=Decimal("1.5"))
    return copy


def _ask(world: World) -> None:
    """Has the world make the indexes and sums that a copy takes along."""
    staff = _staff(world)
    for rows in (
        invoices_visible_to(world, staff),
        items_visible_to(world, staff),
        provider_items_visible_to(world, staff),
    ):
        assert rows[0] is not None
    total_price(items_visible_to(world, staff))
    growth(world, None)


def _staff(world: World) -> User:
    return world.users.where(username="staff")[0]


if __name__ == "__main__":
    main()
