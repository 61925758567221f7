"""What HEAD tells: the count of a list, and 1 where GET answers a single object, for the published clients want one."""

import pytest

from tests.asgi import Api, application
from tests.operations.figures import INVOICES, ITEMS

OF_LISTS = [INVOICES, ITEMS, f"{ITEMS}costs/", "/api/provider-invoice-items/"]
OF_ONE = [
    f"{INVOICES}growth/",
    f"{ITEMS}total_price/",
    f"{ITEMS}customer_costs_for_period/",
    f"{ITEMS}project_costs_for_period/",
]


@pytest.mark.parametrize("path", OF_LISTS)
def test_head_counts_the_rows_of_a_list(readable: Api, path: str) -> None:
    rows = readable.rows(path)

    reply = readable.ask("HEAD", path)

    assert (reply.status, reply.text) == (200, "")
    assert reply.headers["x-result-count"] == str(len(rows))


@pytest.mark.parametrize("path", OF_ONE)
@pytest.mark.parametrize("revision", ["documents", "7.8.8", "8.0.9"])
def test_head_counts_a_single_object_as_one(revision: str, path: str) -> None:
    reply = application("default", revision).ask("HEAD", path)

    assert (reply.status, reply.text, reply.headers["x-result-count"]) == (200, "", "1")


@pytest.mark.parametrize("path", OF_ONE)
def test_only_head_counts_a_single_object(readable: Api, path: str) -> None:
    reply = readable.get(path)

    assert reply.status == 200
    assert "x-result-count" not in reply.headers


@pytest.mark.parametrize("path", OF_ONE[:2])
def test_on_the_wire_a_single_object_is_not_counted(path: str) -> None:
    reply = application("default", wire=True).ask("HEAD", path)

    assert (reply.status, reply.text) == (200, "")
    assert "x-result-count" not in reply.headers


@pytest.mark.parametrize("path", [f"{INVOICES}growth/?customers_count=21", f"{ITEMS}total_price/?year=x"])
def test_head_of_what_cannot_be_answered_counts_nothing(readable: Api, path: str) -> None:
    reply = readable.ask("HEAD", path)

    assert (reply.status, reply.text) == (400, "")
    assert "x-result-count" not in reply.headers
