"""Rows come out of columns as they went in, and a database of them is one like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tables.test_index import Note, changed, must_be_found, note
from waldur_billing_mock.mock_server.tables import Database, Packing
from waldur_billing_mock.mock_server.tables.columns import Converter


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    id: int
    uuid: str
    value: Any


TEXT = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
UUIDS = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")
AS_IT_IS: Converter = SimpleNamespace(read=lambda value: value, write=lambda value: value)
AS_TUPLE: Converter = SimpleNamespace(
    read=lambda value: tuple(value) if isinstance(value, list) else value, write=lambda value: value
)


def unpacked(database: Database, fields: Mapping[type[Any], Mapping[str, Converter]]) -> Database:
    packing = Packing()
    specs = database.pack(packing, fields)
    made = Database(fields)
    made.unpack(specs, memoryview(b"".join(packing.parts)), fields)
    return made


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types throughout: 1 is not true."""
    return repr(one) == repr(other)


@given(
    st.lists(JSON, max_size=10)
    | st.lists(st.dictionaries(st.sampled_from("ab"), JSON), max_size=10)
    | st.lists(UUIDS | st.just("0" * 31 + "A"), max_size=10),
    st.randoms(use_true_random=False),
)
def test_rows_come_out_as_they_went_in(values: list[Any], chance: Random) -> None:
    ids = chance.sample([*range(1, 300), *range(2**32 - 300, 2**32)], 30)
    database = Database([Thing])
    for value, id in zip(values * 3, sorted(ids), strict=False):
        database.put(Thing(id=id, uuid=f"{id:032x}", value=value))

    made = unpacked(database, {Thing: {"id": AS_IT_IS, "uuid": AS_IT_IS, "value": AS_IT_IS}})

    table, expected = made.table(Thing), database.table(Thing)
    assert len(table) == len(expected)
    assert table.next_id == expected.next_id
    for row in expected:
        assert same(table.by_id(row.id), row)
        found = table.by_id(row.id)
        assert (table.by_id(row.id - 1) is None) == (expected.by_id(row.id - 1) is None)
        assert table.one(row.uuid) is found
    assert table.by_id(301) is None
    assert same(list(table), list(expected))


def test_values_are_converted_and_equal_ones_are_one_object() -> None:
    database = Database([Thing])
    for number in range(1, 200):
        database.put(Thing(id=number, uuid=f"{number:032x}", value=(f"value {number % 3}", {})))

    rows = list(unpacked(database, {Thing: {"id": AS_IT_IS, "uuid": AS_IT_IS, "value": AS_TUPLE}}).table(Thing))

    assert [row.value for row in rows] == [(f"value {number % 3}", {}) for number in range(1, 200)]
    assert len({id(row.value) for row in rows}) == 3


def test_rows_are_found_and_changed_as_in_any_database() -> None:
    chance, database = Random(7), Database([Note])
    for id in range(1, 900):
        database.put(note(chance, id))
    for row in list(database.table(Note))[::7]:
        database.remove(row)
    written: Converter = SimpleNamespace(read=type(row.written).fromisoformat, write=type(row.written).isoformat)
    fields = {Note: {"id": AS_IT_IS, "uuid": AS_IT_IS, "topic": AS_IT_IS, "written": written}}
    made, untouched = unpacked(database, fields), unpacked(database, fields)

    must_be_found(made)
    fork = untouched.fork()
    for one in (made, fork):
        changed(Random(1), one, 900)
        must_be_found(one)
    must_be_found(untouched)

    assert list(untouched.table(Note)) == list(database.table(Note))
    assert list(made.table(Note)) == list(fork.table(Note))
