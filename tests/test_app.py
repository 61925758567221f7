"""What the composition root takes from the description for the world that it builds."""

import pytest

from waldur_billing_mock.mock_server.app import create_stage
from waldur_billing_mock.mock_server.settings import Settings


@pytest.mark.parametrize(
    ("revision", "wire", "copied"), [("8.0.9", True, True), ("8.0.9", False, False), ("documents", True, False)]
)
def test_the_details_of_credit_compensations_are_copied_where_the_description_says_so(
    revision: str, wire: bool, copied: bool
) -> None:
    world = create_stage(Settings(revision=revision, wire=wire)).world

    paid = [item for item in world.invoice_items if item.credit]

    assert paid
    assert all(bool(item.details) is copied for item in paid)
    assert all(world.invoice_items.get(str(item.details["compensation_of_item"])) for item in paid if copied)
