"""The operations of the page `invoice-items`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from waldur_billing_mock.contracts.discovery import UNKNOWN, Line, Month, books_of, cost, current_month, exact
from waldur_billing_mock.contracts.exchange import Exchange, NotExercised
from waldur_billing_mock.contracts.invariants.arithmetic import agreement, number, prices_of_item
from waldur_billing_mock.contracts.invariants.writing import compensation, deletion, moving, update
from waldur_billing_mock.contracts.trial import Query, Trial, field, key_of, need
from waldur_billing_mock.contracts.values import (
    decimal,
    half_even,
    hyphenated,
    instant,
    optional_identifier,
    plain,
)

_PLACES = Decimal("0.0000000001")


def invoice_items_list(trial: Trial) -> None:
    """Items come by their start, each with the price that unit price and quantity make, each on a listed invoice."""
    books = books_of(trial)
    rows = need(books.items, "invoice item")
    exchange = trial.ask("invoice_items_list", query={"page_size": 100})
    starts = [instant(field(row, "start")) for row in rows]
    exchange.must.hold(starts == sorted(starts), "the earliest start must come first", starts)
    for row in rows:
        prices_of_item(trial, exchange, row, "InvoiceItemDetail")
    listed = {key_of(row) for row in rows}
    exchange.must.hold(
        set(books.line_by_key) <= listed, "every line of an invoice must be among the items", len(listed)
    )
    hidden = [row for row in rows if key_of(row) not in books.line_by_key]
    for row in hidden:
        exchange.must.hold(exact(row) == 0, "an item with a price must be a line of its invoice", exact(row))
        exchange.must.hold(
            key_of(row, "invoice") in books.invoice_by_key, "the invoice of an item must be listed", row["invoice"]
        )


def invoice_items_retrieve(trial: Trial) -> None:
    """An item by itself tells of its invoice, customer, project and price what the invoice tells of the line."""
    books = books_of(trial)
    lines = need(books.lines, "line of an invoice")
    for line in trial.sample(lines, by=lambda line: (line.item.get("billing_type"), line.item.get("credit"))):
        exchange = trial.ask("invoice_items_retrieve", of=line.item["uuid"])
        exchange.must.have_status(200)
        item = exchange.must.show_row()
        prices_of_item(trial, exchange, item, "InvoiceItemDetail")
        exchange.must.agree(
            "the invoice of an item and the one that shows it", item.get("invoice"), line.invoice["url"]
        )
        for name in ("name", "unit_price", "quantity", "unit", "start", "end", "resource", "article_code"):
            at = trial.description.place_of_field("InvoiceItemDetail", name)
            exchange.must.agree(f"the {name} of an item and of its line", item.get(name), line.item.get(name), at)
        for name in ("project_name", "project_uuid", "price"):
            if name in item:
                at = trial.description.place_of_field("InvoiceItemDetail", name)
                exchange.must.agree(f"the {name} of an item and of its line", item[name], line.item.get(name), at)
        if "customer_uuid" in item:
            customer = key_of(line.invoice, "customer")
            exchange.must.agree("the customer of an item and of its invoice", item["customer_uuid"], customer)
            name = line.invoice["customer_details"]["name"]
            exchange.must.agree("the name of the customer and that on the invoice", item.get("customer_name"), name)


def invoice_items_update(trial: Trial) -> None:
    """PUT writes the fields that are sent, leaves the others, and answers with what may be written."""
    update(trial, "invoice_items_update")


def invoice_items_partial_update(trial: Trial) -> None:
    """PATCH writes the fields that are sent, leaves the others, and answers with what may be written."""
    update(trial, "invoice_items_partial_update")


def invoice_items_destroy(trial: Trial) -> None:
    """A deleted item is gone from every list and answers 404, and its invoice costs that much less."""
    deletion(trial)


def invoice_items_create_compensation(trial: Trial) -> None:
    """A compensation is a copy with the negative unit price on this month's invoice; the item stays as it is."""
    compensation(trial)


def invoice_items_migrate_to(trial: Trial) -> None:
    """An item moves to another invoice of its customer with all that it costs, and nothing else about it changes."""
    moving(trial)


