"""What is answered from kept text is what a fresh rendering answers, whatever was written, in every dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asgi import Api
from tests.operations.test_indexes import Numbers, Plan, pick, plans, pristine, write
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.openapi.revision import revisions

LISTS = (
    "/api/invoices/?page_size=300",
    "/api/invoices/?page_size=300&field=price&field=items&field=uuid",
    "/api/invoice-items/?page_size=300",
    "/api/provider-invoice-items/?page_size=300",
)
DIALECTS = [(revision, wire) for revision in revisions(DESCRIPTION) for wire in (False, True)]


@cache
def served(revision: str, wire: bool) -> Api:
    return Api(Settings(revision=revision, wire=wire), lambda: pristine().fork())


def rename(world: World, numbers: Numbers) -> None:
    """Changes what invoices and items show of other rows, and of the world itself."""
    a, b, c, *_ = numbers
    match a % 8:
        case 0:
            world.customers.put(replace(pick(world.customers, b), name=f"Customer {c}", country="DE"))
        case 1:
            world.projects.put(replace(pick(world.projects, b), name=f"Project {c}"))
        case 2:
            world.resources.put(replace(pick(world.resources, b), name=f"Resource {c}"))
        case 3:
            world.offerings.put(replace(pick(world.offerings, b), name=f"Offering {c}"))
        case 4:
            world.offering_components.put(replace(pick(world.offering_components, b), billing_type="few", type=f"t{c}"))
        case 5:
            world.invoices.put(
                replace(pick(world.invoices, b), tax_percent=Decimal(c % 30), invoice_date=world.now.date())
            )
        case 6:
            world.now += timedelta(days=c % 40)
        case _:
            world.issuer_details = {"company": f"Issuer {c}"}
            world.payment_interval = timedelta(days=c % 90)


renamings = st.lists(st.lists(st.integers(0, 10**6), min_size=5, max_size=5), max_size=4)


@pytest.mark.slow
@pytest.mark.parametrize(("revision", "wire"), DIALECTS)
@settings(max_examples=6, deadline=None)
@given(plans, renamings)
def test_kept_text_is_what_a_fresh_rendering_writes(
    revision: str, wire: bool, plan: Plan, names: Sequence[Numbers]
) -> None:
    api = served(revision, wire)
    api.stage.reset()
    for steps in ([], plan[: len(plan) // 2], plan[len(plan) // 2 :]):
        write(api.world, steps)
        for numbers in names if steps else ():
            rename(api.world, numbers)

        kept = [api.get(path).text for path in LISTS]
        asked_again = [api.get(path).text for path in LISTS]
        api.world.invoices.written.clear()
        api.world.invoice_items.written.clear()
        api.world.changes += 1  # what was answered does not count any more, either

        assert kept == asked_again == [api.get(path).text for path in LISTS]
