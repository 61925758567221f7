"""The worlds that a server starts with: of a named scenario, a scenario file or a world file, as the settings ask."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from waldur_billing_mock.fixtures import DEFAULT_SEED, InvalidSize, Size, build, is_file_name
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.settings import DESCRIPTION, Settings
from waldur_billing_mock.mock_server.spec.compiled import described
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.openapi import revision
from waldur_billing_mock.openapi.document import Node

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.world_text import WorldText

FIRST_WITH_GRACE: Final = "8.0.2"
"""The release in which invoices began to wait to be finalized."""
_LARGE: Final = 100_000
"""Invoice items, which are billed in about five seconds."""
_SIZES: Final = ("customers", "months", "items_per_invoice")


def create_stage(settings: Settings, on_month: Callable[[World, Month], None] | None = None) -> Stage:
    """The stage with the world that the settings ask for. Raises `ScenarioError`, or `WorldFileError` for a file.

    `on_month` is called after each month of a world that is simulated.
    """
    with _without_garbage_collection():
        world = make_world(settings, on_month)
        return Stage(world)


def make_world(settings: Settings, on_month: Callable[[World, Month], None] | None = None) -> World:
    """The world that the settings ask for. Raises what `create_stage` raises."""
    if settings.world is not None:
        # Imported for world files only: the checks of all their fields are made at import.
        from waldur_billing_mock.mock_server.world_text import WorldText

        return read_world(settings, WorldText.of_file(settings.world))
    if is_file_name(settings.scenario):
        from waldur_billing_mock.mock_server.scenario_file import source_of

        if settings.size != Size():
            raise InvalidSize(f"{settings.scenario} says itself how large its world is; leave the sizes out.")
        return read_scenario(settings, source_of(settings.scenario))
    return _with_grace(settings, _seeded(settings, on_month))


def _seeded(settings: Settings, on_month: Callable[[World, Month], None] | None) -> World:
    """The world of a built-in scenario; a large one comes from the cache where it is there."""

    def make() -> World:
        return build(
            settings.scenario,
            seed=DEFAULT_SEED if settings.seed is None else settings.seed,
            now=settings.now,
            size=settings.size,
            on_month=on_month,
            credit_details_copied=_copies_credit_details(settings),
        )

    # A small world takes longer to be read from the cache than to be billed.
    if settings.cache is None or (settings.cached_worlds_bytes and settings.size.about_items < _LARGE):
        return make()
    # Imported for large worlds only, as for world files.
    from waldur_billing_mock.mock_server.world_cache import cached, remove

    if not settings.cached_worlds_bytes:
        remove(settings.cache)
        return make()
    return cached(settings.cache, cached_name(settings), settings.cached_worlds_bytes, make)


def cached_name(settings: Settings) -> str:
    """What distinguishes the seeded world of the settings from others, for the cache."""
    seed = DEFAULT_SEED if settings.seed is None else settings.seed
    return f"{settings.scenario} {seed} {settings.now} {settings.size} {_copies_credit_details(settings)}"


def read_either(settings: Settings, source: "WorldText") -> World:
    """The world of a world file or a scenario file. Raises `WorldFileError` or `ScenarioError`."""
    from waldur_billing_mock.mock_server.scenario_file import is_scenario

    # The clock of the settings was chosen for another world.
    return read_scenario(replace(settings, now=None), source) if is_scenario(source) else read_world(settings, source)


def read_world(settings: Settings, source: "WorldText") -> World:
    """The world of a text. Raises `WorldFileError`."""
    from waldur_billing_mock.mock_server.world_file import load_source

    loaded = load_source(source)
    loaded.settings = replace(loaded.settings, credit_details_copied=_copies_credit_details(settings))
    return _with_grace(settings, loaded)


def read_scenario(settings: Settings, source: "WorldText") -> World:
    """The world of a scenario file, with the seed and the clock of the settings. Raises `ScenarioError`."""
    from waldur_billing_mock.mock_server.scenario_file import load_scenario

    copied = _copies_credit_details(settings)
    loaded = load_scenario(source, seed=settings.seed, now=settings.now, credit_details_copied=copied)
    return _with_grace(settings, loaded)


def must_know_grace(settings: Settings) -> None:
    """Raises `ValueError` for a grace period in a revision in which no invoice can wait to be finalized."""
    if settings.grace_hours and not _knows_grace(settings):
        raise ValueError(
            f"the revision {settings.revision} has no state pending_finalization, so there is no grace period; choose "
            f"the revision {FIRST_WITH_GRACE} or a later one, such as {revision.LATEST}."
        )


def _with_grace(settings: Settings, world: World) -> World:
    """The world with the grace period of the settings, or its own; in older revisions what waits is still pending."""
    must_know_grace(settings)
    if settings.grace_hours is not None:
        world.settings = replace(world.settings, grace_period=timedelta(hours=settings.grace_hours))
    if not _knows_grace(settings):
        world.settings = replace(world.settings, grace_period=timedelta())
        for invoice in list(world.invoices.where(state="pending_finalization")):
            world.put(replace(invoice, state="pending"))
        for version in [row for row in world.invoice_versions if row.state == "pending_finalization"]:
            world.put(replace(version, state="pending"))
    return world


def _knows_grace(settings: Settings) -> bool:
    description = description_of(settings.cache, settings.revision, settings.wire)
    return "pending_finalization" in description["components"]["schemas"]["InvoiceStateEnum"]["enum"]


def _copies_credit_details(settings: Settings) -> bool:
    description = description_of(settings.cache, settings.revision, settings.wire)
    return "credit-details-copied" in description.get("x-waldur-switches", ())


def reseeded(settings: Settings, chosen: Mapping[str, Any]) -> World:
    """The world of a scenario. What is not chosen is as the server was started, or as another scenario has it."""
    if "scenario" in chosen and chosen["scenario"] != settings.scenario:
        settings = replace(settings, scenario=chosen["scenario"], now=None, size=Size())
    settings = replace(
        settings,
        world=None,
        seed=chosen.get("seed", settings.seed),
        now=chosen.get("now", settings.now),
        size=replace(settings.size, **{name: chosen[name] for name in _SIZES if name in chosen}),
    )
    with _without_garbage_collection():
        return make_world(settings)


@lru_cache(maxsize=2)
def start_world(settings: Settings) -> World:
    """The world of a named scenario, which servers share."""
    with _without_garbage_collection():
        return make_world(settings)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A new world has many objects and hardly any garbage: to look for it would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@lru_cache(maxsize=4)
def description_of(cache: Path | None, revision: str, wire: bool) -> Node:
    """The description of a dialect, which nobody changes."""
    return described(DESCRIPTION, cache, revision, wire=wire)
