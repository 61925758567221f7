"""A world as one file: `dump` writes it, `load` reads it, `schema` describes it. See `WORLD_FORMAT.md`.

A row is an object of the fields that its class stores; what follows from them is not in the file. A loaded world goes
on where the dumped one stopped: its clock, its seed, and the ids and uuids that it makes next.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.fixtures import DEFAULT_NOW, DEFAULT_SEED
from waldur_billing_mock.mock_server.billing.bounds import must_fit
from waldur_billing_mock.mock_server.billing.faults import OutOfRange
from waldur_billing_mock.mock_server.billing.figures import items_of
from waldur_billing_mock.mock_server.billing.money import absolute
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.whole_file import replacing
from waldur_billing_mock.mock_server.world_fields import (
    GRACE_PERIOD,
    INTEGER,
    ISSUER_DETAILS,
    NOW,
    PAYMENT_INTERVAL,
    RECORDED,
    stored_fields,
)
from waldur_billing_mock.mock_server.world_tables import (
    defaults,
    keys,
    kind_of_uuid,
    links,
    put_row,
    rows_of,
)
from waldur_billing_mock.mock_server.world_text import WorldFileError, WorldText
from waldur_billing_mock.mock_server.world_values import (
    TEXT,
    Kind,
    Schema,
    Unfit,
    integer,
    json_text,
    mapping_of,
    object_schema,
    shown,
)

FORMAT: Final = 1

_COUNT: Final = integer("a number from 0 to 2147483647", 0, 2**31 - 1)
_HEAD: Final[Mapping[str, Kind]] = {
    "$schema": TEXT,
    "format": integer(f"{FORMAT}, the only version of the format", FORMAT, FORMAT),
    "now": NOW,
    "seed": INTEGER,
    "payment_interval_days": PAYMENT_INTERVAL,
    "grace_period_hours": GRACE_PERIOD,
    "issuer_details": ISSUER_DETAILS,
    "uuids_made": mapping_of(_COUNT),
    "last_ids": mapping_of(_COUNT),
    "recorded": RECORDED,
}
FIELDS: Final = {name: stored_fields(row_type) for name, row_type in TABLES.items()}
"""By table, the kinds of all stored fields, and whether the file must have them."""
_LINE_END: Final = ",\n"
_MOST_FITTING: Final = 10**7
"""Below this sum of all items, each figure of a world has room in the published patterns."""


def head_of(world: World) -> dict[str, Any]:
    """The head of the file, as JSON."""
    head = {
        "format": FORMAT,
        "now": world.now,
        "seed": world.seed,
        "payment_interval_days": world.settings.payment_interval.days,
        "grace_period_hours": world.settings.grace_period // timedelta(hours=1),
        "issuer_details": world.settings.issuer_details,
        "uuids_made": dict(sorted(world.uuids_made.items())),
        "last_ids": {name: rows_of(world, name).next_id - 1 for name in TABLES},
    }
    if world.settings.recorded is not None:
        head["recorded"] = world.settings.recorded
    return {name: _HEAD[name].write(value) for name, value in head.items()}


def dump(world: World) -> str:
    """The text of the file: one row a line, in the order of the ids. Equal worlds give equal texts."""
    lines = [f'"{name}": {json_text(value)}' for name, value in head_of(world).items()]
    for name, kinds in FIELDS.items():
        rows = [
            json_text({field: kind.write(getattr(row, field)) for field, (kind, _) in kinds.items()})
            for row in rows_of(world, name)
        ]
        lines.append(f'"{name}": [\n{_LINE_END.join(rows)}\n]' if rows else f'"{name}": []')
    return f"{{\n{_LINE_END.join(lines)}\n}}\n"


def write(world: World, path: Path) -> None:
    """Writes the file as a whole or not at all. Raises `WorldFileError` where it cannot be written."""
    try:
        _write(dump(world), path.resolve())
    except OSError as error:
        raise WorldFileError(f"{path}: the file cannot be written: {error.strerror}.") from error


def _write(text: str, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")  # a pipe or a device, which cannot be replaced
        return
    with replacing(path, f".{path.name}.") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)


def schema() -> Schema:
    """The JSON Schema of world files. It does not say which rows must exist, nor how large sums may be."""
    head = {name: kind.schema for name, kind in _HEAD.items()}
    tables = {name: {"type": "array", "items": _row_schema(name)} for name in TABLES}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A world of the Waldur billing mock",
        **object_schema({**head, **tables}, ()),
    }


def _row_schema(name: str) -> Schema:
    needed = [field for field, (_, required) in FIELDS[name].items() if required and not _has_default(name, field)]
    properties = {field: kind.schema for field, (kind, _) in FIELDS[name].items()}
    return {"description": cleandoc(TABLES[name].__doc__ or ""), **object_schema(properties, needed)}


def _has_default(name: str, field: str) -> bool:
    return field in ("id", "uuid") or field in defaults(name)


def load_file(path: Path) -> World:
    """The world of a file, which is YAML by the end of its name, or else JSON. Raises `WorldFileError`."""
    return load_source(WorldText.of_file(path))


def load(text: str, name: str = "the world file") -> World:
    """The world of a JSON text. `name` is what messages of `WorldFileError` call the file."""
    return load_source(WorldText(name, text))


def load_source(source: WorldText) -> World:
    """The world of a text. Raises `WorldFileError`."""
    content = source.parsed()
    if not isinstance(content, dict):
        raise source.error((), f"found {shown(content)}; a world file holds one object.")
    return _Loader(source, content).world()


def empty_world(head: Mapping[str, Any]) -> World:
    """A world without rows. `head` has the values of a file's head, as they were read."""
    world = World(
        now=head.get("now", DEFAULT_NOW),
        seed=head.get("seed", DEFAULT_SEED),
        issuer_details=head.get("issuer_details"),
        payment_interval=timedelta(days=head.get("payment_interval_days", 30)),
    )
    world.settings = replace(
        world.settings,
        grace_period=timedelta(hours=head.get("grace_period_hours", 0)),
        recorded=head.get("recorded"),
    )
    world.uuids_made.update(head.get("uuids_made", {}))
    return world


