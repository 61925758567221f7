"""What an invoice adds up to for each offering."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from waldur_billing_mock.mock_server.billing.figures import items_of, with_tax
from waldur_billing_mock.mock_server.billing.invoice import Invoice
from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import Offering
from waldur_billing_mock.mock_server.billing.money import away_from_zero, percent, total
from waldur_billing_mock.mock_server.billing.world import World


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


def stats_of(world: World, invoice: Invoice, provider_customer_uuid: str | None = None) -> list[InvoiceStatsOffering]:
    """One entry for each offering, or for those of a selling customer, in order of first appearance.

    Items without a resource do not count.
    """
    groups: dict[str, tuple[Offering, list[InvoiceItem]]] = {}
    for item in items_of(world, invoice):
        resource = world.resources.get(item.resource_uuid)
        if resource is None:
            continue
        offering = world.offerings.one(resource.offering_uuid)
        if provider_customer_uuid in (None, offering.customer_uuid):
            groups.setdefault(offering.uuid, (offering, []))[1].append(item)
    return [_stats_of(world, offering, members, invoice.tax_percent) for offering, members in groups.values()]


def _stats_of(world: World, offering: Offering, items: list[InvoiceItem], rate: Decimal) -> InvoiceStatsOffering:
    provider = world.service_providers.first(customer_uuid=offering.customer_uuid)
    return InvoiceStatsOffering(
        uuid=offering.uuid,
        offering_name=offering.name,
        aggregated_price=away_from_zero(total(item.price for item in items)),
        aggregated_tax=away_from_zero(total(percent(item.price, rate) for item in items)),
        aggregated_total=away_from_zero(total(with_tax(item.price, rate) for item in items)),
        service_category_title=offering.category_title,
        service_provider_name=world.customers.one(offering.customer_uuid).name,
        service_provider_uuid=provider.uuid if provider else None,
    )
