"""For operations about one object, or that need an argument: what to ask them about, so that they have much to show."""

from collections import Counter
from types import MappingProxyType
from typing import NamedTuple

from waldur_billing_mock.contracts.context import Context, Query, need
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.readings.discovery import BillingData, billing_data, provider_numbers
from waldur_billing_mock.contracts.values import hyphenated, optional_identifier


class ExampleTarget(NamedTuple):
    """An object to ask about (blank: none) and the query parameters without which an operation says little."""

    of: str = ""
    query: Query = MappingProxyType({})


def example_target(context: Context, operation_id: str, role: str | None = None) -> ExampleTarget:
    """What to ask an operation about. Raises `NotExercised` where there is nothing."""
    data = billing_data(context, role)
    operation = context.description.operations[operation_id]
    if operation.path.startswith("/api/invoices/{uuid}/"):
        rows = need(data.invoices, "invoice")
        return ExampleTarget(str(max(rows, key=lambda row: len(row.get("items", []))).get("uuid")))
    if "consumptions" in operation.path:
        return ExampleTarget(_item_of_a_credit(data))
    if operation.path.startswith("/api/invoice-items/{uuid}/"):
        return ExampleTarget(str(need(data.items, "invoice item")[0]["uuid"]))
    if "{id}" in operation.path:
        return ExampleTarget(need(provider_numbers(context, role), "number of a provider item")[0])
    if operation_id == "invoice_items_costs_list":
        return ExampleTarget(query={"project_uuid": _busiest(data, "project_uuid")})
    if "project_costs" in operation_id:
        return ExampleTarget(query={"project_uuid": hyphenated(_busiest(data, "project_uuid"))})
    if "customer_costs" in operation_id:
        return ExampleTarget(query={"customer_uuid": hyphenated(need(data.customers, "customer")[0])})
    return ExampleTarget()


def _busiest(data: BillingData, name: str) -> str:
    counts = Counter(optional_identifier(line.item.get(name)) for line in data.lines)
    counts.pop(None, None)
    if not counts:
        raise NotExercised(f"no line of an invoice has a {name}")
    return str(max(counts, key=lambda key: counts[key]))


def _item_of_a_credit(data: BillingData) -> str:
    lines = [line for line in data.lines if line.item.get("credit") is True] or data.lines
    return str(need(lines, "line of an invoice")[0].item["uuid"])
