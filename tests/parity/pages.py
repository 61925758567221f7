"""Pages of lists whose order has ties. The recorded server broke ties at random, so that rows which tie stand anywhere
among each other, and where they cross the edge of a page even on another one.

A recorded row is compared with the same row of the mock, which has to tie with the row at its place.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from tests.parity.client import Answer
from tests.parity.compare import Difference, canonical, compare_values
from tests.parity.recording import Exchange, json_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.views import ItemView
from waldur_billing_mock.mock_server.billing.world import World

Fetch = Callable[[Exchange, str], Answer]
"""Asks the mock as an exchange did, with another query."""
Keys = Callable[[World, str], Mapping[str, Any]]
"""What a list can be ordered by, of the row with a uuid."""

LARGEST_PAGE: Final = 300


def _invoice(world: World, uuid: str) -> Mapping[str, Any]:
    invoice: Invoice = world.invoices.one(uuid)
    return {"year": invoice.year, "month": invoice.month, "created": invoice.created}


def _item(world: World, uuid: str) -> Mapping[str, Any]:
    return {"start": world.invoice_items.one(uuid).start}


def _provider_item(world: World, uuid: str) -> Mapping[str, Any]:
    item = ItemView(world, world.invoice_items.one(uuid))
    return {
        "created": item.invoice.created,
        "unit_price": item.row.unit_price,
        "resource_offering_name": item.offering_name,
        "invoice_customer_name": item.customer_name,
        "project_name": item.row.stored_project_name,
    }


def _offering(world: World, uuid: str) -> Mapping[str, Any]:
    """Offerings stand in the order of their first items, whose order on the server is not known."""
    return {}


ORDERED: Final[Mapping[str, tuple[Keys, str]]] = {
    "invoices_list": (_invoice, "-year,-month"),
    "invoice_items_list": (_item, "start"),
    "invoices_stats_list": (_offering, ""),
    "provider_invoice_items_list": (_provider_item, "-created"),
}
"""The lists with ties: what their rows are ordered by, and how without being asked."""


class Pages:
    """The mock's complete lists, fetched once each as long as the world stays as it is."""

    def __init__(self, world: World, fetch: Fetch) -> None:
        self._world: Final = world
        self._fetch: Final = fetch
        self._lists: Final[dict[tuple[str, ...], list[Any]]] = {}

    def compare(self, exchange: Exchange, recorded: list[Any], answered: list[Any]) -> Iterator[Difference]:
        """The differences between a recorded page and the mock's answer, whose lists have the same filters."""
        if recorded == answered:
            return
        query = parse_qs(exchange.query, keep_blank_values=True)
        rows, keys = self._list(exchange, query), self._keys(exchange, query)
        begin = _begin(query, len(rows))
        here = range(begin, min(begin + _size(query), len(rows)))
        if list(compare_values([rows[place] for place in here], answered)):
            yield Difference("body", "[]", "a page of the list", "other rows than the complete list has there")
        if len(recorded) != len(here):
            yield Difference("body", "[]", f"{len(recorded)} rows", f"{len(here)} rows")
            return
        left = {place: row for place, row in enumerate(rows) if keys[place] in {keys[one] for one in here}}
        for place, row in zip(here, recorded, strict=True):
            ties = [other for other in left if keys[other] == keys[place]]
            found = min(ties, key=lambda other: _distance(row, left[other]))
            if _is_another(row, left[found]):
                yield Difference("body", "[]", f"the row {canonical(row['uuid'])}", "not in this place")
            else:
                yield from compare_values(row, left.pop(found), "[]")

    def _list(self, exchange: Exchange, query: Mapping[str, list[str]]) -> list[Any]:
        """All rows that the mock has for the filters of the query, from as many pages as it takes."""
        rest = {name: values for name, values in query.items() if name not in ("page", "page_size")}
        headers = [word for header in sorted(exchange.request_headers.items()) for word in header]
        asked = (exchange.path, urlencode(sorted(rest.items()), doseq=True), *headers)
        if asked not in self._lists:
            rows: list[Any] = []
            while not rows or len(rows) % LARGEST_PAGE == 0:
                page = {**rest, "page_size": [LARGEST_PAGE], "page": [len(rows) // LARGEST_PAGE + 1]}
                found = json_of(self._fetch(exchange, urlencode(page, doseq=True)).body)
                rows += found
                if not found:
                    break
            self._lists[asked] = rows
        return self._lists[asked]

    def _keys(self, exchange: Exchange, query: Mapping[str, list[str]]) -> list[tuple[Any, ...]]:
        """What decides the place of each row of the complete list."""
        keys, default = ORDERED[exchange.op]
        whole = {name: values for name, values in query.items() if name != "field"}
        uuids = [canonical(row.get("uuid")) for row in self._list(exchange, whole)]
        names = [name.removeprefix("-") for name in (query.get("o", [""])[-1] or default).split(",")]
        found = [keys(self._world, uuid) for uuid in uuids]
        return [tuple(row[name] for name in names if name in row) for row in found]


def _size(query: Mapping[str, list[str]]) -> int:
    """The size of a page (behaviour 1.7): 10 unless a positive integer is asked for, and 300 at most."""
    try:
        size = int(query.get("page_size", ["10"])[-1])
    except ValueError:
        return 10
    return min(size, LARGEST_PAGE) if size > 0 else 10


def _begin(query: Mapping[str, list[str]], count: int) -> int:
    """The place of the first row of the page that was asked for."""
    page = query.get("page", ["1"])[-1] or "1"
    last = max(1, -(-count // _size(query)))
    return ((last if page == "last" else int(page)) - 1) * _size(query)


def _distance(recorded: Any, row: Any) -> tuple[bool, int]:
    """How far a row is from being the recorded one: another identity is the farthest."""
    return _is_another(recorded, row), sum(1 for _ in compare_values(recorded, row))


def _is_another(recorded: Any, row: Any) -> bool:
    """Whether two rows tell that they are not the same."""
    return "uuid" in recorded and "uuid" in row and canonical(recorded["uuid"]) != canonical(row["uuid"])
