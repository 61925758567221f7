"""What happened, and how counts went from day to day."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from waldur_billing_mock.mock_server.billing.structure import Customer
from waldur_billing_mock.mock_server.billing.visibility import can_see_customer, can_see_project, sees_everything
from waldur_billing_mock.mock_server.billing.world import World
from waldur_billing_mock.mock_server.operations.call import Call, read_uuid
from waldur_billing_mock.mock_server.operations.support.common import (
    by,
    derived_uuid,
    equals,
    has_text,
    is_among,
    linked_uuid,
    shown,
)
from waldur_billing_mock.mock_server.operations.support.users import grants_on
from waldur_billing_mock.mock_server.web.listing import Filter, Listing

_DAYS: Final = 30
_FILTERS: Final[Mapping[str, Filter["Event"]]] = {
    "event_type": is_among(lambda event: event.event_type),
    "customer_uuid": equals(lambda event: event.customer.uuid),
    "message": has_text(lambda event: event.message),
    "created_from": lambda event, second: event.created.timestamp() >= second,
    "created_to": lambda event, second: event.created.timestamp() <= second,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a customer's invoice."""

    event_type: str
    created: datetime
    message: str
    customer: Customer
    about: str
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        return derived_uuid("event", f"{self.event_type}:{self.about}")

    @property
    def context(self) -> Mapping[str, object]:
        return {"customer_uuid": self.customer.uuid, "customer_name": self.customer.name, **self.more}


def events_list(call: Call) -> Listing[Event]:
    """What happened to customers on which the caller has a role, the latest first."""
    rows = sorted(_visible(call), key=lambda event: event.created, reverse=True)
    filters: dict[str, Filter[Event]] = dict(_FILTERS)
    if call.query.get("scope"):
        customer = linked_uuid(call, "scope", "/api/customers/{uuid}/")
        filters["scope"] = lambda event, _: event.customer.uuid == customer
    return Listing(rows, filters, by("created"))


def events_retrieve(call: Call) -> Event:
    """The event. Raises `NotFound`."""
    uuid = read_uuid(call.path["id"])
    return shown(next((event for event in _visible(call) if event.uuid == uuid), None), True, "Event")


def daily_quotas_retrieve(call: Call) -> Mapping[str, list[int]]:
    """How many users had a role in a customer or a project at the end of each day. Raises `NotFound`.

    Counts of anything else are zero.
    """
    joined, query = _days_of_joining(call), call.query
    end: date = query.get("end") or call.world.now.date()
    start: date = query.get("start") or end - timedelta(days=_DAYS - 1)
    days = [start + timedelta(days=number) for number in range(max(0, min((end - start).days + 1, 366)))]
    users = [bisect_right(joined, day) for day in days]
    return {name: users if name == "nc_user_count" else [0] * len(days) for name in query.get("quota_names", ())}


def _days_of_joining(call: Call) -> list[date]:
    """The day on which each user got the first role in the customer or project of the query, in order."""
    link, world = call.query.get("scope"), call.world
    customer = world.customers.get(linked_uuid(call, "scope", "/api/customers/{uuid}/")) if link else None
    if customer is not None and can_see_customer(world, call.user, customer):
        projects = [row.uuid for row in world.projects.where(customer_uuid=customer.uuid)]
        grants = [*grants_on(world, "customer", customer.uuid)]
        grants += [grant for uuid in projects for grant in grants_on(world, "project", uuid)]
    else:
        project = world.projects.get(linked_uuid(call, "scope", "/api/projects/{uuid}/")) if link else None
        visible = project is not None and can_see_project(call.user, project)
        grants = [*grants_on(world, "project", shown(project, visible, "Scope").uuid)]
    joined: dict[str, date] = {}
    for grant in grants:
        day = grant.created.date()
        joined[grant.user_uuid] = min(joined.get(grant.user_uuid, day), day)
    return sorted(joined.values())


def _visible(call: Call) -> Iterator[Event]:
    own = call.user.scopes("customer")
    return (event for event in _events(call.world) if sees_everything(call.user) or event.customer.uuid in own)


def _events(world: World) -> Iterator[Event]:
    """What the rows of the world tell of what happened: invoices that were made, payments that came."""
    for invoice in world.invoices:
        customer = world.customers.one(invoice.customer_uuid)
        period = {"month": invoice.month, "year": invoice.year, "invoice_uuid": invoice.uuid}
        yield Event(
            "invoice_created",
            _midnight(invoice.created),
            f"Invoice for customer {customer.name} has been created.",
            customer,
            invoice.uuid,
            period,
        )
        for payment in world.payments.where(invoice_uuid=invoice.uuid):
            yield Event(
                "payment_created",
                _midnight(payment.date_of_payment),
                f"Payment for invoice ({invoice.month}/{invoice.year}) has been added.",
                customer,
                payment.uuid,
                {**period, "amount": str(payment.sum)},
            )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
