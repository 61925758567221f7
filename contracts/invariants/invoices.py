"""The operations of the page `invoices`."""

from collections import defaultdict
from decimal import Decimal

from waldur_billing_mock.contracts.discovery import UNKNOWN, Month, books_of, current_month
from waldur_billing_mock.contracts.habits.joins import offering_name
from waldur_billing_mock.contracts.habits.ordering import sorted_by
from waldur_billing_mock.contracts.invariants.arithmetic import (
    agreement,
    belongs,
    billed_by_month,
    dates_of_invoice,
    month_of,
    number,
    rate_of,
    sums_of_invoice,
)
from waldur_billing_mock.contracts.stories.changes import a_created_invoice, change_field, pay, refuse
from waldur_billing_mock.contracts.trial import Trial, field, key_of, need
from waldur_billing_mock.contracts.values import away_from_zero, decimal, product, total

_ALL = ("staff", "support")


def invoices_list(trial: Trial) -> None:
    """Invoices come latest month first, one for each customer and month, each with a number of its own."""
    rows = need(trial.rows("invoices_list"), "invoice")
    exchange = trial.ask("invoices_list", query={"page_size": 100})
    months = [(field(row, "year"), field(row, "month")) for row in rows]
    exchange.must.hold(months == sorted(months, reverse=True), "the latest month must come first", months)
    billed = [(key_of(row, "customer"), *month) for row, month in zip(rows, months, strict=True)]
    exchange.must.hold(len(set(billed)) == len(billed), "a customer must have one invoice a month", len(billed))
    numbers = [field(row, "number") for row in rows]
    exchange.must.hold(len(set(numbers)) == len(numbers), "each invoice must have its own number", len(numbers))
    whole = all(isinstance(one, int) for one in numbers)
    place = trial.description.place_of_field("Invoice", "number")
    exchange.must.hold(whole, "numbers must be integers", numbers, place)
    exchange.must.hold(min(numbers) > 100_000, "numbers must begin after 100000", min(numbers))
    for row in trial.sample(rows, by=lambda row: row.get("state"), size=trial.profile.sample * 4):
        sums_of_invoice(trial, exchange, row)
        dates_of_invoice(trial, exchange, row)


def invoices_retrieve(trial: Trial) -> None:
    """An invoice costs the sum of its lines, its tax has one rate, its lines come by project and name."""
    rows = need(trial.rows("invoices_list"), "invoice")
    for row in trial.sample(rows, by=lambda row: (row.get("state"), len(row.get("items", [])) > 3)):
        exchange = trial.ask("invoices_retrieve", of=row["uuid"])
        exchange.must.have_status(200)
        invoice = exchange.must.show_row()
        belongs(invoice, exchange)
        sums_of_invoice(trial, exchange, invoice)
        dates_of_invoice(trial, exchange, invoice)
        lines = [(field(line, "project_name"), field(line, "name")) for line in field(invoice, "items")]
        projects = [project for project, _ in lines]
        exchange.must.hold(sorted_by(projects, descending=False), "lines must come by project", projects)
        for project in set(projects):
            names = [name for other, name in lines if other == project]
            exchange.must.hold(sorted_by(names, descending=False), "the lines of a project must come by name", names)
        for line in invoice["items"]:
            belongs(line, exchange)
            exchange.must.hold(number(line, "total") != 0, "lines without a total must not be shown", line.get("total"))


