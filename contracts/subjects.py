"""For operations about one object, or that need an argument: what to ask them about, so that they have much to show."""

from collections import Counter
from types import MappingProxyType
from typing import NamedTuple

from waldur_billing_mock.contracts.discovery import Books, books_of, provider_numbers
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.trial import Query, Trial, key_of, need
from waldur_billing_mock.contracts.values import Row, hyphenated, optional_identifier


class Subject(NamedTuple):
    """An object to ask about (blank: none) and the query parameters without which an operation says little."""

    of: str = ""
    query: Query = MappingProxyType({})


def subject(trial: Trial, operation_id: str, role: str | None = None) -> Subject:
    """What to ask an operation about. Raises `NotExercised` where there is nothing."""
    books = books_of(trial, role)
    operation = trial.description.operations[operation_id]
    if operation.path.startswith("/api/invoices/{uuid}/"):
        rows = need(books.invoices, "invoice")
        return Subject(str(max(rows, key=lambda row: len(row.get("items", []))).get("uuid")))
    if "consumptions" in operation.path:
        return Subject(_item_of_a_credit(books))
    if operation.path.startswith("/api/invoice-items/{uuid}/"):
        return Subject(str(need(books.items, "invoice item")[0]["uuid"]))
    if "{id}" in operation.path:
        return Subject(need(provider_numbers(trial, role), "number of a provider item")[0])
    if operation_id == "invoice_items_costs_list":
        return Subject(query={"project_uuid": _busiest(books, "project_uuid")})
    if "project_costs" in operation_id:
        return Subject(query={"project_uuid": hyphenated(_busiest(books, "project_uuid"))})
    if "customer_costs" in operation_id:
        return Subject(query={"customer_uuid": hyphenated(need(books.customers, "customer")[0])})
    return Subject()


def identity_of(row: Row) -> str:
    """What tells a row of a list from the others."""
    if "uuid" in row:
        return key_of(row)
    if "offering_name" in row:
        return f"{row['offering_name']} of {row.get('service_provider_uuid')}"
    return f"{row.get('year', '')}-{row.get('month', '')}"


def _busiest(books: Books, name: str) -> str:
    counts = Counter(optional_identifier(line.item.get(name)) for line in books.lines)
    counts.pop(None, None)
    if not counts:
        raise NotExercised(f"no line of an invoice has a {name}")
    return str(counts.most_common(1)[0][0])


def _item_of_a_credit(books: Books) -> str:
    lines = [line for line in books.lines if line.item.get("credit") is True] or books.lines
    return str(need(lines, "line of an invoice")[0].item["uuid"])
