"""Time and states: the clock, what a move of it changed, snapshots, reset, scenarios, sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.responses import Response

from waldur_billing_mock.fixtures import SCENARIOS
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.pages import html
from waldur_billing_mock.mock_server.pages.steering import Outcome, steer
from waldur_billing_mock.mock_server.pages.view import View

MOST_LINES: Final = 400

MOVES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "day": ("One day", {"by": "P1D"}),
    "week": ("One week", {"by": "P7D"}),
    "month": ("One month", {"by": "P1M"}),
    "month-end": ("To the month's end", {"until": "month-end"}),
}
"""The buttons of the clock: what they say, and the body of `clock_advance`."""


Kind = Literal["added", "removed", "changed", "field"]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference."""

    text: str
    kind: Kind


async def machine(view: View) -> Response:
    """The page of all of it."""
    return view.page(
        "time.html",
        moves={name: title for name, (title, _) in MOVES.items()},
        snapshots=(await steer(view, "snapshots_list")).value,
        sessions=(await steer(view, "sessions_list")).value,
        scenarios={name: scenario.summary for name, scenario in SCENARIOS.items()},
        seed=view.world.seed,
    )


async def move(view: View) -> Response:
    """`clock_advance`, or `clock_set` for an instant."""
    before = view.world
    if view.form.get("to"):
        outcome = await steer(view, "clock_set", body={"now": view.form["to"]})
    else:
        outcome = await steer(view, "clock_advance", body=MOVES.get(view.form.get("by", ""), MOVES["day"])[1])
    if outcome.failed:
        return view.redirect("time", outcome.reason, failed=True)
    details = {
        "counts": {html.events(name, count): count for name, count in outcome.value["counts"].items()},
        "lines": difference(before, view.world),
    }
    return view.redirect("time", f"The clock is at {html.moment(view.world.now)}.", details=details)


async def reset(view: View) -> Response:
    """`reset`."""
    before = view.world
    outcome = await steer(view, "reset")
    view.site.recipes.clear(view.session.id)
    details = {"counts": {}, "lines": difference(before, view.world)}
    return _done(view, outcome, "The world is as it was in the beginning.", details)


async def reseed(view: View) -> Response:
    """`reseed`: the world of a scenario, from a seed."""
    body: dict[str, Any] = {name: view.form[name] for name in ("scenario", "now") if view.form.get(name)}
    if view.form.get("seed"):
        seed = view.form["seed"]
        body["seed"] = int(seed) if seed.lstrip("-").isdecimal() else seed
    outcome = await steer(view, "reseed", body=body)
    if not outcome.failed:
        view.site.recipes.clear(view.session.id)
    return _done(view, outcome, "The world is a new one.")


async def take(view: View) -> Response:
    """`snapshots_take`."""
    name = view.form.get("name", "").strip()
    outcome = (
        await steer(view, "snapshots_take", path={"name": name}) if name else Outcome(None, {"": "Name it first."})
    )
    return _done(view, outcome, f"The snapshot {name} is taken.")


async def restore(view: View) -> Response:
    """`snapshots_restore`."""
    name, before = view.form.get("name", ""), view.world
    outcome = await steer(view, "snapshots_restore", path={"name": name})
    return _done(
        view,
        outcome,
        f"The world is that of the snapshot {name}.",
        {"counts": {}, "lines": difference(before, view.world)},
    )


async def drop(view: View) -> Response:
    """`snapshots_drop`."""
    name = view.form.get("name", "")
    return _done(view, await steer(view, "snapshots_drop", path={"name": name}), f"The snapshot {name} is dropped.")


def compare(view: View) -> Response:
    """What has changed since a snapshot."""
    name = view.query.get("name", "")
    snapshot = view.session.snapshots.get(name)
    if snapshot is None:
        return view.missing("snapshot")
    return view.page("difference.html", name=name, snapshot=snapshot, lines=difference(snapshot.world, view.world))


async def put_session(view: View) -> Response:
    """`sessions_put`: a session that begins with the world of this one."""
    id = view.form.get("id", "").strip()
    outcome = await steer(view, "sessions_put", path={"id": id}, body={"from": view.session.id})
    return _done(view, outcome, f"The session {id} has a copy of this world.")


async def drop_session(view: View) -> Response:
    """`sessions_drop`."""
    id = view.form.get("id", "")
    outcome = await steer(view, "sessions_drop", path={"id": id})
    if id == view.session.id and not outcome.failed:
        notice = view.redirect("/_mock/ui/time", f"The session {id} is dropped.")
        notice.headers["location"] = notice.headers["location"].replace(f"mock_session={id}", "")
        return notice
    return _done(view, outcome, f"The session {id} is dropped.")


def difference(before: World, after: World) -> Sequence[DiffLine]:
    """What changed, the first lines of it."""
    from waldur_billing_mock.mock_server.world_diff import as_text, diff

    lines = as_text(diff(before, after)).splitlines()
    found = [DiffLine(line, _kind(line)) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        found.append(DiffLine(f"and {len(lines) - MOST_LINES:,} more lines", "field"))
    return found


def _kind(line: str) -> Kind:
    match line[:1]:
        case "+":
            return "added"
        case "-":
            return "removed"
        case "~":
            return "changed"
    return "field"


def _done(view: View, outcome: Outcome, text: str, details: Mapping[str, Any] | None = None) -> Response:
    if outcome.failed:
        return view.redirect("time", outcome.reason, failed=True)
    return view.redirect("time", text, details=details)
