"""Finds what there is to ask about: invoices, their lines, the items, and the objects that these name.

Nothing is looked up by a guessed identifier, except the numbers of provider items, which no answer shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from waldur_billing_mock.contracts.context import Context, field_of, key_of
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.values import (
    Malformed,
    Month,
    Row,
    decimal,
    identifier,
    optional_identifier,
    product,
    total,
)

PAID_BY_CREDIT: Final = "Credit compensation"
"""How the names of items begin with which a credit pays."""
UNKNOWN: Final = "ffffffff-ffff-4fff-bfff-ffffffffffff"
"""A well-formed uuid of nothing."""

_FIRST_NUMBERS: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """An item as its invoice shows it, together with that invoice."""

    invoice: Row
    item: Row

    @property
    def month(self) -> Month:
        """The month of the invoice."""
        return month_of_invoice(self.invoice)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is billed: a customer and one of its projects, if any, with their names."""

    customer: str
    customer_name: str
    project: str | None
    project_name: str


class BillingData:
    """All that a role may see of invoices and items. Raises `NotExercised` where that is too much to read."""

    def __init__(self, context: Context, role: str | None = None) -> None:
        self._context: Final = context
        self._role: Final = role

    @cached_property
    def invoices(self) -> list[Row]:
        """Every invoice, with its lines."""
        return self._context.rows("invoices_list", self._role)

    @cached_property
    def items(self) -> list[Row]:
        """Every invoice item by itself."""
        return self._context.rows("invoice_items_list", self._role)

    @cached_property
    def lines(self) -> list[Line]:
        """Every line of every invoice; those whose total is zero are not shown by invoices."""
        return [Line(invoice, item) for invoice in self.invoices for item in field_of(invoice, "items")]

    @cached_property
    def places(self) -> frozenset[Place]:
        """The customers and projects that lines name."""
        return frozenset(
            Place(
                key_of(line.invoice, "customer"),
                str(line.invoice["customer_details"]["name"]),
                optional_identifier(line.item.get("project_uuid")),
                str(line.item.get("project_name")),
            )
            for line in self.lines
        )

    @cached_property
    def item_by_key(self) -> dict[str, Row]:
        return {key_of(item): item for item in self.items}

    @cached_property
    def invoice_by_key(self) -> dict[str, Row]:
        return {key_of(invoice): invoice for invoice in self.invoices}

    @cached_property
    def line_by_key(self) -> dict[str, Line]:
        return {key_of(line.item): line for line in self.lines}

    @cached_property
    def of_resource(self) -> dict[str, Row]:
        """The details that items hold, by their resource; those of one that says something."""
        found: dict[str, Row] = {}
        for item in [*self.items, *(line.item for line in self.lines)]:
            resource = optional_identifier(item.get("resource"))
            if resource and item.get("details"):
                found[resource] = item["details"]
        return found

    def invoice_of(self, item: Row) -> Row:
        """The invoice that an item links to. Raises `NotExercised` where the role does not see it."""
        found = self.invoice_by_key.get(key_of(item, "invoice"))
        if found is None:
            raise NotExercised("an item links to an invoice that is not listed")
        return found

    def of_customer(self, customer: str) -> list[Line]:
        """The lines on the invoices of a customer."""
        return [line for line in self.lines if key_of(line.invoice, "customer") == customer]

    def of_project(self, project: str) -> list[Line]:
        """The lines of a project, wherever they are billed."""
        return [line for line in self.lines if optional_identifier(line.item.get("project_uuid")) == project]

    @cached_property
    def customers(self) -> list[str]:
        """The customers that are billed."""
        return list(dict.fromkeys(key_of(invoice, "customer") for invoice in self.invoices))

    @cached_property
    def projects(self) -> list[str]:
        """The projects that lines name."""
        named = (optional_identifier(line.item.get("project_uuid")) for line in self.lines)
        return list(dict.fromkeys(project for project in named if project))


def billing_data(context: Context, role: str | None = None) -> BillingData:
    """The data of a role, the same ones until something is written."""
    key = f"data of {role}"
    if key not in context.memory or context.memory[key][0] != context.reading:
        context.memory[key] = (context.reading, BillingData(context, role))
    data: BillingData = context.memory[key][1]
    return data


def month_of_invoice(invoice: Row) -> Month:
    """The month that an invoice bills. Raises `NotExercised` where it does not tell."""
    return Month(int(field_of(invoice, "year")), int(field_of(invoice, "month")))


def exact(item: Row) -> Decimal:
    """Unit price times quantity of an item in any form, unrounded."""
    return product(decimal(field_of(item, "unit_price")), decimal(field_of(item, "quantity")))


def cost(items: Iterable[Row]) -> Decimal:
    """The exact sum of unit price times quantity."""
    return total(exact(item) for item in items)


def provider_numbers(context: Context, role: str | None = None) -> list[str]:
    """The first numbers that name a provider item, found by asking, since no answer shows them."""
    found = []
    for number in range(1, _FIRST_NUMBERS + 1):
        if context.ask("provider_invoice_items_retrieve", role, of=str(number)).status == 200:
            found.append(str(number))
        if len(found) == 3:
            break
    return found


def named_offering(line: Line) -> str | None:
    """The offering that the details of a line name."""
    return _named(line.item, "offering_uuid")


def named_provider(line: Line) -> str | None:
    """The service provider that the details of a line name."""
    return _named(line.item, "service_provider_uuid")


def _named(item: Row, name: str) -> str | None:
    details = item.get("details")
    try:
        return identifier(details.get(name)) if isinstance(details, dict) else None
    except Malformed:
        return None
