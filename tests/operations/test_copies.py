"""A copied world answers as quickly as a new one: in as many calls of functions, which no other load changes."""

import sys
from types import FrameType
from typing import Any, Final

import pytest

from tests.asgi import Api, pristine
from waldur_billing_mock.mock_server.settings import Settings

READS: Final = (
    "/api/invoices/?page_size=100",
    "/api/invoice-items/?page_size=100&page=2",
    "/api/invoice-items/total_price/",
    "/api/invoices/growth/",
)


@pytest.fixture(scope="module")
def api() -> Api:
    """A mock with a world that nobody has read or copied."""
    return Api(Settings(), pristine("default"))


def calls(api: Api, path: str) -> int:
    """How many functions are called for an answer."""
    counted = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        reply = api.get(path)
    finally:
        sys.setprofile(None)
    assert reply.status == 200
    return counted


@pytest.mark.parametrize("path", READS)
def test_a_forked_world_is_read_in_as_many_calls_as_the_one_it_was_made_of(api: Api, path: str) -> None:
    """At once: the fork has the indexes, the sums and the texts."""
    api.get(path)
    fresh = calls(api, path)

    api.stage.put_back(api.stage.world.fork(), 0)

    assert calls(api, path) <= 1.1 * fresh


@pytest.mark.parametrize("path", READS)
def test_a_reset_world_is_read_in_as_many_calls_as_a_new_one(api: Api, path: str) -> None:
    """At once as well: it is the world of the beginning itself."""
    api.stage.reset()
    api.get(path)
    fresh = calls(api, path)

    item = next(iter(api.world.invoice_items))
    assert api.ask("DELETE", f"/api/invoice-items/{item.uuid}/").status == 204
    api.stage.reset()

    assert calls(api, path) <= 1.1 * fresh
