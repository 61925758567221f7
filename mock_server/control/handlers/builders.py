"""Makes what a test needs: a call is a scenario with one entry, which is added to the session's world as a whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from waldur_billing_mock.fixtures import InvalidScenario, Made, Problem, add
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.control.clock import move
from waldur_billing_mock.mock_server.control.description import InvalidInput, path_text
from waldur_billing_mock.mock_server.control.handlers.clock import MOST_MONTHS
from waldur_billing_mock.mock_server.control.plane import Call
from waldur_billing_mock.mock_server.control.representation import represent
from waldur_billing_mock.mock_server.instants import instant
from waldur_billing_mock.mock_server.scenario_schema import problems
from waldur_billing_mock.mock_server.world_text import WorldFileError

_OF_A_WHOLE_WORLD: Final = ("extends", "seed", "issuer", "payment_interval_days", "grace_period_hours")
_ROWS: Final[Mapping[str, tuple[str, ...]]] = {"credits": ("project_credits", "credits")}
"""Where the row that an entry of a section makes is found, if not under the name of the section."""


async def scenario_add(call: Call) -> dict[str, Any]:
    """All that a file says is added, or nothing is."""
    try:
        content = call.body.parsed()
    except WorldFileError as error:
        raise InvalidInput({"non_field_errors": [str(error)]}) from error
    found = problems(content)
    if not found:
        message = "this is of a whole world; leave it out, or replace the world (PUT /_mock/world)."
        found = [Problem((name,), message) for name in _OF_A_WHOLE_WORLD if name in content]
    if found:
        raise _refused(found)
    now = _now(call, content)
    made: Made = {}

    def build(world: World) -> None:
        nonlocal made
        made = add(world, content)

    try:
        move(call.session, now, build)
    except InvalidScenario as error:
        raise _refused(error.problems) from error
    if call.session.clock is not None:
        call.session.clock.set(now)
    return await represent(call, made)


async def customers_add(call: Call) -> dict[str, Any]:
    return await _built(call, "customers")


async def projects_add(call: Call) -> dict[str, Any]:
    return await _built(call, "projects")


async def resources_add(call: Call) -> dict[str, Any]:
    return await _built(call, "resources")


async def usages_add(call: Call) -> dict[str, Any]:
    return await _built(call, "usages")


async def invoices_add(call: Call) -> dict[str, Any]:
    return await _built(call, "invoices")


async def invoice_items_add(call: Call) -> dict[str, Any]:
    return await _built(call, "invoice_items")


async def credits_add(call: Call) -> dict[str, Any]:
    return await _built(call, "credits")


async def users_add(call: Call) -> dict[str, Any]:
    return await _built(call, "users")


async def _built(call: Call, section: str) -> dict[str, Any]:
    """The row of the only entry of a section, and in `made` all that came with it."""
    shown = await represent(call, _added(call, {section: [call.body]}, (section, 0)))
    name = next(name for name in (*_ROWS.get(section, ()), section) if shown.get(name))
    row, *others = shown[name]
    made = {**shown, name: others}
    return {**row, "made": {key: rows for key, rows in made.items() if rows}}


def _added(call: Call, content: Mapping[str, Any], within: tuple[str | int, ...] = ()) -> Made:
    """What was made in the session's world. The paths of faults begin `within` the content."""
    try:
        with call.session.stage.transaction() as world:
            return add(world, content)
    except InvalidScenario as error:
        raise _refused(error.problems, within) from error


def _refused(found: Sequence[Problem], within: tuple[str | int, ...] = ()) -> InvalidInput:
    messages: dict[str, list[str]] = {}
    for path, message in found:
        place = path_text(path[len(within) :] if path[: len(within)] == within else path)
        messages.setdefault(place, []).append(f"{message[0].upper()}{message[1:]}")
    return InvalidInput(messages)


def _now(call: Call, content: Mapping[str, Any]) -> datetime:
    """Where the clock is when a file is added: where the file says, if that is not in the past."""
    clock = call.session.stage.world.now
    if "now" not in content:
        return clock
    try:
        now = instant(content["now"])
        if now < clock:
            raise ValueError(f"The clock is at {clock.isoformat()} already; PUT /_mock/world replaces the world.")
        if now - clock > timedelta(days=31 * MOST_MONTHS):
            raise ValueError(f"That is more than {MOST_MONTHS} months from {clock.isoformat()}; move the clock first.")
    except ValueError as error:
        raise InvalidInput({"now": [str(error)]}) from error
    return now
