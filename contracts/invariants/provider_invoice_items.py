"""The operations of the page `provider-invoice-items`."""

from waldur_billing_mock.contracts.discovery import books_of, provider_numbers
from waldur_billing_mock.contracts.exchange import NotExercised
from waldur_billing_mock.contracts.invariants.arithmetic import belongs, prices_of_item
from waldur_billing_mock.contracts.trial import Trial, key_of, need


def provider_invoice_items_list(trial: Trial) -> None:
    """What a provider sold is what the invoices of the customers show, the latest invoices first."""
    books = books_of(trial)
    rows = need(trial.rows("provider_invoice_items_list"), "provider item")
    exchange = trial.ask("provider_invoice_items_list", query={"page_size": 100})
    months = []
    for row in rows:
        prices_of_item(trial, exchange, row, "InvoiceItem")
        line = books.line_by_key.get(key_of(row))
        if line is not None:
            exchange.must.agree("a provider item and the line of the invoice", row, line.item)
            months.append(line.month)
    exchange.must.hold(months == sorted(months, reverse=True), "the latest invoices must come first", months)
    if trial.target.main.role == "staff":
        sold = {key_of(row) for row in rows}
        exchange.must.hold(set(books.line_by_key) <= sold, "staff must see every line of every invoice", len(sold))


def provider_invoice_items_retrieve(trial: Trial) -> None:
    """An item that is asked for by its number is the item of the list."""
    numbers = provider_numbers(trial)
    if not numbers:
        raise NotExercised("no number of a provider item is known; answers do not show them")
    rows = {key_of(row): row for row in trial.rows("provider_invoice_items_list")}
    for number in numbers:
        exchange = trial.ask("provider_invoice_items_retrieve", of=number)
        exchange.must.have_status(200)
        item = exchange.must.show_row()
        belongs(item, exchange)
        exchange.must.agree("the item and the row of the list", item, rows.get(key_of(item)))