def read_head(head: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a head that `head_of` wrote. Raises `KeyError` or `ValueError` for another."""
    return {name: _HEAD[name].read(value) for name, value in head.items()}


class _Loader:
    """Fills a world with the rows of a file."""

    def __init__(self, source: WorldText, content: Mapping[str, Any]) -> None:
        self._source: Final = source
        self._content: Final = content
        self._places: Final[dict[str, dict[int, int]]] = {}
        """Where the row of each id is in the list of its table."""
        self._head: Final = self._members((), content, _HEAD, TABLES)
        self._world: Final = empty_world(self._head)

    def world(self) -> World:
        for name in TABLES:
            rows = self._content.get(name, [])
            if not isinstance(rows, list):
                raise self._source.error((name,), f"found {shown(rows)}; expected a list of rows.")
            self._fill(name, rows)
        for name in TABLES:
            self._check_links(name)
        self._check_figures()
        self._take_up_counters()
        return self._world

    def _fill(self, name: str, rows: Sequence[Any]) -> None:
        kinds = {field: kind for field, (kind, _) in FIELDS[name].items()}
        given = [row for row in rows if isinstance(row, dict)]
        uuids = {row["uuid"].replace("-", "") for row in given if isinstance(row.get("uuid"), str)}
        ids = [row["id"] for row in given if type(row.get("id")) is int]
        next_id = max([*ids, self._last_id(name)]) + 1
        taken: dict[tuple[str, ...], set[tuple[Any, ...]]] = {key: set() for key in keys(name)}
        places: dict[int, int] = {}
        for place, content in enumerate(rows):
            values = self._members((name, place), content, kinds)
            if "id" not in values:
                values["id"], next_id = next_id, next_id + 1
            if "uuid" not in values:
                values["uuid"] = self._new_uuid(name, uuids)
            self._complete(name, place, values)
            for key, known in taken.items():
                found = tuple(values[field] for field in key)
                if found in known:
                    raise self._source.error(
                        (name, place),
                        f"another row has the same {' and '.join(key)} ({shown(found)}); each row needs its own.",
                    )
                known.add(found)
            put_row(self._world, name, values)
            places[values["id"]] = place
        self._places[name] = places

    def _new_uuid(self, name: str, taken: set[str]) -> str:
        while (uuid := self._world.new_uuid(kind_of_uuid(name))) in taken:
            pass
        return uuid

    def _complete(self, name: str, place: int, values: dict[str, Any]) -> None:
        """Fills in defaults that are not those of the class."""
        known = defaults(name)
        for field, (kind, required) in FIELDS[name].items():
            if field in values or not required:
                continue
            if field not in known:
                raise self._source.error((name, place), f"the field {field} is missing; add {kind.expected}.")
            values[field] = known[field](self._world, values)

    def _members(
        self, path: tuple[str | int, ...], content: Any, kinds: Mapping[str, Kind], others: Iterable[str] = ()
    ) -> dict[str, Any]:
        """The values of the members of an object; `others` may be there too, and are not read."""
        if not isinstance(content, dict):
            raise self._source.error(path, f"found {shown(content)}; a row is an object of fields.")
        values = {}
        for name, one in content.items():
            if name in kinds:
                try:
                    values[name] = kinds[name].read(one)
                except Unfit as error:
                    raise self._source.error((*path, name, *error.path), str(error)) from error
            elif name not in others:
                raise self._source.error(path, f"{shown(name)} is unknown; known are {', '.join([*kinds, *others])}.")
        return values

    def _check_links(self, name: str) -> None:
        for row in rows_of(self._world, name):
            for path, table, key in links(row):
                target = rows_of(self._world, table)
                if key is not None and (target.by_id(key) if isinstance(key, int) else target.get(key)) is None:
                    raise self._source.error(
                        (name, self._places[name][row.id], *path),
                        f"the table {table} has no row {shown(key)}; add it there or name another.",
                    )

    def _check_figures(self) -> None:
        """Whatever is computed of items can be printed, as after a write (see `bounds.py`)."""
        items = self._world.invoice_items
        if items.total.value + len(items) < _MOST_FITTING:
            return
        for invoice in self._world.invoices:
            on_invoice = items_of(self._world, invoice)
            if on_invoice:
                largest = max(on_invoice, key=lambda item: absolute(item.value))
                try:
                    must_fit(self._world, largest, invoice)
                except OutOfRange as error:
                    place = self._places["invoice_items"][largest.id]
                    raise self._source.error(("invoice_items", place), error.message) from error

    def _last_id(self, name: str) -> int:
        last: int = self._head.get("last_ids", {}).get(name, 0)
        return last

    def _take_up_counters(self) -> None:
        made, last_ids = self._world.uuids_made, self._head.get("last_ids", {})
        for name in TABLES:
            table = rows_of(self._world, name)
            if name in last_ids and last_ids[name] < table.next_id - 1:
                raise self._source.error(
                    ("last_ids", name),
                    f"found {last_ids[name]}, but a row has the id {table.next_id - 1}; give the highest id ever used.",
                )
            self._world.reserve(TABLES[name], self._last_id(name))
            if "uuids_made" not in self._head and len(table):
                # Each id is given once, so that no more uuids than ids were made.
                made[kind_of_uuid(name)] = max(made.get(kind_of_uuid(name), 0), table.next_id - 1)
        unknown = last_ids.keys() - TABLES.keys()
        if unknown:
            raise self._source.error(("last_ids",), f"there is no table {shown(min(unknown))}.")
