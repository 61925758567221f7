"""The state of the session's world: as a file, from another seed, and as snapshots."""

from typing import Any

from starlette.responses import PlainTextResponse, Response

from waldur_billing_mock.fixtures import SCENARIOS, InvalidSize, ScenarioError
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call, NotFound
from waldur_billing_mock.mock_server.control.snapshots import Snapshot
from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.world_text import WorldFileError

MOST_ITEMS = 100_000
"""About so many items a world has at most that is built while others wait."""


def world_export(call: Call) -> Response:
    """Served again, the file gives the same answers."""
    # Imported for world files only: the checks of all their fields are made at import.
    from waldur_billing_mock.mock_server.world_file import dump

    return Response(dump(call.session.stage.world), media_type="application/json")


def world_replace(call: Call) -> dict[str, Any]:
    """A reset goes to the new world from now on; so do new sessions, where it is that of the main session."""
    try:
        world = call.plane.read_world(call.body)
    except (WorldFileError, ScenarioError) as error:
        raise InvalidInput({"non_field_errors": str(error).split("\n")}) from error
    return _restarted(call, world)


def reset(call: Call) -> None:
    """The world is as it was in the beginning; rules, journal, webhooks and snapshots stay."""
    call.session.stage.reset()
    _follow(call)


def reseed(call: Call) -> dict[str, Any]:
    """The same as `world_replace`, with the world of a scenario."""
    chosen = dict(call.body or {})
    if chosen.get("scenario", "default") not in SCENARIOS:
        raise InvalidInput({"scenario": [f'"{chosen["scenario"]}" is not a valid choice: {", ".join(SCENARIOS)}.']})
    if chosen.get("customers", 11) * chosen.get("months", 14) * chosen.get("items_per_invoice", 10) > MOST_ITEMS:
        message = f"The world would have more than {MOST_ITEMS:,} items; start a mock with `waldur-mock serve` for it."
        raise InvalidInput({"non_field_errors": [message]})
    if "now" in chosen:
        try:
            chosen["now"] = instant(chosen["now"])
        except ValueError as error:
            raise InvalidInput({"now": [str(error)]}) from error
    try:
        world = call.plane.reseed(chosen)
    except InvalidSize as error:
        raise InvalidInput({"non_field_errors": [_sentence(str(error))]}) from error
    except ScenarioError as error:
        raise InvalidInput({"scenario": [_sentence(str(error))]}) from error
    return _restarted(call, world)


def snapshots_list(call: Call) -> list[dict[str, Any]]:
    return [_shown(snapshot) for snapshot in call.session.snapshots]


def snapshots_get(call: Call) -> dict[str, Any]:
    return {**_shown(snapshot := _snapshot(call)), "rows": _rows(snapshot.world)}


def snapshots_take(call: Call) -> dict[str, Any]:
    return _shown(call.session.snapshots.take(call.path["name"], call.plane.now()))


def snapshots_restore(call: Call) -> dict[str, Any]:
    """The world is as it was; the snapshot stays, and so do rules, journal and webhooks."""
    snapshot = _snapshot(call)
    call.session.snapshots.restore(snapshot)
    _follow(call)
    return _shown(snapshot)


def snapshots_diff(call: Call) -> dict[str, Any] | Response:
    """What has changed since the snapshot, or from it to another one."""
    from waldur_billing_mock.mock_server.world_diff import as_json, as_text, diff

    before, after = _snapshot(call).world, call.session.stage.world
    if "to" in call.query:
        after = _snapshot(call, call.query["to"]).world
    found = diff(before, after)
    return PlainTextResponse(as_text(found)) if call.query.get("format") == "text" else as_json(found)


def snapshots_drop(call: Call) -> None:
    if not call.session.snapshots.drop(call.path["name"]):
        raise _no_snapshot(call.path["name"])


def _restarted(call: Call, world: World) -> dict[str, Any]:
    answer = {"now": world.now.isoformat(), "seed": world.seed, "rows": _rows(world)}
    call.session.stage.restart(world)
    _follow(call)
    return answer


def _follow(call: Call) -> None:
    """A running clock goes on from the time of the world that was put in place."""
    session = call.session
    if session.clock is not None:
        session.clock.set(session.stage.world.now)


def _snapshot(call: Call, name: str | None = None) -> Snapshot:
    name = call.path["name"] if name is None else name
    found = call.session.snapshots.get(name)
    if found is None:
        raise _no_snapshot(name)
    return found


def _no_snapshot(name: str) -> NotFound:
    return NotFound(f"There is no snapshot {name!r} in this session.")


def _shown(snapshot: Snapshot) -> dict[str, Any]:
    return {"name": snapshot.name, "taken": snapshot.taken.isoformat(), "now": snapshot.world.now.isoformat()}


def _rows(world: World) -> dict[str, int]:
    return {name: len(world.table(kind)) for name, kind in TABLES.items()}


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
