"""Which items of an invoice a caller asks for, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_server.billing.item import InvoiceItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSelection:
    """A request for some of an invoice's items. What is empty or None lets everything through.

    `query` is looked for in the name of the resource, whatever the case. The uuids are 32 hexadecimal
    digits: the service provider's own, the project's that the item shows, and the offering's that the
    details name. `order` is a key, with a minus for descending; other texts leave the order as it is.
    """

    query: str = ""
    provider_uuid: str = ""
    project_uuid: str = ""
    offering_uuid: str = ""
    conceal_compensation_items: bool = False
    order: str = ""

    def of(self, items: Iterable[InvoiceItem]) -> list[InvoiceItem]:
        """The items that are let through. Those without a value for the order come first, descending last."""
        chosen = [item for item in items if self._lets_through(item)]
        key = _ORDER_KEYS.get(self.order.removeprefix("-"))
        if key is None:
            return chosen
        return sorted(chosen, key=_missing_first(key), reverse=self.order.startswith("-"))

    def _lets_through(self, item: InvoiceItem) -> bool:
        query = self.query.strip().casefold()
        return not (
            (query and query not in (item.resource_name or "").casefold())
            or (self.provider_uuid and self.provider_uuid != item.details.get("service_provider_uuid"))
            or (self.project_uuid and self.project_uuid != item.project_uuid)
            or (self.offering_uuid and self.offering_uuid != item.details.get("offering_uuid"))
            or (self.conceal_compensation_items and item.credit)
        )


_ORDER_KEYS: dict[str, Callable[[InvoiceItem], str | None]] = {
    "project_name": lambda item: item.project_name,
    "resource_name": lambda item: item.resource_name,
    "provider_name": lambda item: item.provider_name,
    "name": lambda item: item.name,
}


def _missing_first(key: Callable[[InvoiceItem], str | None]) -> Callable[[InvoiceItem], tuple[bool, str]]:
    def sort_key(item: InvoiceItem) -> tuple[bool, str]:
        value = key(item)
        return value is not None, value or ""

    return sort_key
