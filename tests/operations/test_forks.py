"""Worlds are values: whatever is written to forks of forks, each answers as one that was loaded from its own export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.asgi import Api
from tests.extent import examples
from tests.operations.writes import NUMBERS, WRITES, Numbers, pick, small_world
from waldur_billing_mock.mock_server.billing.costs import total_price
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.money import total
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView, Views
from waldur_billing_mock.mock_server.billing.visibility import (
    can_see_invoice,
    can_see_item,
    can_see_provider_item,
    invoices_visible_to,
    items_visible_to,
    provider_items_visible_to,
)
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations import invoice_items, invoices, provider_invoice_items
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.web.listing import Filter, select
from waldur_billing_mock.mock_server.world_file import dump, load
from waldur_billing_mock.openapi.revision import revisions

DIALECTS = [(revision, wire) for revision in revisions(DESCRIPTION) for wire in (False, True)]
USERS = ("staff", "owner", "provider_owner")


@cache
def served(dialect: tuple[str, bool]) -> Api:
    revision, wire = dialect
    return Api(Settings(revision=revision, wire=wire), small_world())


def questions(world: World) -> list[str]:
    """Reading requests whose answers show every list, sum and figure."""
    project, customer = pick(world.projects, 1).uuid, pick(world.customers, 0).uuid
    return [
        "/api/invoices/?page_size=300",
        "/api/invoices/?page_size=300&field=price&field=items&field=uuid",
        "/api/invoices/?state=paid&year=2025",
        "/api/invoice-items/?page_size=300",
        "/api/invoice-items/?year=2025&month=11",
        "/api/provider-invoice-items/?page_size=300",
        "/api/invoices/?page_size=300&field=uuid&o=created",
        "/api/invoices/?page_size=300&field=uuid&o=-month",
        "/api/provider-invoice-items/?page_size=300&o=-unit_price",
        "/api/provider-invoice-items/?page_size=300&o=invoice_customer_name",
        "/api/provider-invoice-items/?page_size=300&o=-resource_offering_name",
        "/api/invoice-items/total_price/",
        f"/api/invoice-items/total_price/?customer_uuid={customer}",
        f"/api/invoice-items/costs/?project_uuid={project}",
        f"/api/invoice-items/project_costs_for_period/?period=3&project_uuid={project}",
        f"/api/invoice-items/customer_costs_for_period/?customer_uuid={customer}",
        "/api/invoices/growth/?customers_count=2",
        "/api/invoices/growth/?accounting_mode=accounting",
        f"/api/invoices/{pick(world.invoices, 0).uuid}/stats/",
    ]


def answers(world: World, dialect: tuple[str, bool], username: str) -> list[str]:
    api = served(dialect)
    api.stage.put_back(world.fork(), 0)
    return [api.get(question, username).text for question in questions(world)]


def values(world: World) -> Mapping[str, Sequence[Any]]:
    """What to filter by: a few values of every filter."""
    return {
        "customer_uuid": [row.uuid for row in world.customers][:3],
        "state": [["paid"], ["created"], ["paid", "pending"]],
        "created": [row.created for row in world.invoices][:2],
        "credit_uuid": [row.uuid for row in world.customer_credits][:1],
        "resource_uuid": [row.uuid for row in world.resources][:2],
        "offering_uuid": [row.uuid for row in world.offerings][:3],
        "project_uuid": [row.uuid for row in world.projects][:3],
        **{name: [2025, 2024] for name in ("year", "start_year", "invoice_year")},
        **{name: [11, 1] for name in ("month", "start_month", "invoice_month")},
    }


def must_filter_as_a_scan(
    world: World, filters: Mapping[str, Filter[Any]], views: Views[Any], plain: list[Any]
) -> None:
    """One filter, and two filters together, find by index what they find in all rows one by one."""
    assert [view.row for view in views] == [view.row for view in plain]
    asked = values(world)
    names = [name for name in filters if asked.get(name)]
    queries = [{name: value} for name in names for value in asked[name]]
    queries += [{name: asked[name][0], other: asked[other][0]} for name, other in combinations(names, 2)]
    for query in queries:
        expected = [view.row for view in plain if all(filters[name](view, value) for name, value in query.items())]
        found = select(views, filters, query)
        assert [view.row for view in found] == expected
        assert [view.row for view in found[1:3]] == expected[1:3]
        if isinstance(next(iter(plain), None), ItemView):
            assert str(total_price(found.rows)) == str(total(row.value for row in expected))


def must_list_as_a_scan(world: World, username: str) -> None:
    user = world.users.first(username=username)
    assert user is not None
    rows = [InvoiceView(world, row) for row in world.invoices if can_see_invoice(user, row)]
    rows.sort(key=lambda view: (-view.row.year, -view.row.month, view.row.id))
    views = Views(world, invoices_visible_to(world, user), InvoiceView)
    must_filter_as_a_scan(world, invoices._FILTERS, views, rows)
    items = [ItemView(world, row) for row in world.invoice_items if can_see_item(world, user, row)]
    items.sort(key=lambda view: (view.row.start, view.row.id))
    of_items = Views(world, items_visible_to(world, user), ItemView)
    for filters in (invoice_items._FILTERS, invoice_items._OF_CUSTOMER, *invoice_items._OF_PROJECT.values()):
        must_filter_as_a_scan(world, filters, of_items, items)
    sold = [ItemView(world, row) for row in world.invoice_items if can_see_provider_item(world, user, row)]
    sold.sort(key=lambda view: view.invoice.created, reverse=True)
    of_sold = Views(world, provider_items_visible_to(world, user), ItemView)
    must_filter_as_a_scan(world, provider_invoice_items._FILTERS, of_sold, sold)


def must_sum_up_as_a_scan(world: World) -> None:
    assert world.invoice_items.total.value == total(abs(row.value) for row in world.invoice_items)
    for row in world.invoices:
        own = [item for item in world.invoice_items if item.invoice_uuid == row.uuid]
        assert items_of(world, row) == own
        assert InvoiceView(world, row).price == total(item.price for item in own)


def test_a_fork_does_not_give_its_sums_to_the_world_that_it_was_made_of() -> None:
    """The index is made before the fork, and nobody asks for a sum until the fork has changed."""
    world = small_world()
    before = total_price(world.invoice_items.ordered("start"))
    world = small_world()
    assert len(world.invoice_items.ordered("start"))
    fork = world.fork()
    item = next(iter(fork.invoice_items))
    fork.put(replace(item, unit_price=item.unit_price + 1))

    assert total_price(world.invoice_items.ordered("start")) == before
    assert total_price(fork.invoice_items.ordered("start")) == before + item.quantity


class Forks(RuleBasedStateMachine):
    """Worlds that are forked, written to and asked in any order, often forked before anybody has asked anything."""

    def __init__(self) -> None:
        super().__init__()
        self.worlds = [small_world()]

    @precondition(lambda self: len(self.worlds) < 4)
    @rule(of=st.integers(0, 3))
    def fork(self, of: int) -> None:
        self.worlds.append(pick(self.worlds, of).fork())

    @rule(of=st.integers(0, 3), kind=st.sampled_from(WRITES), numbers=NUMBERS)
    def write(self, of: int, kind: Any, numbers: Numbers) -> None:
        kind(pick(self.worlds, of), numbers)

    @precondition(lambda self: len(self.worlds) > 1)
    @rule(of=st.integers(0, 3))
    def drop(self, of: int) -> None:
        self.worlds.remove(pick(self.worlds, of))

    @rule(of=st.integers(0, 3), order=st.sampled_from(["start", "newest_invoice"]))
    def look(self, of: int, order: str) -> None:
        """A list is read, which makes an index, and no sum is asked for."""
        world: World = pick(self.worlds, of)
        assert len(world.invoice_items.ordered(order)) == len(world.invoice_items)

    @rule(of=st.integers(0, 3), dialect=st.sampled_from(DIALECTS), username=st.sampled_from(USERS))
    def ask(self, of: int, dialect: tuple[str, bool], username: str) -> None:
        """The answers, the first and from caches, are those of a world that has no index, no sum and no cache."""
        world: World = pick(self.worlds, of)

        first, second = (answers(world, dialect, username) for _ in range(2))

        assert first == second == answers(load(dump(world)), dialect, username)

    @rule(of=st.integers(0, 3), username=st.sampled_from(USERS))
    def scan(self, of: int, username: str) -> None:
        must_list_as_a_scan(pick(self.worlds, of), username)

    @rule(of=st.integers(0, 3))
    def add_up(self, of: int) -> None:
        must_sum_up_as_a_scan(pick(self.worlds, of))

    def teardown(self) -> None:
        for world in self.worlds:
            must_sum_up_as_a_scan(world)
            assert answers(world, DIALECTS[0], "staff") == answers(load(dump(world)), DIALECTS[0], "staff")


TestForks = Forks.TestCase
TestForks.settings = settings(max_examples=examples(5, 50), stateful_step_count=20)
