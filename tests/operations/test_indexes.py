"""What indexes find and sums tell is what a plain scan finds and tells, whatever was written, and in copies too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.costs import costs, costs_for_period, growth, growth_of_all, total_price
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.visibility import (
    can_see_invoice,
    can_see_item,
    can_see_provider_item,
    invoices_visible_to,
    items_visible_to,
    provider_items_visible_to,
)
from waldur_billing_mock.mock_server.operations import invoice_items, invoices, provider_invoice_items
from waldur_billing_mock.mock_server.web.listing import Filter, select

Numbers = Sequence[int]
Write = Callable[[World, Numbers], object]


@cache
def pristine() -> World:
    return build(size=Size(customers=5, months=2, items_per_invoice=4))


def pick(rows: Any, number: int) -> Any:
    """One of the rows, or of the values."""
    rows = list(rows)
    return rows[number % len(rows)]


def change_item(world: World, numbers: Numbers) -> None:
    a, b, c, d, e = numbers
    item: InvoiceItem = pick(world.invoice_items, a)
    resource = pick([*world.resources, None], d)
    changed = replace(
        item,
        unit_price=pick([item.unit_price, Decimal("-1.5"), Decimal("1.50"), Decimal("0.0001"), Decimal(0)], b),
        start=pick([item.start, item.start + timedelta(days=40)], c),
        resource_uuid=resource and resource.uuid,
        linked_project_uuid=pick([item.linked_project_uuid, *(row.uuid for row in world.projects), None], e),
        stored_project_uuid=pick([item.stored_project_uuid, *(row.uuid for row in world.projects), ""], b),
        invoice_uuid=pick([item.invoice_uuid, *(row.uuid for row in world.invoices)], c),
        credit_uuid=pick([None, *(row.uuid for row in world.customer_credits)], e),
    )
    world.invoice_items.put(changed)


def add_item(world: World, numbers: Numbers) -> None:
    items = world.invoice_items
    items.put(replace(pick(items, numbers[0]), id=items.next_id, uuid=world.new_uuid("invoice_item")))


def remove_item(world: World, numbers: Numbers) -> None:
    world.invoice_items.remove(pick(world.invoice_items, numbers[0]))


def change_invoice(world: World, numbers: Numbers) -> None:
    a, b, c, d, e = numbers
    invoice: Invoice = pick(world.invoices, a)
    changed = replace(
        invoice,
        state=pick(["pending", "created", "paid", "canceled"], b),
        year=pick([invoice.year, 2024], c),
        month=pick([invoice.month, 1], d),
        created=pick([invoice.created, date(2025, 1, 2)], e),
        customer_uuid=pick(world.customers, c).uuid,
        uuid=pick([invoice.uuid, world.new_uuid("invoice")], d),
    )
    stranded = invoice.all_items if changed.uuid != invoice.uuid else []
    world.invoices.put(changed)
    for item in stranded:
        world.invoice_items.put(replace(item, invoice_uuid=changed.uuid))


def change_resource(world: World, numbers: Numbers) -> None:
    world.resources.put(
        replace(pick(world.resources, numbers[0]), offering_uuid=pick(world.offerings, numbers[1]).uuid)
    )


def change_project(world: World, numbers: Numbers) -> None:
    world.projects.put(replace(pick(world.projects, numbers[0]), customer_uuid=pick(world.customers, numbers[1]).uuid))


WRITES: Sequence[Write] = (change_item, add_item, remove_item, change_invoice, change_resource, change_project)
Plan = Sequence[tuple[int, Numbers]]
plans: st.SearchStrategy[Plan] = st.lists(
    st.tuples(st.integers(0, len(WRITES) - 1), st.lists(st.integers(0, 10**6), min_size=5, max_size=5)), max_size=12
)


def write(world: World, plan: Plan) -> None:
    for kind, numbers in plan:
        WRITES[kind](world, numbers)


def values(world: World) -> Mapping[str, Sequence[Any]]:
    """What to ask by: a few values of every name."""
    return {
        "customer_uuid": [row.uuid for row in world.customers][:3],
        "billed_customer": [row.uuid for row in world.customers][:3],
        "state": [["paid"], ["created"], ["paid", "pending"]],
        "created": [date(2025, 1, 2), date(2025, 11, 1)],
        "credit_uuid": [row.uuid for row in world.customer_credits][:1],
        "resource_uuid": [row.uuid for row in world.resources][:2],
        "offering_uuid": [row.uuid for row in world.offerings][:3],
        **{
            name: [row.uuid for row in world.projects][:3]
            for name in ("project_uuid", "shown_project", "stored_project")
        },
        **{name: [2025, Decimal(2024), Decimal("2025.5")] for name in ("year", "start_year", "invoice_year")},
        **{name: [11, 1] for name in ("month", "start_month", "invoice_month")},
    }


def must_agree(world: World, filters: Mapping[str, Filter[Any]], rows: Any, plain: Sequence[Any]) -> None:
    """One filter, and two filters together, find in the rows what they find in all rows one by one."""
    assert list(rows) == plain
    asked = values(world)
    names = [name for name in filters if asked.get(name)]
    queries = [{name: value} for name in names for value in asked[name]]
    queries += [{name: asked[name][0], other: asked[other][0]} for name, other in combinations(names, 2)]
    for query in queries:
        expected = [row for row in plain if all(filters[name](row, value) for name, value in query.items())]
        found = select(rows, filters, query)
        assert list(found) == expected
        assert (len(found), list(found[1:3])) == (len(expected), expected[1:3])
        if len(query) == 1 and expected and isinstance(expected[0], InvoiceItem):
            must_sum_up(world, found, expected)


def must_sum_up(world: World, found: Sequence[InvoiceItem], plain: list[InvoiceItem]) -> None:
    assert str(total_price(found)) == str(total_price(plain))
    assert costs(found, world.now) == costs(plain, world.now)
    months = frozenset({Month.of(world.now)})
    assert costs_for_period(found, months) == costs_for_period(plain, months)


def must_answer_as_a_scan(world: World) -> None:
    kept_sums = {row.uuid: (row.price, row.compensations, row.incurred_costs) for row in world.invoices}
    world.invoice_sums.clear()
    counted_sums = {row.uuid: (row.price, row.compensations, row.incurred_costs) for row in world.invoices}
    assert repr(kept_sums) == repr(counted_sums)
    for mode in ("", "accounting"):
        # Printed, as 0 and 0.00 are told apart.
        kept, counted = growth_of_all(world, 2, mode), growth(world.invoices, world.now, 2, mode)
        assert repr(kept) == repr(counted)
    for user in world.users:
        if user.username not in ("staff", "owner", "provider_owner"):
            continue
        plain_invoices = sorted(
            (row for row in world.invoices if can_see_invoice(user, row)),
            key=lambda row: (-row.year, -row.month, row.id),
        )
        must_agree(world, invoices._FILTERS, invoices_visible_to(user), plain_invoices)
        plain_items = sorted(
            (row for row in world.invoice_items if can_see_item(user, row)), key=lambda row: (row.start, row.id)
        )
        filters = {**invoice_items._FILTERS, **invoice_items._OF_CUSTOMER, **invoice_items._OF_PROJECT}
        must_agree(world, filters, items_visible_to(user), plain_items)
        sold = [row for row in world.invoice_items if can_see_provider_item(user, row)]
        sold.sort(key=lambda row: row.invoice.created, reverse=True)
        must_agree(world, provider_invoice_items._FILTERS, provider_items_visible_to(user), sold)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(plans, plans)
def test_indexes_and_sums_agree_with_a_scan_after_any_writes(first: Plan, then: Plan) -> None:
    world = pristine().fork()
    must_answer_as_a_scan(world)

    write(world, first)
    must_answer_as_a_scan(world)
    copy = world.fork()
    write(copy, then)

    must_answer_as_a_scan(copy)
    must_answer_as_a_scan(world)


@settings(max_examples=25, deadline=None)
@given(plans, plans)
def test_a_copy_and_its_original_do_not_see_each_other_s_changes(first: Plan, then: Plan) -> None:
    original = pristine().fork()
    copy = original.fork()
    before = list(original.invoice_items), list(original.invoices)

    write(copy, first)
    assert (list(original.invoice_items), list(original.invoices)) == before
    changed = list(copy.invoice_items), list(copy.invoices)
    write(original, then)

    assert (list(copy.invoice_items), list(copy.invoices)) == changed
    assert all(row.world is copy for row in copy.invoice_items)
