"""Rows as replies show them: a row in its world, with the attributes that the response schemas name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args, overload

from waldur_billing_mock.mock_server.billing import figures, lookups
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import BillingType, Offering, Resource
from waldur_billing_mock.mock_server.billing.money import percent
from waldur_billing_mock.mock_server.billing.sorted_rows import SortedRows, SortKey, ValueOf
from waldur_billing_mock.mock_server.billing.structure import Customer, Json, issuer_as_customer
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.tables import Found, Row

R = TypeVar("R", bound=Row)


@dataclass(eq=False, slots=True)
class View(Generic[R]):
    """A row, read in a world. Attributes that a view does not define are those of the row."""

    world: World
    row: R

    def __init_subclass__(cls) -> None:
        """Has the fields of the class of rows read in C, which takes a fifth of the time of `__getattr__`."""
        kinds = [kind for base in cls.__dict__.get("__orig_bases__", ()) for kind in get_args(base)]
        for field in [field for kind in kinds if is_dataclass(kind) for field in fields(kind)]:
            if not hasattr(cls, field.name):
                setattr(cls, field.name, property(attrgetter(f"row.{field.name}")))

    def __getattr__(self, name: str) -> object:
        return getattr(self.row, name)


class CustomerView(View[Customer]):
    """A customer as its invoices show it."""

    __slots__ = ()


class IssuerView(Mapping[str, Json]):
    """The issuer of all invoices of a world. `read` makes its fields of the configuration, when they are asked for."""

    def __init__(self, world: World, read: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> None:
        self.world = world
        self._read = read

    @cached_property
    def _fields(self) -> Mapping[str, Json]:
        return self._read(self.world.settings.issuer_details)

    def __getitem__(self, name: str) -> Json:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class InvoiceView(View[Invoice]):
    """An invoice as replies show it."""

    __slots__ = ()

    @property
    def customer(self) -> Customer:
        return self.world.customers.one(self.row.customer_uuid)

    @property
    def customer_details(self) -> CustomerView:
        """The customer as it is now; the API prints its address and bank."""
        return CustomerView(self.world, self.customer)

    @property
    def issuer_details(self) -> IssuerView:
        """The issuer in the fields of a customer, as documented."""
        return IssuerView(self.world, issuer_as_customer)

    @property
    def issuer_configuration(self) -> IssuerView:
        """The issuer as the operator configured it, which is what real servers send."""
        return IssuerView(self.world, dict)

    @property
    def due_date(self) -> date | None:
        return figures.due_date(self.world, self.row)

    @property
    def items(self) -> list[ItemView]:
        """The items whose total is not zero, by project name, then name, then age."""
        return sorted(self._shown, key=lambda item: (item.project_name, item.row.name, item.row.id))

    @property
    def items_by_stored_project(self) -> list[ItemView]:
        """The same, by the project name that is stored with each item; items without one come first."""
        return sorted(self._shown, key=lambda item: (item.row.stored_project_name, item.row.name, item.row.id))

    @property
    def price(self) -> Decimal:
        return figures.sums_of(self.world, self.row).price

    @property
    def tax(self) -> Decimal:
        """price × tax_percent / 100, unrounded."""
        return percent(self.price, self.row.tax_percent)

    @property
    def total(self) -> Decimal:
        return figures.total_of(self.world, self.row)

    @property
    def compensations(self) -> Decimal:
        return figures.sums_of(self.world, self.row).compensations

    @property
    def incurred_costs(self) -> Decimal:
        return figures.sums_of(self.world, self.row).incurred_costs

    @property
    def _shown(self) -> Iterator[ItemView]:
        return (ItemView(self.world, item) for item in figures.shown_items(self.world, self.row))


class ItemView(View[InvoiceItem]):
    """An invoice item in both forms in which replies show it."""

    __slots__ = ()

    @property
    def invoice(self) -> Invoice:
        return self.world.invoices.one(self.row.invoice_uuid)

    @property
    def customer_uuid(self) -> str:
        """The customer of the invoice."""
        return self.invoice.customer_uuid

    @property
    def customer_name(self) -> str:
        return self.world.customers.one(self.customer_uuid).name

    @property
    def tax(self) -> Decimal:
        """price × the invoice's tax_percent / 100, unrounded."""
        return percent(self.row.price, self.invoice.tax_percent)

    @property
    def total(self) -> Decimal:
        return figures.item_total(self.world, self.row)

    @property
    def displayed_measured_unit(self) -> str:
        """The stored unit; without one, words for the billing unit, in the plural for more than one."""
        if self.row.measured_unit or self.row.credit:
            return self.row.measured_unit
        plural = "s" if self.row.quantity > 1 else ""
        match self.row.unit:
            case "hour" | "day":
                return self.row.unit + plural
            case "half_month":
                return "percents from half a month"
            case "month" | "quarter":
                return "percents from a month"
            case _:
                return ""

    @property
    def factor(self) -> None:
        """Documented, but no known server has ever sent it."""
        return None

    @property
    def resource(self) -> Resource | None:
        return self.world.resources.get(self.row.resource_uuid)

    @property
    def resource_name(self) -> str | None:
        resource = self.resource
        return resource.name if resource else None

    @property
    def provider_name(self) -> str | None:
        """The name of the customer that sells the resource's offering."""
        offering = self._offering
        return self.world.customers.one(offering.customer_uuid).name if offering else None

    @property
    def offering_uuid(self) -> str | None:
        resource = self.resource
        return resource.offering_uuid if resource else None

    @property
    def offering_name(self) -> str | None:
        """Of the resource's offering; without a resource, what the details say."""
        offering = self._offering
        return offering.name if offering else lookups.detail_of(self.row, "offering_name")

    @property
    def billing_type(self) -> BillingType | None:
        return lookups.billing_type_of(self.world, self.row)

    @property
    def offering_component_type(self) -> str | None:
        return lookups.component_type_of(self.world, self.row)

    @property
    def project_name(self) -> str:
        """The snapshot, else the linked project's name, else `N/A`."""
        if self.row.stored_project_name:
            return self.row.stored_project_name
        project = self.world.projects.get(self.row.linked_project_uuid)
        return project.name if project else "N/A"

    @property
    def _offering(self) -> Offering | None:
        resource = self.resource
        return self.world.offerings.one(resource.offering_uuid) if resource else None


