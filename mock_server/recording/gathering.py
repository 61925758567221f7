"""What is read of a server: lists of billing and of its neighbours, and answers that tell what no list shows."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from waldur_billing_mock.contracts.exchange import Broken, NotExercised
from waldur_billing_mock.contracts.values import (
    Malformed,
    Month,
    Row,
    identifier,
    optional_identifier,
)
from waldur_billing_mock.mock_server.recording.reading import CannotRead, Reading

NEIGHBOURS: Final = {
    "customers": "customers_list",
    "projects": "projects_list",
    "users": "users_list",
    "service_providers": "marketplace_service_providers_list",
    "offerings": "marketplace_public_offerings_list",
    "resources": "marketplace_resources_list",
    "component_usages": "marketplace_component_usages_list",
    "customer_credits": "customer_credits_list",
    "project_credits": "project_credits_list",
    "customer_cost_policies": "marketplace_customer_estimated_cost_policies_list",
    "project_cost_policies": "marketplace_project_estimated_cost_policies_list",
    "payment_profiles": "payment_profiles_list",
    "payments": "payments_list",
}
"""The lists that tell what billing does not show, by the table that they fill."""
PRIVATE_OFFERINGS: Final = "marketplace_provider_offerings_list"
INVOICES_A_PAGE: Final = 50
"""An invoice comes with all its lines, so that its pages are larger than those of other lists."""
_OF_LINES: Final = ("project_uuid", "project_name")
NEVER_SHOWN: Final = ("notifications", "invoice_versions")
"""The tables that no list of a server shows."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What of a server is recorded: months from `since` on, customers by their 32 digits, `sample` invoices."""

    since: Month | None = None
    customers: tuple[str, ...] = ()
    sample: int | None = None

    @property
    def are_none(self) -> bool:
        """Whether everything is recorded."""
        return self == Bounds()


