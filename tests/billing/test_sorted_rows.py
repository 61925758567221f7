"""Rows that are sorted once and moved when they change are as rows that are sorted anew."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView, Views
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.web.listing import arrange

ITEM_KEYS: dict[str, Callable[[ItemView], Any]] = {
    "unit_price": lambda view: view.row.unit_price,
    "offering": lambda view: view.offering_name,
    "customer": lambda view: view.customer_name,
}
INVOICE_KEYS: dict[str, Callable[[InvoiceView], Any]] = {
    "created": lambda view: view.row.created,
    "month": lambda view: view.row.month,
}
ORDERS = (["unit_price"], ["-unit_price"], ["offering"], ["-offering", "unit_price"], ["customer"], ["-customer"])


@pytest.fixture
def world() -> World:
    return build("default").fork()


def compared(key: Callable[[Any], Any], view: Any) -> Any:
    """What is compared of views that all have a value."""
    return key(view)


def _must_agree(world: World) -> None:
    """Both ways of sorting give the same rows; the second sorts a list, of which no order is kept."""
    items = Views(world, world.invoice_items.ordered("newest_invoice"), ItemView)
    for names in ORDERS:
        kept = [view.row.id for view in arrange(items, ITEM_KEYS, names)]
        assert kept == [view.row.id for view in arrange(list(items), ITEM_KEYS, names)], names
    invoices = Views(world, world.invoices.ordered("newest_month"), InvoiceView)
    for names in (["created"], ["-month"], ["month", "-created"]):
        kept = [view.row.id for view in arrange(invoices, INVOICE_KEYS, names)]
        assert kept == [view.row.id for view in arrange(list(invoices), INVOICE_KEYS, names)], names


def _write(world: World, chance: Random) -> None:
    item = chance.choice(list(world.invoice_items))
    match chance.randrange(6):
        case 0:
            world.put(replace(item, unit_price=chance.choice([*(one.unit_price for one in world.invoice_items)])))
        case 1:
            world.remove(item)
        case 2:
            world.put(replace(item, id=world.invoice_items.next_id, uuid=world.new_uuid("invoice_item")))
        case 3:
            invoice = chance.choice(list(world.invoices))
            world.put(replace(item, invoice_uuid=invoice.uuid))
        case 4:
            customer = chance.choice(list(world.customers))
            world.put(replace(customer, name=chance.choice(["Acme", "Zebra", customer.name])))
        case _:
            offering = chance.choice(list(world.offerings))
            world.put(replace(offering, name=chance.choice(["Archive", "Zone", offering.name])))


def test_keys_of_a_request_are_dropped_with_it(world: World) -> None:
    class Key:
        """What a request sorts by; it may hold the world of the request."""

        def __call__(self, view: ItemView) -> Any:
            return view.row.unit_price

    key = Key()
    dropped = weakref.ref(key)
    arrange(list(Views(world, world.invoice_items.ordered("newest_invoice"), ItemView)), {"price": key}, ["price"])

    del key
    gc.collect()
    assert dropped() is None


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_in_their_order_after_each_write(world: World, seed: int) -> None:
    chance = Random(seed)
    for _ in range(25):
        _must_agree(world)
        _write(world, chance)
    _must_agree(world)


def test_worlds_of_one_fork_do_not_move_rows_of_each_other(world: World) -> None:
    _must_agree(world)
    one, other = world.fork(), world.fork()
    for number, fork in enumerate((one, other, world)):
        for _ in range(4):
            _write(fork, Random(number))
    for fork in (one, other, world):
        _must_agree(fork)


def test_rows_whose_keys_stay_are_not_sorted_again(world: World) -> None:
    read = []

    def unit_price(view: ItemView) -> Any:
        read.append(view.row.id)
        return view.row.unit_price

    items = Views(world, world.invoice_items.ordered("newest_invoice"), ItemView)
    arrange(items, {"unit_price": unit_price}, ["unit_price"])
    assert len(read) == len(items)

    item = next(iter(world.invoice_items))
    world.put(replace(item, article_code="A"))
    items = Views(world, world.invoice_items.ordered("newest_invoice"), ItemView)
    again = arrange(items, {"unit_price": unit_price}, ["unit_price"])

    assert len(again) == len(items)
    assert len(read) <= len(items) + 2


def test_orders_are_kept_of_whole_tables_that_have_rows(world: World) -> None:
    keys = ((ITEM_KEYS["unit_price"], False),)
    whole = world.invoice_items.ordered("newest_invoice")
    part = whole.picked(list(whole)[:3])

    assert Views(world, whole, ItemView).sorted_by(keys, compared) is not None
    assert Views(world, part, ItemView).sorted_by(keys, compared) is None
    for item in list(world.invoice_items):
        world.remove(item)
    assert Views(world, world.invoice_items.ordered("newest_invoice"), ItemView).sorted_by(keys, compared) is None


def test_items_are_sorted_anew_when_their_invoice_has_another_customer_or_day_or_is_gone(world: World) -> None:
    first, *others = world.invoices
    customer = replace(next(iter(world.customers)), id=world.customers.next_id, uuid=world.new_uuid("c"), name="Acme")
    world.put(customer)

    for changed in (replace(first, customer_uuid=customer.uuid), replace(first, created=first.created.replace(day=28))):
        _must_agree(world)
        world.put(changed)
    _must_agree(world)
    for item in list(world.invoice_items.where(invoice_uuid=others[0].uuid)):
        world.remove(item)
    _must_agree(world)
    world.remove(others[0])
    _must_agree(world)


def test_a_single_row_is_sorted(world: World) -> None:
    for item in list(world.invoice_items)[1:]:
        world.remove(item)

    _must_agree(world)


def test_the_order_that_was_asked_for_first_gives_way_to_the_seventeenth(world: World) -> None:
    read = []

    def key(number: int) -> Callable[[ItemView], Any]:
        def unit_price(view: ItemView) -> Any:
            read.append(number)
            return view.row.unit_price

        return unit_price

    keys = [key(number) for number in range(17)]
    items = Views(world, world.invoice_items.ordered("newest_invoice"), ItemView)
    for one in (*keys, *keys[1:], keys[0]):
        items.sorted_by(((one, False),), compared)

    assert [read.count(number) for number in range(17)] == [2 * len(items), *[len(items)] * 16]