def invoice_items_consumptions_list(trial: Trial) -> None:
    """The months of a credit, the earliest first, each with what the credit paid; none without a credit."""
    books = books_of(trial)
    without = [line for line in books.lines if line.item.get("credit") is False]
    for line in trial.sample(without, size=2):
        exchange = _consumptions(trial, line)
        exchange.must.agree("the months of an item without a credit and nothing", exchange.must.show_rows(), [])
    paid = need([line for line in books.lines if line.item.get("credit") is True], "item that a credit pays")
    for line in trial.sample(paid):
        exchange = _consumptions(trial, line)
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for other in books.of_customer(key_of(line.invoice, "customer")):
            if other.item.get("credit") is True and number(other.item, "price") < 0:
                sums[f"{other.month.year}-{other.month.month:02}"] += number(other.item, "price")
        rows = exchange.must.show_rows()
        labels = [str(field(row, "month")) for row in rows]
        exchange.must.hold(labels == sorted(labels), "the earliest month must come first", labels)
        got = {str(row["month"]): number(row, "price") for row in rows}
        agreement(trial, exchange, "CustomerCreditConsumptionByMonth", "price")(
            "each month and the items that the credit paid", got, dict(sums)
        )


def invoice_items_consumptions_retrieve(trial: Trial) -> None:
    """Consumptions show the item itself."""
    items = need(trial.rows("invoice_items_list"), "invoice item")
    for item in trial.sample(items, size=3):
        exchange = trial.ask("invoice_items_consumptions_retrieve", of=item["uuid"])
        exchange.must.have_status(200)
        exchange.must.agree("the answer and the item by itself", exchange.must.show_row(), item)


def invoice_items_costs_list(trial: Trial) -> None:
    """Each month costs what the project's items on its invoices cost together, the latest month first."""
    books = books_of(trial)
    month = current_month(trial)
    for project in trial.sample(need(books.projects, "project"), size=trial.profile.sample):
        query = {"project_uuid": _asked(trial, project), "page_size": 100}
        exchange = trial.ask("invoice_items_costs_list", query=query)
        exchange.must.have_status(200)
        rows = exchange.must.show_rows()
        lines = books.of_project(project)
        got = {Month(int(row["year"]), int(row["month"])): number(row, "price") for row in rows}
        sums = _by_month(lines)
        if _goes_by_snapshot(trial, "invoice_items_costs_list") and not _fits_months(got, sums):
            lines = [line for line in lines if not line.item.get("credit")]
            sums = _by_month(lines)
        exchange.must.hold(list(got) == sorted(got, reverse=True), "the latest month must come first", list(got))
        expected = {m: half_even(value) for m, value in sums.items()}
        shown = {m: value for m, value in got.items() if m in expected or value}
        agreement(trial, exchange, "InvoiceCost", "price")("the price of each month and its items", shown, expected)
        for row in rows:
            if Month(int(row["year"]), int(row["month"])) == month and "items" in row:
                of_now = [plain(number(line.item, "price")) for line in lines if line.month == month]
                positive = sorted(price for price in of_now if price > 0)
                listed = sorted(plain(number(item, "price")) for item in row["items"])
                # Servers are known to show equal items once, which is another complaint.
                exchange.must.hold(
                    listed == positive or not _are_each_once(listed, positive),
                    "equal items of the current month must each be shown",
                    listed,
                )
                exchange.must.agree("the items of the current month and the positive lines", listed, positive)


def invoice_items_customer_costs_for_period_retrieve(trial: Trial) -> None:
    """The costs of a customer in a period are the sum over its invoices of those months, negative items included."""
    books = books_of(trial)
    operation = "invoice_items_customer_costs_for_period_retrieve"
    for customer in trial.sample(need(books.customers, "customer"), size=trial.profile.sample):
        _period(trial, operation, "customer_uuid", customer, books.of_customer(customer))


def invoice_items_project_costs_for_period_retrieve(trial: Trial) -> None:
    """The costs of a project in a period are the sum over its items on the invoices of those months."""
    books = books_of(trial)
    operation = "invoice_items_project_costs_for_period_retrieve"
    for project in trial.sample(need(books.projects, "project"), size=trial.profile.sample):
        _period(trial, operation, "project_uuid", project, books.of_project(project))


