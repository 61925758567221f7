"""Rows by id are those of a dict, whatever is put and removed, and a copy has its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waldur_billing_mock.mock_server.tables.row_blocks import RowBlocks

CHANGES = st.lists(st.tuples(st.one_of(st.integers(1, 70), st.integers(10**12, 10**12 + 70)), st.booleans()))


def changed(blocks: RowBlocks, expected: dict[int, object], changes: list[tuple[int, bool]]) -> None:
    for id, is_put in changes:
        if is_put:
            row = object()
            blocks.set(id, row)
            expected[id] = row
        elif id in expected:
            blocks.remove(id)
            del expected[id]


def must_hold(blocks: RowBlocks, expected: dict[int, object]) -> None:
    assert list(blocks) == [row for _, row in sorted(expected.items())]
    assert len(blocks) == len(expected)
    assert blocks.several(expected) == list(expected.values())
    for id in (*range(72), 10**12 + 69, 10**15):
        assert blocks.get(id) is expected.get(id)


@given(CHANGES, CHANGES, CHANGES)
def test_rows_are_those_of_a_dict_and_a_copy_has_its_own(
    first: list[tuple[int, bool]], here: list[tuple[int, bool]], there: list[tuple[int, bool]]
) -> None:
    blocks, expected = RowBlocks(), dict[int, object]()
    changed(blocks, expected, first)
    copy, copied = blocks.copy(), dict(expected)

    changed(blocks, expected, here)
    changed(copy, copied, there)

    must_hold(blocks, expected)
    must_hold(copy, copied)
