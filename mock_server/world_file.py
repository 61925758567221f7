"""A world as one JSON file: `dump` writes it, `load` reads it. `WORLD_FORMAT.md` describes the format.

A row is an object of the fields that its class stores; what follows from them is not in the file. A loaded world goes
on where the dumped one stood: its clock, its seed, and the ids and uuids that it makes next.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
from waldur_billing_mock.mock_server.billing.invoice import Invoice, Notification
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import (
    ComponentUsage,
    Offering,
    OfferingComponent,
    Plan,
    PlanComponent,
    Resource,
    ServiceProvider,
)
from waldur_billing_mock.mock_server.billing.payment import Payment, PaymentProfile
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.billing.table import Table
from waldur_billing_mock.mock_server.world_values import (
    INSTANT,
    INTEGER,
    JSON,
    Kind,
    json_text,
    mapping_of,
    shown,
    stored_fields,
)

FORMAT: Final = 1

TABLES: Final[Mapping[str, type[Any]]] = {
    "customers": Customer,
    "projects": Project,
    "users": User,
    "service_providers": ServiceProvider,
    "offerings": Offering,
    "offering_components": OfferingComponent,
    "plans": Plan,
    "plan_components": PlanComponent,
    "resources": Resource,
    "component_usages": ComponentUsage,
    "customer_credits": CustomerCredit,
    "project_credits": ProjectCredit,
    "invoices": Invoice,
    "invoice_items": InvoiceItem,
    "payment_profiles": PaymentProfile,
    "payments": Payment,
    "notifications": Notification,
}
"""The tables of a world by their names, with the classes of their rows, in the order of the file."""

LINKS: Final[Mapping[str, str]] = {
    "customer_uuid": "customers",
    "project_uuid": "projects",
    "linked_project_uuid": "projects",
    "offering_uuid": "offerings",
    "offering_uuids": "offerings",
    "component_uuid": "offering_components",
    "plan_uuid": "plans",
    "plan_component_id": "plan_components",
    "resource_uuid": "resources",
    "credit_uuid": "customer_credits",
    "invoice_uuid": "invoices",
    "profile_uuid": "payment_profiles",
}
"""The fields that name rows, and the tables where these rows must stand."""

_UNIQUE: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "users": (("username",), ("token",)),
    "service_providers": (("customer_uuid",),),
    "invoices": (("customer_uuid", "year", "month"),),
    "customer_credits": (("customer_uuid",),),
    "project_credits": (("project_uuid",),),
}
_HEAD: Final[Mapping[str, Kind]] = {
    "format": INTEGER,
    "now": INSTANT,
    "seed": INTEGER,
    "payment_interval_days": INTEGER,
    "issuer_details": mapping_of(JSON),
    "uuids_made": mapping_of(INTEGER),
    "last_ids": mapping_of(INTEGER),
}


_LINE_END: Final = ",\n"


class WorldFileError(Exception):
    """A file that is no world. The sentence says what is wrong, where, and what should stand there."""


def dump(world: World) -> str:
    """The text of the file: one row a line, in the order of the ids. Equal worlds give equal texts."""
    head = {
        "format": FORMAT,
        "now": world.now,
        "seed": world.seed,
        "payment_interval_days": world.payment_interval.days,
        "issuer_details": world.issuer_details,
        "uuids_made": dict(sorted(world.uuids_made.items())),
        "last_ids": {name: _table(world, name).next_id - 1 for name in TABLES},
    }
    lines = [f'"{name}": {json_text(_HEAD[name].write(value))}' for name, value in head.items()]
    for name, row_type in TABLES.items():
        kinds = stored_fields(row_type)
        rows = [
            json_text({field: kind.write(getattr(row, field)) for field, (kind, _) in kinds.items()})
            for row in _table(world, name)
        ]
        lines.append(f'"{name}": [\n{_LINE_END.join(rows)}\n]' if rows else f'"{name}": []')
    return f"{{\n{_LINE_END.join(lines)}\n}}\n"


def read(path: Path) -> str:
    """The text of a world file. Raises `WorldFileError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFileError(f"The world file {path} cannot be read: {error}.") from error


def load(text: str) -> World:
    """The world of a file. Raises `WorldFileError` for a text that is none."""
    try:
        content = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WorldFileError(f"The file is not JSON ({error}); write it with `dump`.") from error
    if not isinstance(content, dict):
        raise WorldFileError(f"The file holds {shown(content)}; it must hold one object.")
    if content.get("format") != FORMAT:
        raise WorldFileError(
            f"The file says format {shown(content.get('format'))}; this version reads format {FORMAT} only."
        )
    head = _read_members("The file", content, {name: (kind, True) for name, kind in _HEAD.items()}, TABLES)
    world = World(
        now=head["now"],
        seed=head["seed"],
        issuer_details=head["issuer_details"],
        payment_interval=timedelta(days=head["payment_interval_days"]),
    )
    for name, row_type in TABLES.items():
        if not isinstance(rows := content.get(name), list):
            raise WorldFileError(f"Table {name}: found {shown(rows)}; it must be a list of rows, which may be empty.")
        _fill(world, name, row_type, rows)
    for name in TABLES:
        _check_links(world, name)
    _take_up_counters(world, head["uuids_made"], head["last_ids"])
    return world


def _fill(world: World, name: str, row_type: type[Any], rows: list[Any]) -> None:
    table, kinds = _table(world, name), stored_fields(row_type)
    taken: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
    for number, content in enumerate(rows, start=1):
        where = f"Table {name}, row {number}"
        if not isinstance(content, dict):
            raise WorldFileError(f"{where}: found {shown(content)}; a row is an object of fields.")
        row = row_type(world=world, **_read_members(where, content, kinds))
        for key in (("id",), ("uuid",), *_UNIQUE.get(name, ())):
            values = tuple(getattr(row, field) for field in key)
            if values in taken.setdefault(key, set()):
                raise WorldFileError(
                    f"{where}: another row has the same {' and '.join(key)} ({shown(values)}); each row needs its own."
                )
            taken[key].add(values)
        table.put(row)


def _read_members(
    where: str,
    content: Mapping[str, Any],
    kinds: Mapping[str, tuple[Kind, bool]],
    others: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The values of an object's members; `others` may stand beside them and are not read."""
    for name in content:
        if name not in kinds and name not in (others or {}):
            raise WorldFileError(
                f"{where}: {shown(name)} is unknown; known are {', '.join([*kinds, *(others or {})])}."
            )
    values = {}
    for name, (kind, required) in kinds.items():
        if name in content:
            try:
                values[name] = kind.read(content[name])
            except ValueError as error:
                raise WorldFileError(
                    f"{where}, field {name}: found {shown(content[name])}, where {kind.expected} must stand."
                ) from error
        elif required:
            raise WorldFileError(f"{where}: the field {name} is missing; add {kind.expected}.")
    return values


def _check_links(world: World, name: str) -> None:
    links = {field: table for field, table in LINKS.items() if field in stored_fields(TABLES[name])}
    for row in _table(world, name):
        linked = [(field, table, getattr(row, field)) for field, table in links.items()]
        linked += [("roles", f"{role.scope_type}s", role.scope_uuid) for role in getattr(row, "roles", ())]
        for field, table, value in linked:
            for key in value if isinstance(value, frozenset) else [value]:
                target = _table(world, table)
                found = target.by_id(key) if isinstance(key, int) else target.get(key)
                if key is not None and found is None:
                    raise WorldFileError(
                        f"Table {name}, the row with the id {row.id}, field {field}: the table {table} has no row "
                        f"{shown(key)}; add it there or name another."
                    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _take_up_counters(world: World, uuids_made: Mapping[str, int], last_ids: Mapping[str, int]) -> None:
    world.uuids_made.update(uuids_made)
    for name, last in last_ids.items():
        if name not in TABLES:
            raise WorldFileError(f"The file, field last_ids: there is no table {shown(name)}.")
        table = _table(world, name)
        if last < table.next_id - 1:
            raise WorldFileError(
                f"The file, field last_ids: {name} has {last}, but a row with the id {table.next_id - 1}; "
                "name the highest id that was ever in use."
            )
        table.reserve(last)


def _table(world: World, name: str) -> Table[Any]:
    table: Table[Any] = getattr(world, name)
    return table
