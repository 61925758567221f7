"""Classes of rows where the mock is served. In these tests rows are of frozen classes (`tests/frozen_rows.py`)."""

import pytest

from waldur_billing_mock.mock_server.tables.row_class import row_class


@row_class(frozen=True, slots=True, kw_only=True)
class Place:
    id: int
    name: str = ""


def test_rows_are_compared_and_hashed_by_their_values() -> None:
    assert Place(id=1, name="a") == Place(id=1, name="a") != Place(id=1)
    assert len({Place(id=1), Place(id=1), Place(id=2)}) == 2


def test_a_row_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Place(id=1).other = 2  # type: ignore[attr-defined]


def test_fields_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Place(1)  # type: ignore[call-arg]