def invoice_items_total_price_retrieve(trial: Trial) -> None:
    """The total price is the exact sum of unit price times quantity over the items that the same filters list."""
    month = current_month(trial).back(1)
    queries: list[Query] = [
        {},
        {"year": month.year},
        {"year": month.year, "month": month.month},
        {"start_month": month.month},
    ]
    some = trial.sample(need(trial.rows("invoice_items_list"), "invoice item"), size=2)
    resources = (optional_identifier(row.get("resource")) for row in some)
    queries += [{"resource_uuid": hyphenated(resource)} for resource in resources if resource]
    queries += [{"resource_uuid": UNKNOWN}]
    for query in queries:
        exchange = trial.ask("invoice_items_total_price_retrieve", query=query)
        exchange.must.have_status(200)
        listed = half_even(cost(trial.rows("invoice_items_list", query=query)), _PLACES)
        agreement(trial, exchange, "InvoiceItemTotalPrice", "total_price")(
            "the total price and the items of the same filter", number(exchange.must.show_row(), "total_price"), listed
        )


def _consumptions(trial: Trial, line: Line) -> Exchange:
    exchange = trial.ask("invoice_items_consumptions_list", of=line.item["uuid"], query={"page_size": 100})
    exchange.must.have_status(200)
    return exchange


def _by_month(lines: Iterable[Line]) -> dict[Month, Decimal]:
    sums: dict[Month, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.month] += exact(line.item)
    return sums


def _cost(lines: Iterable[Line]) -> Decimal:
    return cost(line.item for line in lines)


def _unlike(lines: Iterable[Line]) -> Iterable[Line]:
    """One line of each month, unit price and quantity."""
    return {
        (line.month, decimal(line.item["unit_price"]), decimal(line.item["quantity"])): line for line in lines
    }.values()


def _are_each_once(listed: Sequence[object], whole: Sequence[object]) -> bool:
    """Whether values are some of the whole, each that is there at least once."""
    return set(listed) == set(whole) and not Counter(listed) - Counter(whole)


def _fits_months(got: dict[Month, Decimal], sums: dict[Month, Decimal]) -> bool:
    return all(got.get(month, Decimal(0)) == half_even(value) for month, value in sums.items())


def _goes_by_snapshot(trial: Trial, operation_id: str) -> bool:
    """Whether items without a copied project, as credits made them in 2025, may be missing from a project's sums."""
    return trial.description.switched(trial.description.operations[operation_id], "project-snapshot-only")


def _asked(trial: Trial, project: str) -> str:
    """The project as the dialect wants it asked for: real servers find nothing with hyphens here."""
    return project if trial.description.dialect == "wire" or not trial.target.in_process else hyphenated(project)


def _period(trial: Trial, operation_id: str, name: str, key: str, lines: Iterable[Line]) -> None:
    """The sum and the dates of each documented period."""
    now = current_month(trial)
    operation = trial.description.operations[operation_id]
    coded = trial.description.switched(operation, "coded-periods")
    months_of = {1: None, 2: 1, 3: 3, 4: 12} if coded else {1: 1, 3: 3, 12: 12}
    chosen = trial.description.choices(operation.query["period"])
    if set(chosen) != set(months_of):
        raise NotExercised("the periods of the description are others than those known")
    kept = list(lines)
    for code, months in months_of.items():
        at = trial.description.place_of_parameter(operation, "period")
        exchange = trial.ask(operation_id, query={name: hyphenated(key), "period": code}, at=at)
        exchange.must.have_status(200)
        row = exchange.must.show_row()
        counted = [line for line in kept if months is None or now.back(months - 1) <= line.month <= now]
        shown = number(row, "total_price")
        if _goes_by_snapshot(trial, operation_id) and half_even(_cost(counted)) != shown:
            counted = [line for line in counted if not line.item.get("credit")]
        # Servers are known to count equal items once, which is another complaint.
        exchange.must.hold(
            half_even(_cost(counted)) == shown or half_even(_cost(_unlike(counted))) != shown,
            f"the sum of period {code} must count equal items each",
            shown,
        )
        exchange.must.agree(f"the sum of period {code} and the items", shown, half_even(_cost(counted)))
        if not trial.description.switched(operation, "shifted-period-dates") and months is not None:
            first, last = now.back(months - 1), now.back(-1)
            exchange.must.agree("the first day", field(row, "start_date"), f"{first.year:04}-{first.month:02}-01")
            end = str(field(row, "end_date"))
            exchange.must.hold(end[:7] == f"{now.year:04}-{now.month:02}", "the period must end in this month", end)
            exchange.must.hold(end > f"{now.year:04}-{now.month:02}-27", "the period must end with the month", last)
