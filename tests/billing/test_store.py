"""Tables keep their order and their indexes, whatever is put and removed."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.billing.builders import Builder
from waldur_billing_mock.mock_server.billing.structure import Project
from waldur_billing_mock.mock_server.billing.world import TABLES, World


def test_a_row_that_is_put_again_replaces_the_old_one(build: Builder) -> None:
    renamed = build.world.put(replace(build.project, name="Weather"))

    assert list(build.world.projects) == [renamed]
    assert build.world.projects.get(build.project.uuid) is renamed
    assert build.world.projects.by_id(build.project.id) is renamed


def test_a_moved_row_is_found_at_its_new_place_only(build: Builder) -> None:
    moved = build.world.put(replace(build.project, customer_uuid=build.provider.uuid))

    assert build.world.projects.where(customer_uuid=build.customer.uuid) == []
    assert build.world.projects.where(customer_uuid=build.provider.uuid) == [moved]


def test_a_removed_row_is_gone_and_its_id_does_not_return(build: Builder) -> None:
    build.world.remove(build.project)

    assert (len(build.world.projects), build.world.projects.get(build.project.uuid)) == (0, None)
    assert build.world.projects.next_id == build.project.id + 1


def test_the_size_is_the_number_of_rows_of_all_tables(build: Builder) -> None:
    def rows(world: World) -> int:
        return sum(len(world.table(kind)) for kind in TABLES.values())

    world = build.world
    before = world.size
    assert before == rows(world) > 0

    fork = world.fork()
    fork.put(replace(build.project, id=2, uuid="2" * 32))
    fork.put(replace(build.project, id=2, uuid="3" * 32))
    assert (fork.size, world.size) == (before + 1, before) == (rows(fork), rows(world))

    fork.remove(build.project)
    assert fork.size == before == rows(fork)


def test_the_first_of_the_rows_that_are_found_has_the_least_id(build: Builder) -> None:
    projects = build.world.projects
    build.add_project(build.customer, "Second")

    assert projects.first(customer_uuid=build.customer.uuid) == projects.where(customer_uuid=build.customer.uuid)[0]
    assert projects.has(customer_uuid=build.customer.uuid)
    assert projects.first(customer_uuid="nobody") is None
    assert not projects.has(customer_uuid="nobody")


def test_a_uuid_belongs_to_one_row(build: Builder) -> None:
    with pytest.raises(ValueError, match="belongs to the row 1 already"):
        build.world.put(replace(build.project, id=2))


@given(st.permutations(range(1, 8)))
def test_rows_come_in_the_order_of_their_ids(ids: list[int]) -> None:
    build = Builder()

    for id in ids:
        build.world.put(Project(id=id + 1, uuid=f"{id:032x}", name="P", customer_uuid="c"))

    assert [row.id for row in build.world.projects] == list(range(1, 9))
    assert [row.id for row in build.world.projects.where(customer_uuid="c")] == list(range(2, 9))


def test_uuids_follow_from_the_seed() -> None:
    first, second = Builder().world, Builder().world

    made = [first.new_uuid("invoice") for _ in range(3)]

    assert made == [second.new_uuid("invoice") for _ in range(3)]
    assert len(set(made)) == first.uuids_made["invoice"] == 3
    assert all(len(uuid) == 32 and uuid[12] == "4" and uuid[16] in "89ab" for uuid in made)


def test_a_seed_gives_the_uuids_that_it_has_always_given() -> None:
    """World files and examples quote them."""
    world = Builder().world

    assert [world.new_uuid("invoice") for _ in range(2)] == [
        "d6d1c6e13a4a4e2dbfbe66e7440cf405",
        "c4e2d6d121f947b69432c10c88401cd0",
    ]


def test_rows_cannot_be_changed_in_place(build: Builder) -> None:
    """Here the class is frozen at run time (`tests/frozen_rows.py`); elsewhere, mypy alone refuses such a line."""
    assert "__slots__" in vars(Project)
    assert inspect.signature(Project).parameters["uuid"].kind is inspect.Parameter.KEYWORD_ONLY
    with pytest.raises(AttributeError):
        build.project.name = "Weather"  # type: ignore[misc]


@pytest.mark.parametrize("kind", TABLES.values(), ids=TABLES)
def test_every_class_of_rows_is_declared_immutable(kind: type[Any]) -> None:
    assert inspect.getsource(kind).startswith("@row_class(frozen=True, slots=True, kw_only=True)\n")
