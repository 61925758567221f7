"""How a world is put together from rows: which fields name other rows, what is unique, and the defaults."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.world import TABLES, World
from waldur_billing_mock.mock_server.tables import Table, schema_of

_NAMES: Final = {row_type: name for name, row_type in TABLES.items()}

Values = dict[str, Any]
Default = Callable[[World, Values], Any]


def _invoice_month(world: World, values: Values) -> Month:
    """The month of the invoice that an item names; for a name that is wrong, the current one."""
    invoice = world.invoices.get(values["invoice_uuid"])
    return invoice.billed_month if invoice else Month.of(world.now)


_DEFAULTS: Final[Mapping[str, Mapping[str, Default]]] = {
    "customers": {"created": lambda world, values: world.now},
    "offerings": {"type": lambda world, values: "Marketplace.Basic"},
    "offering_components": {"name": lambda world, values: values["type"].capitalize()},
    "plans": {"unit": lambda world, values: "month"},
    "resources": {
        "plan_uuid": lambda world, values: None,
        "created": lambda world, values: Month.of(world.now).start,
    },
    "component_usages": {
        "year": lambda world, values: world.now.year,
        "month": lambda world, values: world.now.month,
        "date": lambda world, values: world.now,
    },
    "invoices": {
        "year": lambda world, values: world.now.year,
        "month": lambda world, values: world.now.month,
        "created": lambda world, values: Month(values["year"], values["month"]).first_day,
    },
    "invoice_items": {
        "start": lambda world, values: _invoice_month(world, values).start,
        "end": lambda world, values: _invoice_month(world, values).end,
    },
    "payment_profiles": {
        "name": lambda world, values: "",
        "payment_type": lambda world, values: "fixed_price",
    },
    "payments": {"date_of_payment": lambda world, values: world.now.date()},
    "notifications": {
        "recipients": lambda world, values: (),
        "subject": lambda world, values: "",
        "text": lambda world, values: "",
        "sent_at": lambda world, values: world.now,
    },
    "invoice_versions": {
        "revision_date": lambda world, values: world.now,
        "comment": lambda world, values: "",
    },
    "customer_cost_policies": {"created": lambda world, values: world.now},
    "project_cost_policies": {"created": lambda world, values: world.now},
}


def rows_of(world: World, name: str) -> Table[Any]:
    table: Table[Any] = getattr(world, name)
    return table


def put_row(world: World, name: str, values: Values) -> Any:
    """The new row of a table."""
    return world.put(TABLES[name](**values))


def kind_of_uuid(name: str) -> str:
    """The name under which the uuids of a table are made (see `World.new_uuid`)."""
    return name.removesuffix("s")


def keys(name: str) -> tuple[tuple[str, ...], ...]:
    """The fields, alone or together, whose values no two rows of a table share."""
    return (("id",), ("uuid",), *schema_of(TABLES[name]).options.unique)


def defaults(name: str) -> Mapping[str, Default]:
    """What fields are where the file leaves them out and their class has no default; ids and uuids have others."""
    return _DEFAULTS.get(name, {})


def links(row: Any) -> Iterator[tuple[tuple[str | int, ...], str, str | int | None]]:
    """The references of a row: the path of each within the row, the table that it leads to, and the key there."""
    for field, target in schema_of(type(row)).foreign_keys.items():
        value = getattr(row, field)
        for key in sorted(value) if isinstance(value, frozenset) else [value]:
            yield (field,), _NAMES[target], key
    for place, role in enumerate(getattr(row, "roles", ())):
        yield ("roles", place, "scope_uuid"), f"{role.scope_type}s", role.scope_uuid
