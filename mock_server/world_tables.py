"""The tables of a world file: the classes of their rows, which fields name other rows, what is unique, the defaults.

This is the one place that knows of the classes how a world is put together from rows.
"""

from collections.abc import Callable, Iterator, Mapping
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
from waldur_billing_mock.mock_server.billing.period import Month
from waldur_billing_mock.mock_server.billing.store import World
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, User
from waldur_billing_mock.mock_server.billing.table import Table

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
"""The fields that name rows, and the tables in which these rows must be."""

_UNIQUE: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "users": (("username",), ("token",)),
    "service_providers": (("customer_uuid",),),
    "invoices": (("customer_uuid", "year", "month"),),
    "customer_credits": (("customer_uuid",),),
    "project_credits": (("project_uuid",),),
}

Values = dict[str, Any]
Default = Callable[[World, Values], Any]


def _invoice_month(world: World, values: Values) -> Month:
    """The month of the invoice that an item names; for a name that is wrong, the current one."""
    invoice = world.invoices.get(values["invoice_uuid"])
    return Month(invoice.year, invoice.month) if invoice else Month.of(world.now)


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
}


def rows_of(world: World, name: str) -> Table[Any]:
    table: Table[Any] = getattr(world, name)
    return table


def put_row(world: World, name: str, values: Values) -> Any:
    """The new row of a table."""
    return rows_of(world, name).put(TABLES[name](world=world, **values))


def kind_of_uuid(name: str) -> str:
    """The name under which the uuids of a table are made (see `World.new_uuid`)."""
    return name.removesuffix("s")


def keys(name: str) -> tuple[tuple[str, ...], ...]:
    """The fields, alone or together, whose values no two rows of a table share."""
    return (("id",), ("uuid",), *_UNIQUE.get(name, ()))


def defaults(name: str) -> Mapping[str, Default]:
    """What fields are where the file leaves them out and their class has no default; ids and uuids have others."""
    return _DEFAULTS.get(name, {})


def links(row: Any, fields: Mapping[str, object]) -> Iterator[tuple[tuple[str | int, ...], str, str | int | None]]:
    """The references of a row: the path of each within the row, the table that it leads to, and the key there."""
    for field in fields:
        if field in LINKS:
            value = getattr(row, field)
            if isinstance(value, frozenset):
                yield from (((field,), LINKS[field], key) for key in sorted(value))
            else:
                yield (field,), LINKS[field], value
    for place, role in enumerate(getattr(row, "roles", ())):
        yield ("roles", place, "scope_uuid"), f"{role.scope_type}s", role.scope_uuid
