"""Pages of a large world come at once.

What is measured is the processor's time of this thread, beside that of a fixed piece of work: a core that does two
things at once is slower at both.
"""

import re
import time
from collections.abc import Callable

import pytest

from tests.asgi import Api
from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.settings import Settings

SECONDS = 0.020
WORK_SECONDS = 0.008
"""What the fixed piece of work takes on an idle core of a machine of today."""
ROWS = ("customers", "projects", "resources", "invoices", "items")
OTHERS = (
    *("credits", "payments", "money", "month-end", "make", "time"),
    *("traffic", "verify", "faults", "outbox", "webhooks"),
)


@pytest.mark.slow
def test_each_page_of_a_world_of_ten_thousand_items_comes_within_twenty_milliseconds() -> None:
    world = build("default", size=Size(customers=60, months=14, items_per_invoice=12))
    assert len(world.invoice_items) > 9_900
    api = Api(Settings(), world)
    for _ in range(50):
        api.get("/api/invoices/")
    paths = ["/_mock/", *(f"/_mock/ui/{name}" for name in (*ROWS, *OTHERS)), "/_mock/ui/items?q=backup"]
    for name in ROWS:
        found = re.search(rf"/_mock/ui/{name}/[0-9a-f]{{32}}", api.send("GET", f"/_mock/ui/{name}", None, {}).text)
        assert found is not None
        paths.append(found[0])

    slow = {path: seconds for path in paths if (seconds := quickest(api, path)) > SECONDS}

    assert slow == {}


def quickest(api: Api, path: str) -> float:
    """The least time of several, in seconds of an idle core: the first one fills caches."""
    found = []
    for _ in range(12):
        slowness = max(1.0, timed(work) / WORK_SECONDS)
        found.append(timed(lambda: api.send("GET", path, None, {})) / slowness)
    return min(found)


def work() -> None:
    """Text, numbers and dictionaries, as in a page."""
    texts = [f"{number:,}" for number in range(18_000)]
    dict(zip(texts, range(len(texts)), strict=True))


def timed(call: Callable[[], object]) -> float:
    begun = time.thread_time()
    call()
    return time.thread_time() - begun
