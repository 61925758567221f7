"""How two worlds differ: row by row, field by field, in the values of world files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.printable import printable
from waldur_billing_mock.mock_server.spec.render import hyphenated
from waldur_billing_mock.mock_server.world_fields import (
    GRACE_PERIOD,
    ISSUER_DETAILS,
    NOW,
    PAYMENT_INTERVAL,
    stored_fields,
)
from waldur_billing_mock.mock_server.world_values import Kind, json_text

Row = Mapping[str, Any]
"""The fields of a row, as a world file holds them."""

Change = tuple[Any, Any]
"""A value before and after."""

_SETTINGS: Final[Mapping[str, Kind]] = {
    "now": NOW,
    "issuer_details": ISSUER_DETAILS,
    "payment_interval_days": PAYMENT_INTERVAL,
    "grace_period_hours": GRACE_PERIOD,
}
_FIELDS: Final = {kind: stored_fields(kind) for kind in TABLES.values()}
_KEYS: Final = frozenset({"id", "uuid"})


@dataclass(frozen=True, slots=True)
class TableDiff:
    """What differs in one table. Changed are fields of rows with the same id, which come with the row after it."""

    added: list[Row] = field(default_factory=list)
    removed: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Mapping[str, Change]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class WorldDiff:
    """What differs between two worlds: settings, the clock among them, and tables by name."""

    settings: Mapping[str, Change]
    tables: Mapping[str, TableDiff]


def diff(before: World, after: World) -> WorldDiff:
    """What was done to `before` to make `after`."""
    old, new = _settings(before), _settings(after)
    tables = {name: _table(kind, before, after) for name, kind in TABLES.items()}
    return WorldDiff(
        {name: (old[name], new[name]) for name in old if old[name] != new[name]},
        {name: found for name, found in tables.items() if found},
    )


def as_json(found: WorldDiff) -> dict[str, Any]:
    return {
        "equal": not found.settings and not found.tables,
        "settings": {name: _change(change) for name, change in found.settings.items()},
        "tables": {
            name: {
                "added": table.added,
                "removed": table.removed,
                "changed": [
                    {
                        "id": row["id"],
                        "uuid": hyphenated(row["uuid"]),
                        "fields": {name: _change(change) for name, change in changes.items()},
                    }
                    for row, changes in table.changed
                ],
            }
            for name, table in found.tables.items()
        },
    }


def as_text(found: WorldDiff) -> str:
    """A line for each row, and one for each field of it: `+` is after, `-` before, `~` is changed."""
    return "".join(f"{printable(line)}\n" for line in _lines(found)) or "no difference\n"


def _settings(world: World) -> dict[str, Any]:
    settings = world.settings
    hours = settings.grace_period // timedelta(hours=1)
    values = (settings.now, settings.issuer_details, settings.payment_interval.days, hours)
    return {name: kind.write(value) for (name, kind), value in zip(_SETTINGS.items(), values, strict=True)}


def _table(kind: type[Any], before: World, after: World) -> TableDiff:
    old = {row.id: row for row in before.table(kind)}
    new = {row.id: row for row in after.table(kind)}
    found = TableDiff()
    # Worlds share the rows that are the same, mostly.
    for id in sorted(old.keys() | new.keys()):
        one, other = old.get(id), new.get(id)
        if one is other:
            continue
        if one is None:
            found.added.append(_row(kind, other))
        elif other is None:
            found.removed.append(_row(kind, one))
        elif changes := _changes(_row(kind, one), _row(kind, other)):
            found.changed.append((_row(kind, other), changes))
    return found


def _row(kind: type[Any], row: Any) -> Row:
    return {name: one.write(getattr(row, name)) for name, (one, _) in _FIELDS[kind].items()}


def _changes(before: Row, after: Row) -> dict[str, Change]:
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _change(change: Change) -> dict[str, Any]:
    return {"before": change[0], "after": change[1]}


def _lines(found: WorldDiff) -> Iterator[str]:
    for name, (before, after) in found.settings.items():
        yield f"~ {name}: {json_text(before)} → {json_text(after)}"
    for name, table in found.tables.items():
        for sign, rows in (("-", table.removed), ("+", table.added)):
            for row in rows:
                yield f"{sign} {name} {_label(row)}"
                for field_name, value in row.items():
                    if field_name not in _KEYS and value not in (None, "", [], {}):
                        yield f"    {field_name}: {json_text(value)}"
        for row, changes in table.changed:
            yield f"~ {name} {_label(row)}"
            for field_name, (before, after) in changes.items():
                yield f"    {field_name}: {json_text(before)} → {json_text(after)}"


def _label(row: Row) -> str:
    name = row.get("name") or row.get("username")
    return f"{row['id']} {hyphenated(row['uuid'])}" + (f" {json_text(name)}" if name else "")
