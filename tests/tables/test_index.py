"""An index finds what a search of all rows finds, for groups of a few ids and of many, and a copy has its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import ClassVar

import pytest

from waldur_billing_mock.mock_server.tables import Database, Options, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    uuid: str
    topic: str
    written: date

    table: ClassVar[Options] = Options(keys=("topic",), orders={"newest": Order(("-written",), (("topic",),))})


def note(chance: Random, id: int) -> Note:
    # The second topic is rare: its group is small, the other one large.
    topic = chance.choices(("weather", "tide"), (9, 1))[0]
    return Note(id=id, uuid=f"{id:032x}", topic=topic, written=date(2025, 1, 1) + timedelta(chance.randrange(90)))


def changed(chance: Random, database: Database, ids: int) -> None:
    for _ in range(400):
        id = chance.randint(1, ids)
        found = database.table(Note).by_id(id)
        if found is None:
            database.put(note(chance, id))
        elif chance.random() < 0.4:
            database.remove(found)
        else:
            database.put(replace(note(chance, id), uuid=found.uuid))


def must_be_found(database: Database) -> None:
    table, rows = database.table(Note), list(database.table(Note))
    assert rows == sorted(rows, key=lambda row: row.id)
    newest = sorted(rows, key=lambda row: (-row.written.toordinal(), row.id))
    for topic in ("weather", "tide"):
        of_topic = [row for row in newest if row.topic == topic]
        assert table.where(topic=topic) == [row for row in rows if row.topic == topic]
        ordered, _ = table.ordered("newest").narrowed({"topic": topic})
        assert list(ordered) == of_topic
        assert ordered[3:70] == of_topic[3:70]
        assert (ordered[0], ordered[-1]) == (of_topic[0], of_topic[-1])
    assert table.first(topic="nothing") is None


@pytest.mark.parametrize("ids", [60, 300, 3000])
def test_rows_are_found_by_key_and_in_order_whatever_was_put_and_removed(ids: int) -> None:
    chance, database = Random(ids), Database([Note])
    for id in range(1, ids):
        database.put(note(chance, id))
    must_be_found(database)
    changed(chance, database, ids)
    fork = database.fork()

    changed(chance, database, ids)
    changed(chance, fork, ids)

    must_be_found(database)
    must_be_found(fork)
