"""Rows are copied with other values as `dataclasses.replace` does it."""

import dataclasses

import pytest

from waldur_billing_mock.fixtures import build
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.tables import replace


@pytest.fixture(scope="module")
def world() -> World:
    return build("default")


def test_a_row_is_copied_as_the_standard_library_does_it(world: World) -> None:
    kinds = [kind for kind in TABLES.values() if len(world.table(kind)) > 0]
    for kind in kinds:
        row = next(iter(world.table(kind)))
        assert replace(row, id=7) == dataclasses.replace(row, id=7)
        assert replace(row) == row
    assert len(kinds) > 10


def test_a_field_that_the_row_does_not_have_is_refused(world: World) -> None:
    invoice = next(iter(world.invoices))
    with pytest.raises(TypeError, match="stat"):
        replace(invoice, stat="paid")  # type: ignore[call-arg]
