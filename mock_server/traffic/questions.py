"""What two servers are asked to be compared: every reading operation, every order, every filter, with real values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from waldur_billing_mock.contracts.conventions.refusals import faulty_values
from waldur_billing_mock.contracts.description import Description
from waldur_billing_mock.contracts.values import Malformed, Row, hyphenated, optional_identifier
from waldur_billing_mock.openapi.operation import Operation, Parameter

_OF_LISTS: Final = ("page", "page_size", "field", "o")
_SAME_IN: Final = {
    "invoice_year": "year",
    "invoice_month": "month",
    "created": "invoice_date",
    "start_date": "invoice_date",
    "end_date": "invoice_date",
    "query": "resource_name",
    "at": "start",
    "timestamp": "start",
}
"""The field of an object that tells a value of a filter of another name."""
ORDERS: Final = {
    "invoices_list": ("year", "month"),
    "invoice_items_list": ("start",),
    "invoices_items_retrieve": (),
    "provider_invoice_items_list": (),
}
"""The fields that decide the order of a list that is not asked for one. What others have shows in no answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request for an operation: `keys` are the fields that order the rows of its answer; `whole` reads all pages."""

    operation_id: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    keys: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Samples:
    """Objects of one of the servers, from which identifiers and values of filters are taken."""

    invoices: Sequence[Row]
    items: Sequence[Row]
    size: int

    def uuids(self, operation: Operation) -> list[str]:
        """Identifiers of objects that the path of an operation may name."""
        rows = self.invoices if operation.path.startswith("/api/invoices/") else self.items
        return [uuid for row in _spread(rows, self.size) if (uuid := _uuid(row, "uuid")) is not None]

    def value(self, name: str) -> str | None:
        """A value that some object has for a filter; None where nothing tells one."""
        lines = [line for row in self.invoices for line in row.get("items") or () if isinstance(line, dict)]
        field = _SAME_IN.get(name, name)
        if name.startswith("start_") and name != "start_date":
            start = next((str(row["start"]) for row in self.items if row.get("start")), "")
            return (start[:4] if name == "start_year" else str(int(start[5:7]))) if start else None
        for row in (*self.items, *self.invoices, *lines):
            if name.endswith("_uuid"):
                found = _uuid(row, name) or _uuid(row, name.removesuffix("_uuid")) or _uuid_in_details(row, name)
                if found is not None:
                    return hyphenated(found)
            elif row.get(field) not in (None, ""):
                return str(row[field])
        return None


def questions(one: Description, other: Description, samples: Samples) -> Iterator[Question]:
    """The questions for two servers, by the descriptions of both."""
    for name in dict.fromkeys((*one.everything, *other.everything)):
        mine, theirs = one.everything.get(name), other.everything.get(name)
        operation = mine or theirs
        if operation is not None and operation.method == "GET":
            yield from _about(operation, mine, theirs, samples, one, other)


def _about(
    operation: Operation,
    mine: Operation | None,
    theirs: Operation | None,
    samples: Samples,
    one: Description,
    other: Description,
) -> Iterator[Question]:
    name = operation.operation_id
    paths = list(_paths(operation, samples))
    needed = tuple((parameter.name, value) for parameter, value in _needed(operation, samples))
    listed = "page" in operation.query
    for path in paths:
        yield Question(name, path, needed, whole=listed, keys=ORDERS.get(name, ()))
    if not paths:
        return
    parameters = {**(theirs.query if theirs else {}), **(mine.query if mine else {})}
    for parameter in parameters.values():
        if parameter.name == "o":
            choices = dict.fromkeys((*one.choices(parameter), *other.choices(parameter)))
            for order in (*choices, *(f"-{choice}" for choice in choices if not str(choice).startswith("-"))):
                key = str(order).removeprefix("-")
                yield Question(name, paths[0], (*needed, ("o", str(order))), whole=listed, keys=(key,))
        elif parameter.name not in _OF_LISTS and parameter.name not in dict(needed):
            values = list(_values(parameter, mine, theirs, samples, one, other))
            for value in values:
                asked = (*needed, (parameter.name, value))
                yield Question(name, paths[0], asked, whole=listed, keys=ORDERS.get(name, ()))
    if "field" in parameters:
        yield Question(name, paths[0], (*needed, ("field", "uuid")), whole=listed)
    if listed:
        yield Question(name, paths[0], (*needed, ("page", "999999")))


def _paths(operation: Operation, samples: Samples) -> Iterator[str]:
    if "{id}" in operation.path:
        yield from (operation.path.replace("{id}", str(number)) for number in range(1, samples.size + 1))
    elif "{uuid}" in operation.path:
        yield from (operation.path.replace("{uuid}", uuid) for uuid in samples.uuids(operation))
    else:
        yield operation.path


def _needed(operation: Operation, samples: Samples) -> Iterator[tuple[Parameter, str]]:
    """The parameters without which an operation says little or nothing."""
    wants_project = "costs" in operation.operation_id and "project_uuid" in operation.query
    for parameter in operation.query.values():
        if parameter.required or (wants_project and parameter.name == "project_uuid"):
            value = samples.value(parameter.name)
            if value is not None:
                yield parameter, value


def _values(
    parameter: Parameter,
    mine: Operation | None,
    theirs: Operation | None,
    samples: Samples,
    one: Description,
    other: Description,
) -> Iterator[str]:
    """Values to ask for: all choices, else one that objects have; a faulty one where only one side knows it."""
    found = [operation.query.get(parameter.name) for operation in (mine, theirs) if operation is not None]
    known = [each for each in found if each is not None]
    choices = dict.fromkeys(str(value) for each in known for value in (*one.choices(each), *other.choices(each)))
    if choices:
        yield from choices
    elif "boolean" in parameter.schema.get("type", ""):
        yield from ("true", "false")
    elif (value := samples.value(parameter.name)) is not None and parameter.name != "customer":
        yield value
    if len(known) < len(found):
        yield from (str(value) for value in faulty_values(parameter.schema)[:1])


def _spread(rows: Sequence[Row], size: int) -> Sequence[Row]:
    """So many rows from all over a list."""
    step = max(1, len(rows) // max(1, size))
    return rows[::step][:size]


def _uuid(row: Mapping[str, Any], name: str) -> str | None:
    try:
        return optional_identifier(row.get(name))
    except Malformed:
        return None


def _uuid_in_details(row: Mapping[str, Any], name: str) -> str | None:
    details = row.get("details")
    if not isinstance(details, dict):
        return None
    return _uuid(details, "service_provider_uuid" if name == "provider_uuid" else name)
