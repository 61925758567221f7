"""Values are in order whatever a database takes for one."""

from typing import Any

import pytest

from waldur_billing_mock.contracts.readings.sorting import sorted_by


@pytest.mark.parametrize(
    ("values", "ascending", "descending"),
    [
        ([], True, True),
        ([1, 1], True, True),
        ([1, 2, 3], True, False),
        ([3, 2, 2], False, True),
        ([2, 1, 3], False, False),
        ([None, 1, 2], True, False),
        ([1, 2, None], True, False),
        ([None, 2, 1], False, True),
        ([1, None, 2], False, False),
        ([None, None], True, True),
        (["a"], True, True),
        (["a", "a", "b"], True, False),
        (["B", "a"], True, True),
        (["a", "B", "c"], True, False),
        (["b", "ä", "c"], False, False),
        (["ä", "b"], True, True),
        (["a", "ä b", "äc"], True, False),
        (["a b", "ab", "a c"], True, False),
    ],
)
def test_values_are_in_order_or_not(values: list[Any], ascending: bool, descending: bool) -> None:
    assert sorted_by(values, descending=False) is ascending
    assert sorted_by(values, descending=True) is descending
