"""Invoice items of a recording: their links to resources, prices and credits, and the order of their ids."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, Final

from waldur_billing_mock.contracts.values import Row, decimal, identifier
from waldur_billing_mock.mock_server.recording.gathering import Gathered
from waldur_billing_mock.mock_server.recording.market import Market
from waldur_billing_mock.mock_server.recording.rows import FileRow, Rows, derived, details_of, text_of, uuid_of

_NO_PROJECT: Final = "N/A"


def order_of_items(found: Gathered) -> list[Row]:
    """The items in the order of their ids, which no answer shows.

    Lists break ties by the id: those that start at the same instant follow each other in the order of ids in one list,
    those of the same day of invoices in another. Where these two say nothing, earlier invoices come first. Where they
    contradict each other, as for a server whose lists have no stable order, the order is that in which items were read.
    """
    items = {identifier(row["uuid"]): row for row in found.items}
    invoice = {uuid: identifier(row["invoice"]) for uuid, row in items.items()}
    numbers = {identifier(row["uuid"]): int(row["number"]) for row in found.invoices}
    starts = [(uuid, items[uuid].get("start")) for uuid in found.by_start if uuid in items]
    days = [(uuid, found.created.get(invoice[uuid])) for uuid in found.by_invoice if uuid in items]
    after: dict[str, list[str]] = {uuid: [] for uuid in items}
    waiting = dict.fromkeys(items, 0)
    for order in (starts, days):
        last: dict[object, str] = {}
        for uuid, group in order:
            if group in last:
                after[last[group]].append(uuid)
                waiting[uuid] += 1
            last[group] = uuid
    place = {uuid: number for number, uuid in enumerate(items)}
    rank = {uuid: (numbers.get(invoice[uuid], 0), place[uuid]) for uuid in items}
    ready = [(rank[uuid], uuid) for uuid, count in waiting.items() if not count]
    heapify(ready)
    made: list[Row] = []
    while ready:
        _, uuid = heappop(ready)
        made.append(items[uuid])
        for other in after[uuid]:
            waiting[other] -= 1
            if not waiting[other]:
                heappush(ready, (rank[other], other))
    return made if len(made) == len(items) else list(items.values())


class Items:
    """Turns the items of answers into rows."""

    def __init__(self, rows: Rows, found: Gathered, market: Market) -> None:
        self._rows: Final = rows
        self._found: Final = found
        self._market: Final = market
        self._lines: Final[dict[str, Row]] = {
            identifier(line["uuid"]): line for invoice in found.invoices for line in invoice.get("items") or ()
        }
        """Each item as its invoice shows it; items that cost nothing are not shown."""
        self._ids: Final[dict[int, str]] = {}
        """The uuid of the plan component with each id."""

    def put(self, items: Sequence[Row]) -> None:
        """The rows of the items, in the order of their ids."""
        recorded = self._rows.tables["invoices"]
        kept = [row for row in items if identifier(row["invoice"]) in recorded]
        for _ in range(len(items) - len(kept)):
            self._rows.notes.leave_out("invoice_items", "their invoice is not recorded")
        prices = [self._plan_component(row, self._line(row), details_of(row)) for row in kept]
        self._number_plan_components()
        for number, (row, price) in enumerate(zip(kept, prices, strict=True), 1):
            self._put(number, row, price)
        if kept:
            self._rows.notes.infer("invoice_items.id", "from the order of lists, which break ties by it")

    def _line(self, item: Row) -> Row:
        return self._lines.get(identifier(item["uuid"]), {})

    def _put(self, number: int, item: Row, plan_component: FileRow | None) -> None:
        line, details, uuid = self._line(item), details_of(item), identifier(item["uuid"])
        name = text_of(item, "project_name")
        linked = self._found.linked.get(uuid)
        # What a credit pays is linked to a project, and copies nothing of it.
        copies = linked is None or line.get("credit") is not True
        if linked is not None:
            project = self._market.need_project(linked, name, identifier(item["customer_uuid"]))
            if "project_name" not in item:
                # The oldest releases show it on the lines of invoices alone, which leave out what costs nothing.
                self._rows.notes.infer("invoice_items.stored_project_name", "from the project of the item")
                item, name = {**item, "project_uuid": linked}, project["name"]
        self._rows.put(
            "invoice_items",
            {
                "id": number,
                "uuid": uuid,
                "invoice_uuid": identifier(item["invoice"]),
                "start": item["start"],
                "end": item["end"],
                "name": text_of(item, "name"),
                "unit_price": format(decimal(item["unit_price"]), "f"),
                "quantity": format(decimal(item["quantity"]), "f"),
                "unit": item["unit"],
                "measured_unit": text_of(item, "measured_unit"),
                "article_code": text_of(item, "article_code"),
                "details": details,
                "resource_uuid": uuid_of(item, "resource"),
                "linked_project_uuid": linked,
                "plan_component_id": plan_component["id"] if plan_component else None,
                "credit_uuid": self._credit(item, line),
                "stored_project_name": name if copies and name != _NO_PROJECT else "",
                "stored_project_uuid": (uuid_of(item, "project_uuid") or "") if copies else "",
                "backend_uuid": uuid_of(line, "backend_uuid"),
            },
        )
        if linked is not None:
            self._rows.notes.infer("invoice_items.linked_project_uuid", "by the filter project_uuid")

    def _credit(self, item: Row, line: Row) -> str | None:
        """The credit of the customer, for an item with which a credit pays; items show only that one does."""
        if line.get("credit") is not True:
            return None
        customer = identifier(item["customer_uuid"])
        credits = self._rows.tables["customer_credits"].values()
        found = next((row for row in credits if row["customer_uuid"] == customer), None)
        if found is None:
            self._rows.notes.make_up("customer_credits", "a credit that no list shows pays items; its value is 0")
            found = self._rows.put(
                "customer_credits",
                {"uuid": derived("credit", customer), "customer_uuid": customer, "value": "0"},
            )
        self._rows.notes.infer("invoice_items.credit_uuid", "the credit of the customer")
        return str(found["uuid"])

    def _plan_component(self, item: Row, line: Row, details: Mapping[str, Any]) -> FileRow | None:
        """The price in a plan by which an item is billed; None where the server knows none."""
        resource_uuid = uuid_of(item, "resource")
        resource = None
        if resource_uuid is not None:
            resource = self._market.need_resource(resource_uuid, item, line, details)
        id = details.get("plan_component_id")
        id = id if isinstance(id, int) and not isinstance(id, bool) else None
        billing_type = line.get("billing_type")
        if line and not billing_type:
            return None
        if not line and id is None:
            return None
        plan = uuid_of(details, "plan_uuid") or (resource or {}).get("plan_uuid")
        kind = text_of(item, "offering_component_type") or text_of(details, "offering_component_type")
        if plan is None or not kind:
            if billing_type:
                self._rows.notes.leave_out("invoice_items.plan_component_id", "nothing tells the plan or the component")
            return None
        offering = uuid_of(details, "offering_uuid") or (resource or {}).get("offering_uuid")
        found = self._price(plan, kind, offering, billing_type, item, details)
        if found is not None and id is not None:
            self._ids.setdefault(id, found["uuid"])
        return found

    def _price(
        self, plan: str, kind: str, offering: str | None, billing_type: object, item: Row, details: Mapping[str, Any]
    ) -> FileRow | None:
        known = self._rows.get("plans", plan)
        if known is None and offering is None:
            return None
        if known is None and offering is not None:
            self._market.need_offering(offering, text_of(item, "offering_name"), details)
            known = self._market.need_plan(plan, offering, details)
        assert known is not None
        seller = known["offering_uuid"]
        component = next(
            (
                row
                for row in self._rows.tables["offering_components"].values()
                if row["offering_uuid"] == seller and row["type"] == kind
            ),
            None,
        )
        if component is None:
            if not billing_type:
                return None
            self._rows.notes.make_up("offering_components", "items name them, and no offering shows them")
            component = self._rows.put(
                "offering_components",
                {
                    "uuid": derived("component", f"{seller}:{kind}"),
                    "offering_uuid": seller,
                    "type": kind,
                    "name": text_of(details, "offering_component_name") or kind,
                    "billing_type": billing_type,
                    "measured_unit": text_of(item, "measured_unit"),
                },
            )
            self._rows.notes.infer("offering_components.billing_type", "from billing_type of the lines of invoices")
        uuid = derived("plan_component", f"{plan}:{component['uuid']}")
        found = self._rows.get("plan_components", uuid)
        return found or self._market.put_plan_component(plan, component["uuid"], item["unit_price"])

    def _number_plan_components(self) -> None:
        """Gives each price the id that the details of items name, and others the next free ones."""
        ids = {uuid: id for id, uuid in self._ids.items() if id >= 1}
        # An id that details name must not become that of another price: the details would lead there.
        named = {
            id for row in self._found.items if isinstance(id := details_of(row).get("plan_component_id"), int)
        } | set(ids.values())
        following = max(named, default=0) + 1
        for uuid, row in self._rows.tables["plan_components"].items():
            if uuid in ids:
                row["id"] = ids[uuid]
            else:
                row["id"], following = following, following + 1
