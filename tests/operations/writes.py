"""Random writes to a world, from numbers: every field that a list, a sum or a reply depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from waldur_billing_mock.fixtures import Size, build
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.world_file import dump, load

Numbers = Sequence[int]


@cache
def small_world_text() -> str:
    return dump(build(size=Size(customers=5, months=2, items_per_invoice=4)))


def small_world() -> World:
    """A world that was never asked anything: it has no index, no sum and no text."""
    return load(small_world_text())


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
    world.put(changed)


def change_price(world: World, numbers: Numbers) -> None:
    """The row keeps its place in every index."""
    item: InvoiceItem = pick(world.invoice_items, numbers[0])
    world.put(replace(item, unit_price=Decimal(numbers[1] % 10**4).scaleb(-2)))


def add_item(world: World, numbers: Numbers) -> None:
    items = world.invoice_items
    world.put(replace(pick(items, numbers[0]), id=items.next_id, uuid=world.new_uuid("invoice_item")))


def remove_item(world: World, numbers: Numbers) -> None:
    world.remove(pick(world.invoice_items, numbers[0]))


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
    if any((row.customer_uuid, row.year, row.month) == _month_key(changed) for row in world.invoices):
        changed = replace(changed, customer_uuid=invoice.customer_uuid, year=invoice.year, month=invoice.month)
    stranded = items_of(world, invoice) if changed.uuid != invoice.uuid else []
    payments = world.payments.where(invoice_uuid=invoice.uuid)
    world.put(changed)
    for item in stranded:
        world.put(replace(item, invoice_uuid=changed.uuid))
    for payment in payments:
        world.put(replace(payment, invoice_uuid=changed.uuid))


def _month_key(invoice: Invoice) -> tuple[str, int, int]:
    return invoice.customer_uuid, invoice.year, invoice.month


def change_resource(world: World, numbers: Numbers) -> None:
    resource, offering = pick(world.resources, numbers[0]), pick(world.offerings, numbers[1])
    world.put(replace(resource, offering_uuid=offering.uuid, name=f"Resource {numbers[2]}"))


def change_project(world: World, numbers: Numbers) -> None:
    project, customer = pick(world.projects, numbers[0]), pick(world.customers, numbers[1])
    world.put(replace(project, customer_uuid=customer.uuid, name=f"Project {numbers[2]}"))


def rename(world: World, numbers: Numbers) -> None:
    """Change what invoices and items show of other rows, and of the world itself."""
    a, b, c, *_ = numbers
    match a % 6:
        case 0:
            world.put(replace(pick(world.customers, b), name=f"Customer {c}", country="DE"))
        case 1:
            world.put(replace(pick(world.offerings, b), name=f"Offering {c}"))
        case 2:
            world.put(replace(pick(world.offering_components, b), billing_type="few", type=f"t{c}"))
        case 3:
            world.put(replace(pick(world.invoices, b), tax_percent=Decimal(c % 30), invoice_date=world.now.date()))
        case 4:
            world.now += timedelta(days=c % 40)
        case _:
            issuer, interval = {"company": f"Issuer {c}"}, timedelta(days=c % 90)
            world.settings = replace(world.settings, issuer_details=issuer, payment_interval=interval)


WRITES: Sequence[Callable[[World, Numbers], None]] = (
    change_item,
    change_price,
    add_item,
    remove_item,
    change_invoice,
    change_resource,
    change_project,
    rename,
)
NUMBERS: st.SearchStrategy[Numbers] = st.lists(st.integers(0, 10**6), min_size=5, max_size=5)
