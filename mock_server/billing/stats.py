"""What an invoice adds up to for each offering."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from waldur_billing_mock.mock_server.billing.money import away_from_zero, total

if TYPE_CHECKING:
    from waldur_billing_mock.mock_server.billing.item import InvoiceItem
    from waldur_billing_mock.mock_server.billing.marketplace import Offering


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceStatsOffering:
    """The sums of one offering on one invoice, rounded away from zero to cents.

    A selling customer that is no service provider has no `service_provider_uuid`; real servers fail there.
    """

    uuid: str
    offering_name: str
    aggregated_price: Decimal
    aggregated_tax: Decimal
    aggregated_total: Decimal
    service_category_title: str
    service_provider_name: str
    service_provider_uuid: str | None


def offering_stats(items: Iterable[InvoiceItem], provider_customer_uuid: str | None) -> list[InvoiceStatsOffering]:
    """One entry for each offering, in order of first appearance. Items without a resource do not count."""
    groups: dict[str, tuple[Offering, list[InvoiceItem]]] = {}
    for item in items:
        if item.resource is None:
            continue
        offering = item.resource.offering
        if provider_customer_uuid in (None, offering.customer_uuid):
            groups.setdefault(offering.uuid, (offering, []))[1].append(item)
    return [_stats_of(offering, members) for offering, members in groups.values()]


def _stats_of(offering: Offering, items: list[InvoiceItem]) -> InvoiceStatsOffering:
    provider = offering.service_provider
    return InvoiceStatsOffering(
        uuid=offering.uuid,
        offering_name=offering.name,
        aggregated_price=away_from_zero(total(item.price for item in items)),
        aggregated_tax=away_from_zero(total(item.tax for item in items)),
        aggregated_total=away_from_zero(total(item.total for item in items)),
        service_category_title=offering.category_title,
        service_provider_name=offering.customer.name,
        service_provider_uuid=provider.uuid if provider else None,
    )