@dataclass
class Gathered:
    """What a server has shown. `missing` says of each table that could not be read why; `linked` are projects of items.

    `created` are the dates of invoices. `orders` are lists of identifiers of items in the orders of the server.
    """

    now: datetime
    bounds: Bounds
    invoices: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    neighbours: dict[str, list[Row]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    created: dict[str, date] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    by_start: list[str] = field(default_factory=list)
    by_invoice: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Reads a server. `step` is told what is read next, and about how many requests that takes."""

    billing: Reading
    neighbours: Reading
    bounds: Bounds
    now: datetime
    step: Callable[[str, int], None]

    def gather(self) -> Gathered:
        """Everything within the bounds. Raises `CannotRead` where invoices or their items cannot be read."""
        found = Gathered(self.now, self.bounds)
        found.invoices = self._invoices()
        found.items = _completed(self._items(found.invoices), found.invoices)
        found.by_start = [identifier(row["uuid"]) for row in found.items] if self.billing.is_stable else []
        found.created = Dates(self.billing, self.step).of(found.invoices)
        found.by_invoice = self._provider_order()
        self._read_neighbours(found)
        found.linked = self._linked_projects(found)
        found.missing |= dict.fromkeys(NEVER_SHOWN, "no list of the API shows them")
        return found

    def _invoices(self) -> list[Row]:
        queries: list[dict[str, object]] = [{"page_size": INVOICES_A_PAGE}]
        if self.bounds.since is not None:
            queries = [{**one, "year": month.year, "month": month.month} for one in queries for month in self._months()]
        if self.bounds.customers:
            queries = [{**one, "customer_uuid": uuid} for one in queries for uuid in self.bounds.customers]
        rows = self._each("invoices_list", queries, "invoices", INVOICES_A_PAGE)
        if self.bounds.sample is None or self.bounds.sample >= len(rows):
            return rows
        return self._sampled(rows, self.bounds.sample)

    def _sampled(self, rows: Sequence[Row], size: int) -> list[Row]:
        """Invoices by chance, of each state and as many customers as there is room for, in their order."""
        by_kind: dict[tuple[object, object], list[int]] = {}
        places = list(range(len(rows)))
        random.Random(self.billing.seed).shuffle(places)
        for place in places:
            by_kind.setdefault((rows[place].get("state"), rows[place].get("customer")), []).append(place)
        chosen: list[int] = []
        while len(chosen) < size:
            for group in by_kind.values():
                if group and len(chosen) < size:
                    chosen.append(group.pop())
        return [rows[place] for place in sorted(chosen)]

    def _months(self) -> Iterator[Month]:
        month = self.bounds.since
        last = Month(self.now.year, self.now.month)
        while month is not None and month <= last:
            yield month
            month = month.back(-1)

    def _items(self, invoices: Sequence[Row]) -> list[Row]:
        """The items of the invoices. In a bounded recording, those of nothing and of no project are not found."""
        if not self.bounds.customers and self.bounds.sample is None:
            queries: list[dict[str, object]] = [{}]
            if self.bounds.since is not None:
                queries = [{"year": month.year, "month": month.month} for month in self._months()]
            return self._each("invoice_items_list", queries, "invoice items", 300)
        wanted = {identifier(row["uuid"]) for row in invoices}
        queries = [
            {"year": year, "month": month, "customer_uuid": customer}
            for year, month, customer in dict.fromkeys(
                (row["year"], row["month"], identifier(row["customer"])) for row in invoices
            )
        ]
        rows = [
            row
            for row in self._each("invoice_items_list", queries, "invoice items", 300)
            if identifier(row["invoice"]) in wanted
        ]
        known = {identifier(row["uuid"]) for row in rows}
        lines = [identifier(line["uuid"]) for row in invoices for line in row.get("items", ())]
        return rows + self._one_by_one([uuid for uuid in lines if uuid not in known])

    def _one_by_one(self, uuids: Sequence[str]) -> list[Row]:
        self.step("single items", len(uuids))
        found = []
        for uuid in uuids:
            try:
                found.append(self.billing.row("invoice_items_retrieve", of=uuid))
            except (Broken, NotExercised, Malformed) as error:
                raise CannotRead(f"/api/invoice-items/{uuid}/: {error}") from None
        return found

    def _provider_order(self) -> list[str]:
        """The items in the order of their invoices, which tells the order of their ids; nothing of a part of them."""
        if not self.bounds.are_none or not self.billing.is_stable:
            return []
        try:
            rows = self._each("provider_invoice_items_list", [{}], "the order of items", 300)
        except CannotRead:
            return []
        return [identifier(row["uuid"]) for row in rows] if self.billing.is_stable else []

    def _read_neighbours(self, found: Gathered) -> None:
        for table, operation_id in NEIGHBOURS.items():
            try:
                found.neighbours[table] = self._neighbour(operation_id)
            except CannotRead as error:
                found.missing[table] = str(error)
        if "offerings" in found.neighbours:
            try:
                private = self._neighbour(PRIVATE_OFFERINGS)
            except CannotRead:
                return  # only those that sell see these
            known = {row.get("uuid") for row in found.neighbours["offerings"]}
            found.neighbours["offerings"] += [row for row in private if row.get("uuid") not in known]

    def _neighbour(self, operation_id: str) -> list[Row]:
        queries: list[dict[str, object]] = [{}]
        sold = operation_id in (NEIGHBOURS["offerings"], NEIGHBOURS["service_providers"], PRIVATE_OFFERINGS)
        if self.bounds.customers and not sold and self.neighbours.has(operation_id, "customer_uuid"):
            queries = [{"customer_uuid": uuid} for uuid in self.bounds.customers]
        what = operation_id.removesuffix("_list").removeprefix("marketplace_").replace("_", " ")
        return self._each(operation_id, queries, what, 300, self.neighbours)

    def _linked_projects(self, found: Gathered) -> dict[str, str]:
        """The project by which filters find each item, by the uuid of the item.

        As a rule that is the project of its resource, or the one that the item shows. Where a count says otherwise, the
        list of the project is read.
        """
        resources = {
            identifier(row["uuid"]): optional_identifier(row.get("project_uuid"))
            for row in found.neighbours.get("resources", ())
        }
        linked: dict[str, str] = {}
        for row in found.items:
            project = resources.get(optional_identifier(row.get("resource")) or "") or optional_identifier(
                row.get("project_uuid")
            )
            if project is not None:
                linked[identifier(row["uuid"])] = project
        if not self.bounds.are_none:
            return linked
        members: dict[str, set[str]] = {uuid: set() for uuid in self._known_projects(found, linked)}
        for item, project in linked.items():
            members[project].add(item)
        self.step("projects of items", len(members))
        wrong = {
            project
            for project, items in members.items()
            if self.billing.count("invoice_items_list", project_uuid=project) != len(items)
        }
        linked = {item: project for item, project in linked.items() if project not in wrong}
        for project in wrong:
            rows = self.billing.whole("invoice_items_list", project_uuid=project)
            linked |= {identifier(row["uuid"]): project for row in rows}
        return linked

    def _known_projects(self, found: Gathered, linked: dict[str, str]) -> Iterable[str]:
        shown = (identifier(row["uuid"]) for row in found.neighbours.get("projects", ()))
        return dict.fromkeys((*linked.values(), *shown))

    def _each(
        self,
        operation_id: str,
        queries: Sequence[dict[str, object]],
        what: str,
        size: int,
        reading: Reading | None = None,
    ) -> list[Row]:
        """The rows that any of the queries finds, each once."""
        asked = reading or self.billing
        rows: dict[str, Row] = {}
        self.step(what, len(queries))
        for query in queries:
            if len(queries) == 1:
                counted = asked.count(operation_id, **{name: one for name, one in query.items() if name != "page_size"})
                self.step(what, -(-counted // size))
            for row in asked.whole(operation_id, **query):
                rows.setdefault(identifier(row["uuid"]), row)
        return list(rows.values())


def _completed(items: Sequence[Row], invoices: Sequence[Row]) -> list[Row]:
    """The items with what their invoices say of them, as the oldest releases show less of an item by itself."""
    customers = {identifier(row["uuid"]): row.get("customer") for row in invoices}
    lines = {identifier(line["uuid"]): line for row in invoices for line in row.get("items") or ()}
    found: list[Row] = []
    for row in items:
        line = lines.get(identifier(row["uuid"]), {})
        of_line = {name: line[name] for name in _OF_LINES if name in line and name not in row}
        customer = row.get("customer_uuid") or customers.get(identifier(row["invoice"]))
        found.append({**row, **of_line, "customer_uuid": customer})
    return found


@dataclass(frozen=True, slots=True)
class Dates:
    """Finds the dates on which invoices were made, which no answer shows, by the filters that compare them."""

    billing: Reading
    step: Callable[[str, int], None]

    def of(self, invoices: Sequence[Row]) -> dict[str, date]:
        """The date of each invoice by its uuid. Those that no filter finds are left out."""
        months: dict[tuple[int, int], set[str]] = {}
        for row in invoices:
            months.setdefault((row["year"], row["month"]), set()).add(identifier(row["uuid"]))
        if not all(self.billing.has("invoices_list", name) for name in ("created", "start_date", "end_date")):
            return {}
        self.step("dates of invoices", len(months))
        found: dict[str, date] = {}
        for (year, month), uuids in months.items():
            first = date(year, month, 1)
            here = self._asked(year, month, created=first) & uuids
            found |= dict.fromkeys(here, first)
            if left := uuids - here:
                found |= self._narrowed((year, month), left, first - timedelta(days=400), first + timedelta(days=800))
        return found

    def _narrowed(self, month: tuple[int, int], uuids: set[str], low: date, high: date) -> dict[str, date]:
        """The dates of invoices that lie between two days, both included."""
        if not uuids:
            return {}
        if low == high:
            return dict.fromkeys(uuids & self._asked(*month, created=low), low)
        middle = low + (high - low) // 2
        later = uuids & self._asked(*month, start_date=middle)
        return {
            **self._narrowed(month, uuids - later, low, middle),
            **self._narrowed(month, later, middle + timedelta(days=1), high),
        }

    def _asked(self, year: int, month: int, **bounds: date) -> set[str]:
        self.step("dates of invoices", 1)
        asked = {name: day.isoformat() for name, day in bounds.items()}
        rows = self.billing.whole("invoices_list", year=year, month=month, field="uuid", **asked)
        return {identifier(row["uuid"]) for row in rows}
