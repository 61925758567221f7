"""Who sees what, role by role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.billing.builders import NOVEMBER, Builder
from waldur_billing_mock.mock_server.billing.structure import User
from waldur_billing_mock.mock_server.billing.visibility import (
    can_see_customer,
    can_see_invoice,
    can_see_item,
    can_see_project,
    can_see_provider_item,
    customers_visible_to,
    invoices_visible_to,
    items_visible_to,
    provider_items_visible_to,
)
from waldur_billing_mock.mock_server.tables import Row

R = TypeVar("R", bound=Row)


class Setup:
    """Two customers with an invoice each: `ours` holds a bought and a manual item, `foreign` one item."""

    def __init__(self) -> None:
        self.build = build = Builder()
        self.foreign_customer = build.add_customer("Other")
        self.foreign_project = build.add_project(self.foreign_customer, "Elsewhere")
        self.ours = build.add_invoice()
        self.foreign = build.add_invoice(NOVEMBER, self.foreign_customer)
        self.bought = build.add_item(self.ours, name="bought", resource=build.add_resource())
        build.add_item(self.ours, name="manual")
        build.add_item(self.foreign, name="foreign", project=self.foreign_project)
        self.users = {
            "nobody": build.add_user("nobody"),
            "staff": build.add_user("staff", is_staff=True),
            "support": build.add_user("support", is_support=True),
            "owner": build.add_user("owner", "CUSTOMER.OWNER", build.customer),
            "reader": build.add_user("reader", "CUSTOMER.SUPPORT", build.customer),
            "member": build.add_user("member", "PROJECT.MEMBER", build.project),
            "seller": build.add_user("seller", "CUSTOMER.OWNER", build.provider),
            "manager": build.add_user("manager", "CUSTOMER.MANAGER", build.provider),
            "seller_reader": build.add_user("seller_reader", "CUSTOMER.SUPPORT", build.provider),
            "offering_manager": build.add_user("offering_manager", "OFFERING.MANAGER", build.offering),
        }

    def sees(self, user: User) -> tuple[int, int, int]:
        world = self.build.world
        return (
            len(invoices_visible_to(world, user)),
            len(items_visible_to(world, user)),
            len(provider_items_visible_to(world, user)),
        )


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.mark.parametrize(
    ("username", "invoices", "items", "provider_items"),
    [
        ("nobody", 0, 0, 0),
        ("staff", 2, 3, 3),
        ("support", 2, 3, 0),
        ("owner", 1, 2, 0),
        ("reader", 1, 2, 0),
        ("member", 0, 0, 0),
        ("seller", 0, 0, 1),
        ("manager", 0, 0, 1),
        ("seller_reader", 0, 0, 0),
        ("offering_manager", 0, 0, 0),
    ],
)
def test_a_role_opens_invoices_items_and_provider_items(
    setup: Setup, username: str, invoices: int, items: int, provider_items: int
) -> None:
    assert setup.sees(setup.users[username]) == (invoices, items, provider_items)


@pytest.mark.parametrize(
    ("username", "customers", "projects"),
    [
        ("nobody", [], []),
        ("staff", ["University", "CloudWorks", "Other"], ["Climate", "Elsewhere"]),
        ("support", ["University", "CloudWorks", "Other"], ["Climate", "Elsewhere"]),
        ("owner", ["University"], ["Climate"]),
        ("member", ["University"], ["Climate"]),
        ("seller", ["CloudWorks"], []),
        ("offering_manager", [], []),
    ],
)
def test_roles_on_projects_count_for_sums(
    setup: Setup, username: str, customers: list[str], projects: list[str]
) -> None:
    world, user = setup.build.world, setup.users[username]

    assert [customer.name for customer in customers_visible_to(world, user)] == customers
    assert [project.name for project in world.projects if can_see_project(user, project)] == projects


def test_a_single_row_is_visible_exactly_when_the_list_shows_it(setup: Setup) -> None:
    world = setup.build.world

    for user in setup.users.values():
        assert [row for row in world.invoices if can_see_invoice(user, row)] == _by_id(invoices_visible_to(world, user))
        assert [row for row in world.invoice_items if can_see_item(world, user, row)] == _by_id(
            items_visible_to(world, user)
        )
        assert [row for row in world.invoice_items if can_see_provider_item(world, user, row)] == _by_id(
            provider_items_visible_to(world, user)
        )
        assert [row for row in world.customers if can_see_customer(world, user, row)] == customers_visible_to(
            world, user
        )


def _by_id(rows: Iterable[R]) -> list[R]:
    return sorted(rows, key=lambda row: row.id)


def test_who_has_roles_on_two_customers_sees_what_is_billed_to_both(setup: Setup) -> None:
    ours, foreign = setup.users["owner"], setup.build.add_user("other", "CUSTOMER.OWNER", setup.foreign_customer)
    both = replace(ours, roles=(*ours.roles, *foreign.roles))

    assert [setup.sees(user)[:2] for user in (ours, foreign, both)] == [(1, 2), (1, 1), (2, 3)]
