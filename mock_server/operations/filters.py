"""Filters that compare a declared key of a row: the same declaration is the predicate and names the index."""

from typing import Any

from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.views import InvoiceView, ItemView
from waldur_billing_mock.mock_server.tables import schema_of


class By:
    """Rows whose key has the value, or one of the values. Raises `ValueError` for a key that is not declared."""

    __slots__ = ("_key", "key")

    def __init__(self, kind: type[Invoice | InvoiceItem], key: str) -> None:
        self.key = key
        self._key = schema_of(kind).key(key)

    def __call__(self, view: InvoiceView | ItemView, value: Any, /) -> bool:
        found = view.world.read(self._key, view.row)
        return found in value if isinstance(value, list) else bool(found == value)