def invoices_growth_retrieve(trial: Trial) -> None:
    """Growth shows thirteen months up to now; named customers and all others add up to the invoices listed."""
    invoices = need(books_of(trial).invoices, "invoice")
    with_tax, without = (
        trial.ask("invoices_growth_retrieve", query=query) for query in ({}, {"accounting_mode": "accounting"})
    )
    for exchange, field_name in ((with_tax, "total"), (without, "price")):
        exchange.must.have_status(200)
        growth = exchange.must.show_row()
        months = [month_of(label) for label in field(growth, "periods")]
        expected = [months[-1].back(steps) for steps in range(12, -1, -1)] if months else []
        exchange.must.hold(months == expected, "growth must show thirteen months, one after the other", months)
        exchange.must.agree("the labels and YYYY-M", growth["periods"], [f"{m.year}-{m.month}" for m in months])
        figures = [[decimal(value) for value in growth[name]] for name in ("total_periods", "other_periods")]
        named = [[decimal(value) for value in row["periods"]] for row in field(growth, "customer_periods")]
        sums = [total(column) for column in zip(figures[1], *named, strict=True)]
        agreement(trial, exchange, "InvoiceGrowth", "total_periods")(
            "the figures of all customers and named and others together", figures[0], sums
        )
        names = [row["name"] for row in growth["customer_periods"]]
        exchange.must.hold(sorted_by(names, descending=False), "named customers must come by name", names)
        exchange.must.hold(len(names) <= 4, "four customers are named unless more are asked for", len(names))
        if trial.target.main.role in _ALL:
            billed = billed_by_month(invoices, field_name)
            of_all = [sum((b[month] for b in billed.values()), Decimal(0)) for month in months]
            # Servers are known not to refresh some months; growth that is wrong in most of them is another matter.
            right = [shown == figure for shown, figure in zip(figures[0], of_all, strict=True) if figure]
            exchange.must.hold(2 * sum(right) >= len(right), "most months must show what was invoiced in them", right)
            agreement(trial, exchange, "InvoiceGrowth", "total_periods")(
                "the figures and the invoices of each month", figures[0], of_all
            )
            for name, row in zip(names, named, strict=True):
                exchange.must.hold(
                    any([b[m] for m in months] == row for (_, owner), b in billed.items() if owner == name),
                    "the figures of a named customer must be those of its invoices",
                    row,
                )
            _largest_are_named(trial, billed_by_month(invoices, "total"), set(names), months)
    _counts_of_growth(trial)


def invoices_items_retrieve(trial: Trial) -> None:
    """The items of an invoice are the lines that the invoice shows, all at once."""
    rows = need([row for row in trial.rows("invoices_list") if row.get("items")], "invoice with lines")
    for row in trial.sample(rows, by=lambda row: len(row["items"]) > 10):
        exchange = trial.ask("invoices_items_retrieve", of=row["uuid"])
        exchange.must.have_status(200)
        items = exchange.must.show_rows()
        shown = {key_of(line): line for line in row["items"]}
        exchange.must.hold(len(items) == len({key_of(item) for item in items}), "no item twice", len(items))
        exchange.must.agree("the items and the lines of the invoice", {key_of(item): item for item in items}, shown)


def invoices_stats_list(trial: Trial) -> None:
    """Each offering adds to an invoice what its items cost together, rounded once; items without one do not count."""
    books = books_of(trial)
    rows = need([row for row in books.invoices if row.get("items")], "invoice with lines")
    for row in trial.sample(rows, by=lambda row: len(row["items"]) > 10):
        exchange = trial.ask("invoices_stats_list", of=row["uuid"], query={"page_size": 100})
        exchange.must.have_status(200)
        stats = exchange.must.show_rows()
        rate = rate_of(number(row, "price"), number(row, "tax"))
        lines = [line for line in row["items"] if line.get("resource") is not None]
        groups: dict[str, list[Decimal]] = defaultdict(list)
        for line in lines:
            groups[offering_name(books, line) or ""].append(number(line, "price"))
        for name, places in (("aggregated_price", 0), ("aggregated_tax", 1), ("aggregated_total", 2)):
            got: dict[str, Decimal] = defaultdict(Decimal)
            for entry in stats:
                got[field(entry, "offering_name")] += number(entry, name)
            if places and (not number(row, "price") or len(got) != len(stats)):
                continue
            expected = {offering: _aggregate(total(prices), rate, places) for offering, prices in groups.items()}
            # An offering whose items are all zero is in the statistics, and its lines are not on the invoice.
            shown = {offering: value for offering, value in got.items() if offering in expected or value}
            agreement(trial, exchange, "InvoiceStatsOffering", name)(
                f"{name} of each offering and the lines of the invoice", shown, expected
            )


