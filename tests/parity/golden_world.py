"""The recorded world as a world of the mock. What the recording does not tell is decided here, and said.

The clock is at noon of the day of the recording. A user's token is its name. Plan components have the ids that the
details of items name. Items keep the order of the file, which is that of their starts; two have their own ids.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any, Final

from waldur_billing_mock.mock_server.billing.credit import CustomerCredit, ProjectCredit
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
from waldur_billing_mock.mock_server.billing.payment import Payment, PaymentProfile
from waldur_billing_mock.mock_server.billing.structure import Customer, Project, Role, User
from waldur_billing_mock.mock_server.billing.world import World

Recorded = Mapping[str, Any]

FIRST_NUMBER: Final = 100000
CREDIT_PREFIX: Final = "Credit compensation. "


def golden_world(text: str) -> World:
    """The world that a golden `world.json` describes. Raises `KeyError` for a text of another form."""
    recorded: Recorded = json.loads(text, parse_float=Decimal)
    day = date.fromisoformat(recorded["taken_at"])
    world = World(now=datetime.combine(day, time(12), UTC), seed=0, issuer_details=recorded["issuer_details"])
    _add_structure(world, recorded)
    _add_marketplace(world, recorded)
    _add_credits_and_profiles(world, recorded)
    _add_invoices(world, recorded)
    _add_items(world, recorded)
    _add_payments(world, recorded)
    return world


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _add_structure(world: World, recorded: Recorded) -> None:
    for id, row in enumerate(recorded["customers"], start=1):
        texts = ("name", "address", "country", "email", "postal", "phone_number", "bank_name", "bank_account")
        world.put(
            Customer(
                id=id,
                uuid=row["uuid"],
                created=_instant(row["created"]),
                default_tax_percent=Decimal(row["default_tax_percent"]),
                archived=row["archived"],
                vat_code=row["vat_code"],
                **{name: row[name] for name in texts},
            )
        )
    projects = [*recorded["projects"], *_removed_projects(recorded)]
    for id, row in enumerate(projects, start=1):
        world.put(Project(id=id, uuid=row["uuid"], name=row["name"], customer_uuid=row["customer_uuid"]))
    for id, row in enumerate(recorded["users"], start=1):
        flags = {name: row[name] for name in ("is_staff", "is_support", "is_active")}
        world.put(
            User(
                id=id,
                uuid=row["uuid"],
                username=row["username"],
                token=row["username"],
                token_expired=row["username"] == "expired",
                roles=tuple(
                    Role(name=role["role_name"], scope_type=role["scope_type"], scope_uuid=role["scope_uuid"])
                    for role in row["roles"]
                ),
                **flags,
            )
        )


def _removed_projects(recorded: Recorded) -> list[Recorded]:
    """The projects that the server hid after they had ended, although resources still lie in them."""
    shown = {row["uuid"] for row in recorded["projects"]}
    names = {item["project_uuid"]: item["project_name"] for item in recorded["invoice_items"]}
    hidden = {
        row["project_uuid"]: row["customer_uuid"] for row in recorded["resources"] if row["project_uuid"] not in shown
    }
    return [{"uuid": uuid, "name": names[uuid], "customer_uuid": customer} for uuid, customer in hidden.items()]


def _add_marketplace(world: World, recorded: Recorded) -> None:
    for id, row in enumerate(recorded["service_providers"], start=1):
        world.put(ServiceProvider(id=id, uuid=row["uuid"], customer_uuid=row["customer_uuid"]))
    components: dict[tuple[str, str], OfferingComponent] = {}
    for id, row in enumerate(recorded["offerings"], start=1):
        texts = {name: row[name] for name in ("uuid", "name", "type", "customer_uuid", "category_title")}
        world.put(Offering(id=id, **texts))
        for part in row["components"]:
            components[row["uuid"], part["type"]] = world.put(
                OfferingComponent(
                    id=world.offering_components.next_id,
                    uuid=world.new_uuid("offering_component"),
                    offering_uuid=row["uuid"],
                    **part,
                )
            )
    for id, row in enumerate(recorded["plans"], start=1):
        texts = {name: row[name] for name in ("uuid", "offering_uuid", "name", "unit", "article_code")}
        world.put(Plan(id=id, **texts))
    plans = {row["uuid"]: row for row in recorded["plans"]}
    for id, (plan_uuid, type) in sorted(_plan_component_ids(recorded).items()):
        plan = plans[plan_uuid]
        world.put(
            PlanComponent(
                id=id,
                uuid=world.new_uuid("plan_component"),
                plan_uuid=plan_uuid,
                component_uuid=components[plan["offering_uuid"], type].uuid,
                price=Decimal(plan["prices"][type]),
                amount=plan["quotas"][type],
            )
        )
    _add_resources(world, recorded)


def _plan_component_ids(recorded: Recorded) -> dict[int, tuple[str, str]]:
    """Plan and type of component by id: as the items tell, and the free ids for those that no item has."""
    ids: dict[int, tuple[str, str]] = {}
    for item in recorded["invoice_items"]:
        details = item["details"]
        if "plan_component_id" in details:
            ids[details["plan_component_id"]] = (details["plan_uuid"], details["offering_component_type"])
    free = _free_ids(ids)
    for plan in recorded["plans"]:
        for type in plan["prices"]:
            if (plan["uuid"], type) not in ids.values():
                ids[next(free)] = (plan["uuid"], type)
    return ids


def _free_ids(taken: Iterable[int]) -> Iterator[int]:
    used = set(taken)
    return (id for id in count(1) if id not in used)


def _add_resources(world: World, recorded: Recorded) -> None:
    """A resource begins with its first item; one that is terminated ended with its last."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for item in recorded["invoice_items"]:
        uuid = item["details"].get("resource_uuid")
        start, end = _instant(item["start"]), _instant(item["end"])
        first, last = spans.get(uuid, (start, end))
        spans[uuid] = (min(first, start), max(last, end))
    for id, row in enumerate(recorded["resources"], start=1):
        start, end = spans.get(row["uuid"], (world.now, world.now))
        texts = {
            name: row[name]
            for name in ("uuid", "name", "project_uuid", "offering_uuid", "plan_uuid", "limits", "state")
        }
        world.put(
            Resource(
                id=id,
                created=start,
                terminated=end if row["state"] == "Terminated" else None,
                **texts,
            )
        )


