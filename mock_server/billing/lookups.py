"""What an item refers to by more than one step."""

from __future__ import annotations

from waldur_billing_mock.mock_server.billing.item import InvoiceItem
from waldur_billing_mock.mock_server.billing.marketplace import BillingType, OfferingComponent, PlanComponent
from waldur_billing_mock.mock_server.billing.world import World


def plan_component_of(world: World, item: InvoiceItem) -> PlanComponent | None:
    """The linked plan component; without a link, the one whose id the details name."""
    id = item.plan_component_id
    if id is None:
        named = item.details.get("plan_component_id")
        id = named if isinstance(named, int) else None
    return None if id is None else world.plan_components.by_id(id)


def component_of(world: World, item: InvoiceItem) -> OfferingComponent | None:
    """The offering component of the plan component."""
    found = plan_component_of(world, item)
    return None if found is None else world.offering_components.one(found.component_uuid)


def billing_type_of(world: World, item: InvoiceItem) -> BillingType | None:
    """How the item is billed; None without a plan component."""
    component = component_of(world, item)
    return component.billing_type if component else None


def component_type_of(world: World, item: InvoiceItem) -> str | None:
    """The type of the offering component; without a plan component, what the details say."""
    component = component_of(world, item)
    return component.type if component else detail_of(item, "offering_component_type")


def detail_of(item: InvoiceItem, name: str) -> str | None:
    """A text among the details of the item, None for an empty one."""
    value = item.details.get(name)
    return value if isinstance(value, str) and value else None