V = TypeVar("V", bound=InvoiceView | ItemView)


class ViewedRows(Sequence[V]):
    """Rows of one world, each of which becomes a view when it is read."""

    def __init__(self, world: World, rows: Sequence[Any], view: Callable[[World, Any], V]) -> None:
        self.world = world
        self.rows = rows
        self._view = view

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> V: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[V]: ...
    def __getitem__(self, place: int | slice) -> V | Sequence[V]:
        if isinstance(place, slice):
            return ViewedRows(self.world, self.rows[place], self._view)
        return self._view(self.world, self.rows[place])

    def __iter__(self) -> Iterator[V]:
        return iter([self._view(self.world, row) for row in self.rows])


class Views(ViewedRows[V]):
    """Found rows, each of which becomes a view when it is read."""

    rows: Found[Any]

    def narrowed(self, wanted: Mapping[str, Hashable]) -> tuple[Views[V], Collection[str]]:
        """The fewest of these that one index finds, and the keys of what is wanted that all of them have."""
        rows, satisfied = self.rows.narrowed(wanted)
        return Views(self.world, rows, self._view), satisfied

    def sorted_by(self, keys: tuple[SortKey, ...], value: ValueOf) -> Views[V] | None:
        """All of these by some keys, ties as they are now; None where they are only a part of their table.

        `value` takes a key and a view, and returns what is compared.
        """
        if self.rows.whole_order is None or not self.rows:
            return None
        rows = self.world.listener(SortedRows).of(self.world, self._view, self.rows, keys, value)
        return Views(self.world, rows, self._view)

    def picked(self, views: Sequence[V]) -> Views[V]:
        """Some of these, which somebody else has chosen."""
        return Views(self.world, self.rows.picked([view.row for view in views]), self._view)
