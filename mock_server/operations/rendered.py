"""A cache of the rendered texts of invoices, their items, customers and issuer, dropped when what they show changes."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.credit import CustomerCredit
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import (
    Offering,
    OfferingComponent,
    Plan,
    PlanComponent,
    Resource,
    ServiceProvider,
)
from waldur_billing_mock.mock_server.billing.structure import Customer, Project
from waldur_billing_mock.mock_server.billing.views import CustomerView, InvoiceView, IssuerView, ItemView, ViewedRows
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.spec.render import CachedTexts, Texts
from waldur_billing_mock.mock_server.tables import Cache, Row

_MOST_ROWS: Final = 10_000
"""Invoices, and as many items, whose texts are cached."""
_SHOWN: Final = (
    Customer,
    Project,
    ServiceProvider,
    Offering,
    OfferingComponent,
    Plan,
    PlanComponent,
    Resource,
    CustomerCredit,
)
"""Rows that invoices and items show."""

_VIEWS: Final = (InvoiceView, ItemView, CustomerView)

_UUID: Final = attrgetter("uuid")
_SHOWN_BY_ITEMS: Final = attrgetter("uuid", "customer_uuid", "year", "month", "tax_percent")
"""What items show of their invoice."""


class RenderedTexts:
    """The texts of invoices, of items and of the customers of invoices by uuid, and those of the issuer.

    Those of an invoice or item are dropped when the row changes, or its invoice, or one of its items; all of them when
    another row changes that they may show, or a setting of the world. Copies fill the same `Texts`, and drop only their
    own.
    """

    def __init__(self) -> None:
        self._invoices: Cache[str, Texts] = Cache()
        self._items: Cache[str, Texts] = Cache()
        self._customers: Cache[str, Texts] = Cache()
        self.issuer = Texts()

    def texts_of(self, row: Row) -> Texts:
        """The cached texts of an invoice, item or customer. The caller may add some."""
        cache = self._cache_of(row)
        found = cache.get(row.uuid)
        if found is not None:
            return found
        if len(cache) >= _MOST_ROWS:
            cache.clear()
        return cache.set(row.uuid, Texts())

    def texts_of_each(self, rows: Sequence[Row]) -> Sequence[Texts]:
        """The same of several, one at least, which are of one kind."""
        cache = self._cache_of(rows[0])
        found: list[Any] = cache.several(map(_UUID, rows))
        return [self.texts_of(row) for row in rows] if None in found else found

    def _cache_of(self, row: Row) -> Cache[str, Texts]:
        kind = type(row)
        return self._items if kind is InvoiceItem else self._invoices if kind is Invoice else self._customers

    def changed(self, world: World, before: Row | None, after: Row | None) -> None:
        for row in (before, after):
            if isinstance(row, _SHOWN):
                self.clear()
            elif isinstance(row, Invoice):
                self._invoices.drop(row.uuid)
            elif isinstance(row, InvoiceItem):
                self._items.drop(row.uuid)
                self._invoices.drop(row.invoice_uuid)
        if isinstance(before, Invoice) and (after is None or _SHOWN_BY_ITEMS(before) != _SHOWN_BY_ITEMS(after)):
            for item in world.invoice_items.where(invoice_uuid=before.uuid):
                self._items.drop(item.uuid)

    def clear(self) -> None:
        self._invoices.clear()
        self._items.clear()
        self._customers.clear()
        self.issuer = Texts()

    def copy(self) -> "RenderedTexts":
        copied = RenderedTexts()
        copied._invoices, copied._items = self._invoices.copy(), self._items.copy()
        copied._customers, copied.issuer = self._customers.copy(), self.issuer
        return copied


def _texts_of(value: Any) -> Texts | None:
    """The cached texts of an invoice, an item, a customer or the issuer; None for anything else."""
    if isinstance(value, _VIEWS):
        return value.world.listener(RenderedTexts).texts_of(value.row)
    if type(value) is IssuerView:
        return value.world.listener(RenderedTexts).issuer
    return None


def _texts_of_each(values: Sequence[Any]) -> Sequence[Texts] | None:
    """The cached texts of each of some invoices, items or customers; None for anything else."""
    if isinstance(values, ViewedRows):
        return values.world.listener(RenderedTexts).texts_of_each(values.rows) if values else None
    if isinstance(values, list) and values and isinstance(values[0], _VIEWS):
        return values[0].world.listener(RenderedTexts).texts_of_each([view.row for view in values])
    return None


CACHED_TEXTS: Final = CachedTexts(_texts_of, _texts_of_each)