def invoices_paid(trial: Trial) -> None:
    """A created invoice can be paid once, which changes its state alone; any other answers 409 and stays."""
    refuse(trial, "invoices_paid", (404,), of=UNKNOWN)
    others = [row for row in trial.rows("invoices_list") if row.get("state") != "created"]
    for row in trial.sample(others, by=lambda row: row.get("state"), size=3):
        refuse(trial, "invoices_paid", (409,), of=str(row["uuid"]))
    before = a_created_invoice(trial)
    pay(trial, before)
    refuse(trial, "invoices_paid", (409,), of=str(before["uuid"]))


def invoices_send_notification(trial: Trial) -> None:
    """Only a created invoice is announced, which leaves it as it is; any other answers 400."""
    rows = trial.rows("invoices_list")
    others = [row for row in rows if row.get("state") != "created"]
    for row in trial.sample(others, by=lambda row: row.get("state"), size=3):
        refuse(trial, "invoices_send_notification", (400,), of=str(row["uuid"]))
    before = a_created_invoice(trial)
    trial.ledger.note("a notification is sent", None, "a message cannot be called back")
    exchange = trial.ask("invoices_send_notification", of=str(before["uuid"]))
    exchange.must.have_status(200)
    trial.must_fit("invoices_send_notification", exchange)
    after = trial.row("invoices_retrieve", of=str(before["uuid"]))
    exchange.must.agree("an invoice before and after its announcement", after, before)


def invoices_set_backend_id(trial: Trial) -> None:
    """The identifier in another system takes up to 255 characters, trimmed, or none; nothing else changes."""
    change_field(trial, "invoices_set_backend_id", "backend_id", longest=255)


def invoices_set_payment_url(trial: Trial) -> None:
    """The address for paying takes an address of up to 200 characters, or none; nothing else changes."""
    change_field(trial, "invoices_set_payment_url", "payment_url", longest=200, address=True)


def invoices_set_reference_number(trial: Trial) -> None:
    """The reference number takes up to 300 characters, trimmed, or none; nothing else changes."""
    change_field(trial, "invoices_set_reference_number", "reference_number", longest=300)


def _largest_are_named(
    trial: Trial, billed: dict[tuple[str, str], dict[Month, Decimal]], names: set[str], months: list[Month]
) -> None:
    """Nobody is left out who was invoiced more in the twelve whole months than a named customer in all thirteen."""
    upper = [total(b[m] for m in months) for (_, name), b in billed.items() if name in names]
    lower = [total(b[m] for m in months[1:]) for (_, name), b in billed.items() if name not in names]
    exchange = trial.ask("invoices_growth_retrieve")
    exchange.must.hold(
        not upper or not lower or min(upper) >= max(lower), "the largest customers must be named", sorted(names)
    )


def _counts_of_growth(trial: Trial) -> None:
    """So many customers are named as were asked for, none beyond twenty."""
    for count in (0, 1, 20):
        growth = trial.row("invoices_growth_retrieve", query={"customers_count": count})
        exchange = trial.ask("invoices_growth_retrieve", query={"customers_count": count})
        exchange.must.hold(
            len(field(growth, "customer_periods")) <= count, f"at most {count} customers are named", count
        )
        if count == 0:
            exchange.must.agree("all and others where none is named", growth["other_periods"], growth["total_periods"])
    for wrong in (21, "abc"):
        exchange = trial.ask("invoices_growth_retrieve", query={"customers_count": wrong})
        exchange.must.have_status(400)
    assert current_month(trial)


def _aggregate(price: Decimal, rate: Decimal, places: int) -> Decimal:
    """The price, its tax, or both, rounded away from zero."""
    tax = product(price, rate) / Decimal(100)
    return away_from_zero((price, tax, price + tax)[places])
