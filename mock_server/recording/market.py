"""Who sells what, and what was bought: rows of the marketplace, from its own lists or from what items tell of it."""

from collections.abc import Mapping
from typing import Any, Final

from waldur_billing_mock.contracts.values import Malformed, Row, decimal, identifier
from waldur_billing_mock.mock_server.recording.gathering import Gathered
from waldur_billing_mock.mock_server.recording.rows import FileRow, Rows, derived, text_of, uuid_of

_NOT_LISTED: Final = "items name it, and its own list does not show it"
_EARLIEST: Final = "2000-01-01T00:00:00Z"


class Market:
    """The marketplace of a recording."""

    def __init__(self, rows: Rows, found: Gathered) -> None:
        self._rows: Final = rows
        self._found: Final = found
        self._listed: Final = found.neighbours

    def put_neighbours(self) -> None:
        """What the lists of the server show, all of it or what belongs to the recorded customers."""
        customers = self._rows.tables["customers"]
        for row in self._listed.get("projects", ()):
            customer = uuid_of(row, "customer_uuid")
            if customer in customers or self._found.bounds.are_none:
                self._put_project(row)
        for row in self._listed.get("offerings", ()):
            self._put_offering(row)
        for row in self._listed.get("service_providers", ()):
            customer = uuid_of(row, "customer_uuid")
            if customer is not None:
                self.need_customer(customer, text_of(row, "customer_name"))
                self._rows.put("service_providers", {"uuid": identifier(row["uuid"]), "customer_uuid": customer})
        for row in self._listed.get("resources", ()):
            self._put_resource(row)
        for row in self._listed.get("component_usages", ()):
            self._put_usage(row)
        self._put_credits()
        self._put_cost_policies()

    def need_customer(self, uuid: str, name: str) -> FileRow:
        """The customer with a uuid."""
        return self._rows.need("customers", uuid, lambda: {"name": name, "created": _EARLIEST}, _NOT_LISTED)

    def need_project(self, uuid: str, name: str, customer: str) -> FileRow:
        """The project with a uuid."""
        return self._rows.need("projects", uuid, lambda: {"name": name, "customer_uuid": customer}, _NOT_LISTED)

    def need_offering(self, uuid: str, name: str, details: Mapping[str, Any]) -> FileRow:
        """The offering with a uuid; the one that sells it is the provider that the details name."""

        def make() -> FileRow:
            provider = uuid_of(details, "service_provider_uuid")
            known = self._rows.get("service_providers", provider)
            seller = known["customer_uuid"] if known else derived("seller", provider or uuid)
            self.need_customer(seller, text_of(details, "service_provider_name"))
            if provider is not None and known is None:
                self._rows.put("service_providers", {"uuid": provider, "customer_uuid": seller})
                self._rows.notes.make_up("service_providers", "the details of items name them")
            return {
                "name": name or text_of(details, "offering_name"),
                "type": text_of(details, "offering_type") or "Marketplace.Basic",
                "customer_uuid": seller,
            }

        return self._rows.need("offerings", uuid, make, _NOT_LISTED)

    def need_resource(self, uuid: str, item: Row, line: Row, details: Mapping[str, Any]) -> FileRow:
        """The resource with a uuid, made of what an item tells of it where no list does."""

        def make() -> FileRow:
            customer = identifier(item["customer_uuid"])
            linked = self._found.linked.get(identifier(item["uuid"])) or uuid_of(item, "project_uuid")
            project = linked or derived("project", customer)
            self.need_project(project, text_of(item, "project_name") if linked else "N/A", customer)
            offering = uuid_of(item, "offering_uuid") or uuid_of(details, "offering_uuid") or derived("offering", uuid)
            self.need_offering(offering, text_of(item, "offering_name"), details)
            plan = uuid_of(details, "plan_uuid")
            if plan is not None:
                self.need_plan(plan, offering, details)
            return {
                "name": text_of(line, "resource_name") or text_of(details, "resource_name"),
                "project_uuid": project,
                "offering_uuid": offering,
                "plan_uuid": plan,
                "created": item["start"],
            }

        return self._rows.need("resources", uuid, make, _NOT_LISTED)

    def need_plan(self, uuid: str, offering: str, details: Mapping[str, Any]) -> FileRow:
        """The plan with a uuid."""

        def make() -> FileRow:
            return {"offering_uuid": offering, "name": text_of(details, "plan_name"), "unit": "month"}

        return self._rows.need("plans", uuid, make, _NOT_LISTED)

    def _put_project(self, row: Row) -> None:
        customer = uuid_of(row, "customer_uuid") or uuid_of(row, "customer")
        if customer is not None:
            self.need_customer(customer, text_of(row, "customer_name"))
            self._rows.put(
                "projects", {"uuid": identifier(row["uuid"]), "name": text_of(row, "name"), "customer_uuid": customer}
            )

    def _put_offering(self, row: Row) -> None:
        uuid, seller = identifier(row["uuid"]), uuid_of(row, "customer_uuid") or uuid_of(row, "customer")
        if seller is None:
            return
        self.need_customer(seller, text_of(row, "customer_name"))
        self._rows.put(
            "offerings",
            {
                "uuid": uuid,
                "name": text_of(row, "name"),
                "type": text_of(row, "type"),
                "customer_uuid": seller,
                "category_title": text_of(row, "category_title"),
            },
        )
        components: dict[str, str] = {}
        for component in _objects(row, "components"):
            kind = text_of(component, "type")
            own = uuid_of(component) or derived("component", f"{uuid}:{kind}")
            components[kind] = own
            self._rows.put(
                "offering_components",
                {
                    "uuid": own,
                    "offering_uuid": uuid,
                    "type": kind,
                    "name": text_of(component, "name"),
                    "billing_type": component.get("billing_type"),
                    "measured_unit": text_of(component, "measured_unit"),
                    "limit_period": component.get("limit_period") or None,
                    "article_code": text_of(component, "article_code"),
                },
            )
        for plan in _objects(row, "plans"):
            self._put_plan(uuid, plan, components)

    def _put_plan(self, offering: str, plan: Row, components: Mapping[str, str]) -> None:
        uuid = uuid_of(plan)
        if uuid is None:
            return
        self._rows.put(
            "plans",
            {
                "uuid": uuid,
                "offering_uuid": offering,
                "name": text_of(plan, "name"),
                "unit": text_of(plan, "unit") or "month",
                "article_code": text_of(plan, "article_code"),
            },
        )
        prices, quotas = plan.get("prices"), plan.get("quotas")
        for kind, price in prices.items() if isinstance(prices, dict) else ():
            if kind in components:
                amount = quotas.get(kind, 0) if isinstance(quotas, dict) else 0
                self.put_plan_component(uuid, components[kind], price, amount)

    def put_plan_component(self, plan: str, component: str, price: object, amount: object = 0) -> FileRow:
        """The price of a component in a plan. Its uuid is shown nowhere."""
        try:
            shown = format(decimal(price), "f")
            count = int(decimal(amount)) if amount is not None else 0
        except Malformed:
            shown, count = "0", 0
        self._rows.notes.infer("plan_components", "from the prices and quotas of plans; their uuids are new")
        return self._rows.put(
            "plan_components",
            {
                "uuid": derived("plan_component", f"{plan}:{component}"),
                "plan_uuid": plan,
                "component_uuid": component,
                "price": shown,
                "amount": count,
            },
        )

    def _put_resource(self, row: Row) -> None:
        project, offering = uuid_of(row, "project_uuid"), uuid_of(row, "offering_uuid")
        customer = uuid_of(row, "customer_uuid")
        if project is None or offering is None or customer is None:
            return
        if not self._found.bounds.are_none and self._rows.get("customers", customer) is None:
            return
        self.need_customer(customer, text_of(row, "customer_name"))
        self.need_project(project, text_of(row, "project_name"), customer)
        seller = uuid_of(row, "provider_uuid")
        if self._rows.get("offerings", offering) is None and seller is not None:
            self.need_customer(seller, text_of(row, "provider_name"))
            made = {"name": text_of(row, "offering_name"), "type": text_of(row, "offering_type")}
            self._rows.need("offerings", offering, lambda: {**made, "customer_uuid": seller}, _NOT_LISTED)
        self.need_offering(offering, text_of(row, "offering_name"), {})
        plan = uuid_of(row, "plan_uuid")
        if plan is not None:
            unit = {"name": text_of(row, "plan_name"), "unit": text_of(row, "plan_unit") or "month"}
            self._rows.need("plans", plan, lambda: {"offering_uuid": offering, **unit}, _NOT_LISTED)
        limits = row.get("limits")
        self._rows.put(
            "resources",
            {
                "uuid": identifier(row["uuid"]),
                "name": text_of(row, "name"),
                "project_uuid": project,
                "offering_uuid": offering,
                "plan_uuid": plan,
                "created": row.get("created"),
                "terminated": row.get("modified") if row.get("state") == "Terminated" else None,
                "limits": _whole_numbers(limits) if isinstance(limits, dict) else {},
                "state": text_of(row, "state") or "OK",
            },
        )
        if row.get("state") == "Terminated":
            self._rows.notes.infer("resources.terminated", "when a terminated resource was last changed")

    def _put_usage(self, row: Row) -> None:
        resource, period = uuid_of(row, "resource_uuid"), text_of(row, "billing_period")
        if self._rows.get("resources", resource) is None or len(period) < 7:
            return
        self._rows.put(
            "component_usages",
            {
                "uuid": identifier(row["uuid"]),
                "resource_uuid": resource,
                "component_type": text_of(row, "type"),
                "year": int(period[:4]),
                "month": int(period[5:7]),
                "usage": format(decimal(row.get("usage", "0")), "f"),
                "date": row.get("date"),
            },
        )

    def _put_credits(self) -> None:
        for row in self._listed.get("customer_credits", ()):
            customer = uuid_of(row, "customer_uuid")
            if self._rows.get("customers", customer) is None:
                continue
            offerings = [uuid for one in _objects(row, "offerings") if (uuid := uuid_of(one) or uuid_of(one, "url"))]
            self._rows.put(
                "customer_credits",
                {
                    "uuid": identifier(row["uuid"]),
                    "customer_uuid": customer,
                    "value": format(decimal(row.get("value", "0")), "f"),
                    "offering_uuids": sorted(uuid for uuid in offerings if self._rows.get("offerings", uuid)),
                    "end_date": row.get("end_date"),
                },
            )
        for row in self._listed.get("project_credits", ()):
            project = uuid_of(row, "project_uuid")
            if self._rows.get("projects", project) is not None:
                value = format(decimal(row.get("value", "0")), "f")
                self._rows.put(
                    "project_credits", {"uuid": identifier(row["uuid"]), "project_uuid": project, "value": value}
                )

    def _put_cost_policies(self) -> None:
        for table, owner, owners in (
            ("customer_cost_policies", "customer_uuid", "customers"),
            ("project_cost_policies", "project_uuid", "projects"),
        ):
            for row in self._listed.get(table, ()):
                scope = uuid_of(row, "scope_uuid")
                if self._rows.get(owners, scope) is None or not isinstance(row.get("limit_cost"), int):
                    continue
                fields = {name: row.get(name) for name in ("limit_cost", "period", "actions", "created")}
                self._rows.put(table, {"uuid": identifier(row["uuid"]), owner: scope, **fields})


def _objects(row: Row, name: str) -> list[Row]:
    value = row.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _whole_numbers(limits: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in limits.items() if isinstance(value, int) and not isinstance(value, bool)}