def _add_credits_and_profiles(world: World, recorded: Recorded) -> None:
    for id, row in enumerate(recorded["customer_credits"], start=1):
        world.put(
            CustomerCredit(
                id=id,
                uuid=row["uuid"],
                customer_uuid=row["customer_uuid"],
                value=Decimal(row["value"]),
                end_date=row["end_date"] and date.fromisoformat(row["end_date"]),
            )
        )
    for id, row in enumerate(recorded["project_credits"], start=1):
        world.put(
            ProjectCredit(
                id=id,
                uuid=row["uuid"],
                project_uuid=row["project_uuid"],
                value=Decimal(row["value"]),
            )
        )
    for id, row in enumerate(recorded["payment_profiles"], start=1):
        world.put(
            PaymentProfile(
                id=id,
                uuid=row["uuid"],
                customer_uuid=row["organization_uuid"],
                name=row["name"],
                payment_type=row["payment_type"],
                is_active=row["is_active"],
            )
        )


def _add_invoices(world: World, recorded: Recorded) -> None:
    """Invoices were opened on the first day of their month, and taxed as their customer is."""
    texts = ("uuid", "customer_uuid", "year", "month", "state", "backend_id", "payment_url", "reference_number")
    for row in recorded["invoices"]:
        world.put(
            Invoice(
                id=row["number"] - FIRST_NUMBER,
                created=date(row["year"], row["month"], 1),
                tax_percent=world.customers.one(row["customer_uuid"]).default_tax_percent,
                invoice_date=row["invoice_date"] and date.fromisoformat(row["invoice_date"]),
                **{name: row[name] for name in texts},
            )
        )


def _add_items(world: World, recorded: Recorded) -> None:
    """Items that a credit paid keep no snapshot of their project; those of a hidden project have only the snapshot."""
    free = _free_ids(row["id"] for row in recorded["invoice_items"] if "id" in row)
    projects = {row["uuid"] for row in recorded["projects"]}
    texts = ("uuid", "invoice_uuid", "name", "unit", "measured_unit", "article_code", "details", "resource_uuid")
    for row in recorded["invoice_items"]:
        credit = None
        if row["name"].startswith(CREDIT_PREFIX):
            customer = world.invoices.one(row["invoice_uuid"]).customer_uuid
            (credit,) = world.customer_credits.where(customer_uuid=customer)
        world.put(
            InvoiceItem(
                id=row["id"] if "id" in row else next(free),
                start=_instant(row["start"]),
                end=_instant(row["end"]),
                unit_price=Decimal(row["unit_price"]),
                quantity=Decimal(row["quantity"]),
                linked_project_uuid=row["project_uuid"] if row["project_uuid"] in projects else None,
                plan_component_id=row["details"].get("plan_component_id"),
                credit_uuid=credit.uuid if credit else None,
                stored_project_name="" if credit else row["project_name"],
                stored_project_uuid="" if credit else row["project_uuid"],
                backend_uuid=row["backend_uuid"] and row["backend_uuid"].replace("-", ""),
                **{name: row[name] for name in texts},
            )
        )


def _add_payments(world: World, recorded: Recorded) -> None:
    for id, row in enumerate(recorded["payments"], start=1):
        (profile,) = world.payment_profiles.where(customer_uuid=row["customer_uuid"])
        world.put(
            Payment(
                id=id,
                uuid=row["uuid"],
                profile_uuid=profile.uuid,
                invoice_uuid=row["invoice_uuid"],
                sum=Decimal(row["sum"]),
                date_of_payment=date.fromisoformat(row["date_of_payment"]),
            )
        )
